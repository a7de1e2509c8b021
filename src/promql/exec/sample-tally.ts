import { histogramSampleCount } from '../../model/histogram-size.ts'
import type { Windows } from '../functions/window-kernel.ts'
import type { ColumnMemory, StepSeries } from './columns.ts'
import type { Reference, Steps } from './steps.ts'

// What is evaluated at other steps than its parent (a subquery, what is the same at every step) and what is evaluated once for several
// places has a tally of its own, which is then added to that of the parent.
// Source: Prometheus util/stats/query_stats.go, QuerySamples; docs/querying/api.md, "Query statistics".

/** Samples a step: see SampleTally's `total` and `read`. */
export interface StepCounts {
  readonly totals: Float64Array
  readonly reads: Float64Array
}

/** The samples that an expression looks at, a histogram as many as take its space. */
export class SampleTally {
  /** At each step as many as the expression would look at there if it were asked for that step alone. */
  total = 0
  /** The same, but what was in the window of the step before is left out, and a subquery is what it looks at itself. */
  read = 0
  readonly #stepCount: number
  readonly #memory: ColumnMemory | undefined
  #columns: StepCounts | undefined

  /** With `memory` it counts each step, too. */
  constructor(stepCount: number, memory: ColumnMemory | undefined) {
    this.#stepCount = stepCount
    this.#memory = memory
  }

  /** Where each step is counted; undefined: only the sums are wanted. Memory is taken once there is something to count. */
  get columns(): StepCounts | undefined {
    if (this.#memory === undefined) return undefined
    this.#columns ??= { totals: this.#memory.floats(this.#stepCount), reads: this.#memory.floats(this.#stepCount) }
    return this.#columns
  }

  /** A tally of the same kind, of something that is evaluated at `stepCount` steps. */
  child(stepCount: number): SampleTally {
    return new SampleTally(stepCount, this.#memory)
  }

  /** The samples of a selector's series, `count` in all. */
  addSeries({ present, histograms }: StepSeries, count: number): void {
    this.total += count
    this.read += count
    if (count === 0) return
    const { columns } = this
    if (columns === undefined) return
    const { totals, reads } = columns
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
    const { columns } = this
    if (columns !== undefined) columns.totals[0] += count
  }

  /**
   * The samples of a series' windows, `count` in all. They are read as well unless a subquery made them. Hot: runs once a series, and
   * most want nothing but sums.
   */
  addWindows({ lo, hi, stepCount, rangeMs, endStepMs }: Windows, count: number, areRead: boolean): void {
    this.total += count
    const { columns } = this
    if (columns !== undefined) for (let k = 0; k < stepCount; k++) columns.totals[k] += hi[k] - lo[k]
    if (!areRead) return
    if (columns === undefined && rangeMs >= endStepMs) {
      // No sample is passed over between two windows.
      this.read += hi[stepCount - 1] - lo[0]
      return
    }
    let known = 0
    let read = 0
    for (let k = 0; k < stepCount; k++) {
      const from = lo[k]
      const to = hi[k]
      const fresh = to - Math.max(known, from)
      read += fresh
      if (columns !== undefined) columns.reads[k] += fresh
      known = to
    }
    this.read += read
  }

  /** The same where samples up to the `i`th count for `sizesBefore[i]` together. */
  addSizedWindows({ lo, hi, stepCount }: Windows, sizesBefore: Float64Array, areRead: boolean): void {
    const { columns } = this
    for (let k = 0, known = 0; k < stepCount; known = hi[k++]) {
      const size = sizesBefore[hi[k]] - sizesBefore[lo[k]]
      this.total += size
      if (columns !== undefined) columns.totals[k] += size
      if (areRead) this.#addRead(k, sizesBefore[hi[k]] - sizesBefore[Math.max(known, lo[k])])
    }
  }

  /** What a subquery read at the steps `inner`: each of them at the first step whose window, `rangeMs` up to `ends`, has it. */
  addSubquery(tally: SampleTally, inner: Steps, ends: Reference, rangeMs: number, stepCount: number): void {
    if (tally.#memory === undefined) {
      this.#addRead(0, tally.read)
      return
    }
    const inners = tally.#columns?.reads ?? []
    for (let i = 0; i < inners.length; i++) {
      const time = inner.start + i * inner.stepMs
      const step = time <= ends.first || ends.stepMs === 0 ? 0 : Math.ceil((time - ends.first) / ends.stepMs)
      if (step < stepCount && time > ends.first + step * ends.stepMs - rangeMs) this.#addRead(step, inners[i])
    }
  }

  /** What is the same at every step: looked at at each, read at the first. */
  addInvariant(tally: SampleTally, stepCount: number): void {
    this.total += tally.total * stepCount
    const { columns } = this
    if (columns !== undefined) for (let k = 0; k < stepCount; k++) columns.totals[k] += tally.total
    this.#addRead(0, tally.read)
  }

  /** What was counted at the same steps. */
  addSame(tally: SampleTally): void {
    this.total += tally.total
    this.read += tally.read
    const { columns } = this
    if (columns === undefined || tally.#columns === undefined) return
    for (let k = 0; k < columns.totals.length; k++) {
      columns.totals[k] += tally.#columns.totals[k]
      columns.reads[k] += tally.#columns.reads[k]
    }
  }

  #addRead(step: number, count: number): void {
    this.read += count
    const { columns } = this
    if (columns !== undefined) columns.reads[step] += count
  }
}
