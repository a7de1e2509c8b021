import type { ColumnMemory, StepSeries } from './columns.ts'

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

/** Columns of one group, made when its first series comes. */
export interface GroupColumns {
  readonly values: Float64Array
  readonly present: Uint8Array
}

export function openGroup(memory: ColumnMemory, stepCount: number): GroupColumns {
  return { values: memory.floats(stepCount), present: memory.flags(stepCount) }
}
