import type { StepSeries } from './columns.ts'

/**
 * An aggregation to one series a group. Groups are numbered from 0 as they are first seen. Both calls are hot: one runs
 * once an input series, the other once a group; neither allocates per step.
 */
export interface Reducer {
  /** Takes in a series of a group; it stays the caller's. */
  add(group: number, series: StepSeries): void
  /** Writes the result of a group: its values, and where it has any. A promise where it may take long. */
  finish(group: number, out: StepSeries): void | Promise<void>
}
