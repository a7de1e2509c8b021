import type { Labels } from '../../model/labels.ts'
import type { Annotations } from '../exec/annotations.ts'
import type { ColumnMemory, Sink, StepSeries } from '../exec/columns.ts'
import type { Steps } from '../exec/steps.ts'
import type { PositionRange } from '../parser/ast.ts'

/** What a function over the series of a vector gets. */
export interface SeriesCall {
  readonly steps: Steps
  readonly memory: ColumnMemory
  readonly annotations: Annotations
  /** The scalar arguments in their order, a value a step each. */
  readonly scalars: readonly Float64Array[]
  /** The string arguments in their order. */
  readonly strings: readonly string[]
  /** Of the call, and of each argument. */
  readonly range: PositionRange
  readonly argRanges: readonly PositionRange[]
  readonly absentLabels: Labels
  /** Whether the whole query has more than one step: then the order of series means nothing. */
  readonly isRangeQuery: boolean
  /** Metric names are kept, marked to be dropped, until the answer. */
  readonly delayedNameRemoval: boolean
  /** Marks `series` as without a metric name. */
  dropName(series: StepSeries): void
  /** Where series of the result go that are ready before the end. */
  readonly emit: Sink
}

/** A function at work: is handed each series of its argument (and owns it from then on), then told that there are no more. */
export interface OpenSeriesFunction {
  add(series: StepSeries): void
  /** The series of the result that were not emitted yet, made one by one: the caller may pause in between. */
  finish(): Iterable<StepSeries>
}

/** Throws a CodedError for arguments that only now are seen to be wrong. */
export type SeriesFunction = (call: SeriesCall) => OpenSeriesFunction
