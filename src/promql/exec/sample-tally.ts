import { histogramSampleCount } from '../../model/histogram-size.ts'
import type { Windows } from '../functions/window-kernel.ts'
import type { ColumnMemory, StepSeries } from './columns.ts'
import type { Reference, Steps } from './steps.ts'

// What is evaluated at other steps than its parent (a subquery, what is the same at every step) and what is evaluated once for several
// places has a tally of its own, which is then added to that of the parent.
// Source: Prometheus util/stats/query_stats.go, QuerySamples; docs/querying/api.md, "Query statistics".

/** The samples that an expression looks at, a histogram as many as take its space. */
export class SampleTally {
  /** At each step as many as the expression would look at there if it were asked for that step alone. */
  total = 0
  /** The same, but what was in the window of the step before is left out, and a subquery is what it looks at itself. */
  read = 0
  /** Both, a step each; undefined: only the sums are wanted. */
  readonly totals: Float64Array | undefined
  readonly reads: Float64Array | undefined

  /** With `memory` it counts each step, too. */
  constructor(stepCount: number, memory: ColumnMemory | undefined) {
    this.totals = memory?.floats(stepCount)
    this.reads = memory?.floats(stepCount)
  }

  /** The samples of a selector's series, `count` in all. */
  addSeries({ present, histograms }: StepSeries, count: number): void {
    this.total += count
    this.read += count
    const { totals, reads } = this
    if (totals === undefined || reads === undefined) return
    for (let k = 0; k < present.length; k++) {
      if (present[k] === 0) continue
      const histogram = histograms?.[k]
      const size = histogram === undefined ? 1 : histogramSampleCount(histogram)
      totals[k] += size
      reads[k] += size
    }
  }

  /** Of the first step, and the only one. */
  addCount(count: number): void {
    this.addTotal(count)
    this.#addRead(0, count)
  }

  /** The same for what is read elsewhere. */
  addTotal(count: number): void {
    this.total += count
    if (this.totals !== undefined) this.totals[0] += count
  }

  /**
   * The samples of a series' windows: each counts for one, or, up to the `i`th, all together for `sizesBefore[i]`. They are read as well
   * unless a subquery made them. Hot: runs once a series.
   */
  addWindows({ lo, hi, stepCount }: Windows, sizesBefore: Float64Array | undefined, areRead: boolean): void {
    const { totals, reads } = this
    const sizeOf = (from: number, to: number) => (sizesBefore === undefined ? to - from : sizesBefore[to] - sizesBefore[from])
    let total = 0
    let read = 0
    for (let k = 0, known = 0; k < stepCount; known = hi[k++]) {
      const size = sizeOf(lo[k], hi[k])
      total += size
      if (totals !== undefined) totals[k] += size
      if (!areRead) continue
      const fresh = known <= lo[k] ? size : sizeOf(known, hi[k])
      read += fresh
      if (reads !== undefined) reads[k] += fresh
    }
    this.total += total
    this.read += read
  }

  /** What a subquery read at the steps `inner`: each of them at the first step whose window, `rangeMs` up to `ends`, has it. */
  addSubquery(tally: SampleTally, inner: Steps, ends: Reference, rangeMs: number, stepCount: number): void {
    const inners = tally.reads
    if (inners === undefined) {
      this.#addRead(0, tally.read)
      return
    }
    for (let i = 0; i < inners.length; i++) {
      const time = inner.start + i * inner.stepMs
      const step = time <= ends.first || ends.stepMs === 0 ? 0 : Math.ceil((time - ends.first) / ends.stepMs)
      if (step < stepCount && time > ends.first + step * ends.stepMs - rangeMs) this.#addRead(step, inners[i])
    }
  }

  /** What is the same at every step: looked at at each, read at the first. */
  addInvariant(tally: SampleTally, stepCount: number): void {
    this.total += tally.total * stepCount
    const { totals } = this
    if (totals !== undefined) for (let k = 0; k < totals.length; k++) totals[k] += tally.total
    this.#addRead(0, tally.read)
  }

  /** What was counted at the same steps. */
  addSame(tally: SampleTally): void {
    this.total += tally.total
    this.read += tally.read
    addColumn(this.totals, tally.totals)
    addColumn(this.reads, tally.reads)
  }

  #addRead(step: number, count: number): void {
    this.read += count
    if (this.reads !== undefined) this.reads[step] += count
  }
}

function addColumn(to: Float64Array | undefined, from: Float64Array | undefined): void {
  if (to === undefined || from === undefined) return
  for (let k = 0; k < to.length; k++) to[k] += from[k]
}
