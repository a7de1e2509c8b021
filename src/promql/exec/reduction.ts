import type { Labels } from '../../model/labels.ts'
import type { AggregateOperator } from '../parser/ast.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import { countSamples, dropHistograms, isAnyPresent, type Sink, type StepSeries } from './columns.ts'
import { Grouping } from './grouping.ts'
import { unpackLabels } from './packed-labels.ts'
import type { QueryRun } from './query-run.ts'
import { HistogramGroups } from './reduce-histograms.ts'
import type { Column, Reducer, SplitReducer } from './reducer.ts'
import type { FragmentPart } from './split-helpers.ts'
import type { Steps } from './steps.ts'

/** Aggregations that take no notice of histograms but to say so. */
const FLOATS_ONLY: ReadonlySet<AggregateOperator> = new Set(['min', 'max', 'stddev', 'stdvar', 'quantile'])

/** An aggregation to one series a group: takes in series, or what another one has of other series, and answers the groups. */
export class Reduction<R extends Reducer = Reducer> {
  readonly #run: QueryRun
  readonly #plan: AggregatePlan
  readonly #steps: Steps
  readonly #reducer: R
  readonly #grouping: Grouping
  readonly #nameDropped: boolean[] = []
  readonly #ignoresHistograms: boolean
  readonly #histograms: HistogramGroups | undefined
  #hasHistograms = false

  constructor(run: QueryRun, plan: AggregatePlan, steps: Steps, reducer: R) {
    const { operator } = plan
    this.#run = run
    this.#plan = plan
    this.#steps = steps
    this.#reducer = reducer
    this.#grouping = new Grouping(plan.grouping, plan.without, run.memory)
    this.#ignoresHistograms = FLOATS_ONLY.has(operator)
    this.#histograms = operator === 'sum' || operator === 'avg' ? new HistogramGroups(run, plan, operator) : undefined
  }

  /** Takes a series over. */
  add(series: StepSeries): void {
    const { memory, annotations } = this.#run
    const { operator, input } = this.#plan
    if (this.#ignoresHistograms && dropHistograms(series)) {
      annotations.histogramIgnored(operator, input.range)
      if (!isAnyPresent(series.present)) {
        memory.release(series)
        return
      }
    }
    const group = this.#grouping.indexOf(series.labels)
    this.#nameDropped[group] ||= series.dropName
    if (series.histograms !== undefined && this.#histograms !== undefined) {
      this.#histograms.add(group, series)
      this.#hasHistograms = true
    }
    this.#reducer.add(group, series)
    memory.release(series)
  }

  /** Hands the groups on, in the order in which they were first seen. */
  async finish(sink: Sink): Promise<void> {
    const { memory, pacer } = this.#run
    const { labels } = this.#grouping
    for (let group = 0; group < labels.length; group++) {
      const out = memory.series(labels[group], this.#steps.count)
      await this.#reducer.finish(group, out)
      this.#histograms?.finish(group, out)
      const count = countSamples(out)
      if (count === 0) {
        memory.release(out)
        continue
      }
      memory.chargeSamples(out, count)
      out.dropName = this.#nameDropped[group]
      sink(out)
      if (pacer.isDue()) await pacer.rest()
    }
  }

  /** What it has so far, as plain data. Undefined: it has histograms, which are not told. */
  part(this: Reduction<SplitReducer>): (Pick<FragmentPart, 'dropNames' | 'columns'> & { readonly labels: readonly Labels[] }) | undefined {
    if (this.#hasHistograms) return undefined
    const { labels } = this.#grouping
    const columns = this.#reducer.columns().map((column: Column) => column.slice(0, labels.length * this.#steps.count))
    return { labels, dropNames: Uint8Array.from(labels, (_, group) => Number(this.#nameDropped[group])), columns }
  }

  /** Takes in what another one has of series that come after those of this one. */
  async merge(this: Reduction<SplitReducer>, { labels, dropNames, columns }: FragmentPart): Promise<void> {
    const { pacer } = this.#run
    const { count } = this.#steps
    for (const [theirs, set] of unpackLabels(labels).entries()) {
      const group = this.#grouping.indexOf(set)
      this.#nameDropped[group] ||= dropNames[theirs] === 1
      this.#reducer.merge(group, columns, theirs, count)
      if (pacer.isDue()) await pacer.rest()
    }
  }
}
