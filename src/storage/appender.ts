import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import type { Labels } from '../model/labels.ts'
import type { Metadata } from '../model/metadata.ts'
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
  /** Older than the newest sample of its series, where late samples are not taken. */
  outOfOrder: 2,
  /** The same time as another sample of its series, with another value. */
  duplicateTimestamp: 3,
  /** Older than anything that can still be taken, where late samples are not taken. */
  tooOld: 4,
  /** Later than the clock allows. */
  tooFarAhead: 5,
  /** A histogram whose parts contradict each other; `appender.refusal` says how. */
  badHistogram: 6,
  /** Older than late samples may be. */
  tooLate: 7,
  /** Of a series that was refused, since a budget of series is full; `appender.refusal` says which. */
  overBudget: 8,
} as const
export type AppendStatus = (typeof AppendStatus)[keyof typeof AppendStatus]

/** The answer to one exemplar. Anything but `ok` means: not taken. Source: Prometheus storage/interface.go, ErrOutOfOrderExemplar and its like. */
export const ExemplarStatus = {
  ok: 0,
  unknownSeries: 1,
  /** Older than the newest exemplar of its series. */
  outOfOrder: 2,
  /** The exemplar that the series has already: nothing to tell anybody. */
  duplicate: 3,
  /** More than EXEMPLAR_LABELS_LENGTH_MAX characters of labels. */
  labelsTooLong: 4,
  /** Exemplars are not stored by this server. */
  disabled: 5,
} as const
export type ExemplarStatus = (typeof ExemplarStatus)[keyof typeof ExemplarStatus]

/**
 * All that can be written, a batch at a time. An appender is used for one batch: some `series` and `append`, then
 * `commit` or `rollback`. Several may be open at once.
 *
 * The same time and the same value again is `ok` and stores nothing new.
 * A start time is when the counting behind the sample began (0: not known); it is kept with the sample.
 */
export interface Appender {
  /**
   * The handle of a label set; creates the series when it is new. Slow path: once per new series. Where budgets are full a new series is
   * refused: its handle is below -1, and `append` answers `overBudget` until there is room, then `unknownSeries`. `isNeeded`: it counts,
   * but is not refused; for the few that tell of the others.
   */
  series(labels: Labels, isNeeded?: boolean): SeriesRef
  /**
   * Takes one sample into the batch. Never throws for what the sample is. Hot: allocates nothing.
   * The staleness marker ends a series of histograms as well as one of floats.
   */
  append(ref: SeriesRef, t: Timestamp, v: number, startTime?: Timestamp): AppendStatus
  /** The same for a native histogram, which the appender may keep. A series may change between floats and histograms. */
  appendHistogram(ref: SeriesRef, t: Timestamp, histogram: Histogram, startTime?: Timestamp): AppendStatus
  /** Takes an exemplar of a series into the batch. */
  appendExemplar(ref: SeriesRef, exemplar: Exemplar): ExemplarStatus
  /**
   * Whether samples from now on are taken though their series has gone past them, where the storage does that. True at first. A marker or
   * a zero that nobody sent is not late: without order it is of no use.
   */
  takesLate: boolean
  /** Notes what is said about the series' metric; nothing happens when that is known already. */
  setMetadata(ref: SeriesRef, metadata: Metadata): void
  /** What was wrong with the last histogram that was answered with `badHistogram`, in upstream's words; which budget is full after `overBudget`. */
  readonly refusal: string
  /**
   * Resolves once the batch is in the write-ahead log (write(2) done) and readable: acknowledged. Where the log of an earlier process is still being
   * read, it is readable with all the rest.
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
