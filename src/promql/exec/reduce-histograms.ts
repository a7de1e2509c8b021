import { histogramSampleCount } from '../../model/histogram-size.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import { HistogramMean, type HistogramTotal, HistogramTotalSum } from '../functions/histogram-total.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import type { StepSeries } from './columns.ts'
import type { QueryRun } from './query-run.ts'

/** What a sum in the making takes for each sample that a histogram counts for: index, count and what was lost, and the objects around. */
const BYTES_PER_SAMPLE = 64

/** The sums, or means, of the histograms among the samples of each group, a step each. Nothing where there are no histograms. */
export class HistogramGroups {
  readonly #run: QueryRun
  readonly #plan: AggregatePlan
  readonly #open: () => HistogramTotal
  readonly #groups: ((HistogramTotal | undefined)[] | undefined)[] = []
  /** Samples charged for a group, a histogram as it came. */
  readonly #charged: number[] = []

  constructor(run: QueryRun, plan: AggregatePlan, which: 'sum' | 'avg') {
    this.#run = run
    this.#plan = plan
    this.#open = which === 'sum' ? () => new HistogramTotalSum() : () => new HistogramMean()
  }

  /** Takes the histograms of a series in, and out of the series: what is left there are floats. */
  add(group: number, series: StepSeries): void {
    const { present, histograms } = series
    if (histograms === undefined) return
    this.#groups[group] ??= new Array<HistogramTotal | undefined>(present.length).fill(undefined)
    const totals = this.#groups[group]
    for (let k = 0; k < present.length; k++) {
      const histogram = histograms[k]
      if (histogram === undefined || present[k] === 0) continue
      present[k] = 0
      let total = totals[k]
      if (total === undefined) {
        this.#charge(group, histogramSampleCount(histogram))
        total = this.#open()
        totals[k] = total
      }
      const { isIncompatible } = total
      total.add(histogram)
      if (total.isIncompatible && !isIncompatible) {
        this.#run.annotations.mixedSchemas(series.labels.get(METRIC_NAME), this.#plan.input.range)
      }
    }
    series.histograms = undefined
  }

  /** Adds the histograms to a result of floats. A step that has both has no result. */
  finish(group: number, out: StepSeries): void {
    const totals = this.#groups[group]
    if (totals === undefined) return
    const { annotations, memory } = this.#run
    const { range } = this.#plan.input
    const { present } = out
    for (let k = 0; k < present.length; k++) {
      const total = totals[k]
      if (total === undefined) continue
      if (total.boundsReconciled) annotations.boundsReconciled('aggregation', range)
      if (present[k] === 1) {
        annotations.mixedAggregation(range)
        present[k] = 0
        continue
      }
      if (total.isIncompatible) continue
      if (total.resetsCollide) annotations.resetsCollide('aggregation', range)
      out.histograms ??= memory.histograms(present.length)
      out.histograms[k] = total.result()
      present[k] = 1
    }
    this.#groups[group] = undefined
    this.#run.context.budget.releaseSamples(this.#charged[group])
    this.#run.context.budget.releaseBytes(this.#charged[group] * BYTES_PER_SAMPLE)
  }

  #charge(group: number, count: number): void {
    const { budget } = this.#run.context
    budget.chargeSamples(count)
    budget.chargeBytes(count * BYTES_PER_SAMPLE)
    this.#charged[group] = (this.#charged[group] ?? 0) + count
  }
}
