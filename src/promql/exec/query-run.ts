import { CodedError } from '../../base/errors.ts'
import type { LabelRange, QueryContext, SeriesSource } from '../../storage/series-source.ts'
import type { Plan } from '../plan/plan.ts'
import type { Annotations, Remark } from './annotations.ts'
import type { ColumnMemory, Sink, StepSeries } from './columns.ts'
import type { Pacer } from './pacer.ts'
import type { SampleTally } from './sample-tally.ts'
import type { SplitHelpers } from './split-helpers.ts'
import type { Steps } from './steps.ts'

/** All that the operators of one query share. */
export interface QueryRun {
  readonly source: SeriesSource
  readonly context: QueryContext
  readonly memory: ColumnMemory
  readonly annotations: Annotations
  readonly pacer: Pacer
  readonly lookbackMs: number
  readonly isRangeQuery: boolean
  readonly delayedNameRemoval: boolean
  /** Results of plans that are used more than once, by their id. */
  readonly shared: Map<number, SharedResult>
  /** Who does a part of what is split; undefined: nobody, and what is split is evaluated as a whole. */
  readonly helpers: SplitHelpers | undefined
  /** Of all that is selected only what lies in it. */
  readonly labelRange: LabelRange | undefined
  readonly tally: SampleTally
  /** The same with a part of the series. */
  within(labelRange: LabelRange): QueryRun
  /** The same, with what it looks at counted in `tally`. */
  counting(tally: SampleTally): QueryRun
  /**
   * Evaluates a plan of type vector at `steps` and hands its series to `sink`, one after the other: each has other labels,
   * and a value at some step at least. Resolves when all were handed over.
   */
  execute(plan: Plan, steps: Steps, sink: Sink): Promise<void>
}

export interface SharedResult {
  readonly series: readonly StepSeries[]
  /** What was said while it was evaluated, and where the place stands that it was said of. */
  readonly remarks: readonly Remark[]
  readonly start: number
  readonly tally: SampleTally
  usesLeft: number
}

/** The series is no longer what its name says: drops the name, or marks it to be dropped before the answer. */
export function dropMetricName(run: { readonly delayedNameRemoval: boolean }, series: StepSeries): void {
  if (run.delayedNameRemoval) series.dropName = true
  else series.labels = series.labels.unnamed()
}

export function sameLabelsError(): CodedError {
  return new CodedError('execution', 'vector cannot contain metrics with the same labelset')
}
