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

export type Column = Float64Array | Int32Array | Uint8Array

/** A reducer that can take in what another one of its kind has of other series. */
export interface SplitReducer extends Reducer {
  /** All that it has, group by group and step by step. They stay the reducer's, and may have room for more groups. */
  columns(): readonly Column[]
  /** Takes in group `theirs` of the columns of another one, as a part of `group`. */
  merge(group: number, columns: readonly Column[], theirs: number, stepCount: number): void
}
