import type { Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'

/**
 * A handle on a series: cheap to keep, meaningless to others, an integer below 2^53.
 * It stays good as long as the series keeps getting samples; once it is not, `append` answers `unknownSeries`
 * and the holder asks for a new one with `series`.
 */
export type SeriesRef = number

/** The answer to one sample. Anything but `ok` means: not taken. */
export const AppendStatus = {
  ok: 0,
  /** The ref is of a series that the storage has let go of. */
  unknownSeries: 1,
  /** Older than the newest sample of its series. */
  outOfOrder: 2,
  /** The same time as the newest sample of its series, with another value. */
  duplicateTimestamp: 3,
  /** Older than anything that can still be taken. */
  tooOld: 4,
  /** Later than the clock allows. */
  tooFarAhead: 5,
} as const
export type AppendStatus = (typeof AppendStatus)[keyof typeof AppendStatus]

/**
 * All that can be written, a batch at a time. An appender is used for one batch: some `series` and `append`, then
 * `commit` or `rollback`. Several may be open at once.
 *
 * The same time and the same value again is `ok` and stores nothing new.
 */
export interface Appender {
  /** The handle of a label set; creates the series when it is new. Slow path: once per new series. */
  series(labels: Labels): SeriesRef
  /** Takes one sample into the batch. Never throws for what the sample is. Hot: allocates nothing. */
  append(ref: SeriesRef, t: Timestamp, v: number): AppendStatus
  /**
   * Resolves once the batch is in the write-ahead log (write(2) done) and readable: acknowledged.
   * Rejects when the log could not be written; then nothing of the batch is readable.
   */
  commit(): Promise<void>
  /** Forgets the batch. */
  rollback(): void
}

/** Where appenders come from. */
export interface Appendable {
  appender(): Appender
}
