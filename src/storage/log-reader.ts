import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import type { Labels } from '../model/labels.ts'
import type { Metadata } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'

/** A place in a log, before a record or within it. Good over restarts of who writes it. */
export interface LogPlace {
  readonly segment: number
  /** Unix ms when the segment was begun: after a loss of power its number may be another segment's. 0: any. */
  readonly created: number
  /** Of a record, in the segment; 0: the beginning. */
  readonly offset: number
  /** Entries of the record before it: samples, histograms or exemplars. */
  readonly entry: number
}

/** Entries of one record, in columns. Lent until the reader is asked to go on. Series are numbers of the segment. */
export interface SampleEntries {
  readonly count: number
  readonly series: Uint32Array
  readonly times: Float64Array
  readonly values: Float64Array
  /** 0: not known. */
  readonly startTimes: Float64Array
}

export interface HistogramEntries {
  readonly count: number
  readonly series: Uint32Array
  readonly times: Float64Array
  readonly startTimes: Float64Array
  /** 1: counts may have fractions. */
  readonly isFloat: Uint8Array
  /** Undefined: the series of histograms has ended. */
  readonly histograms: readonly (Histogram | undefined)[]
}

export interface ExemplarEntries {
  readonly count: number
  readonly series: Uint32Array
  readonly exemplars: readonly Exemplar[]
}

/**
 * What a reader of a log is told, in the order of the log. A promise is waited for before anything else is told: who has no room makes the
 * reader wait, and the log keeps the rest.
 *
 * A segment is complete in itself: its series are told again, and those of the one before mean nothing any more.
 */
export interface LogSink {
  segment(number: number, created: number): void
  series(number: number, labels: Labels): void
  metadata(series: number, metadata: Metadata): void
  /** `offset` is that of the record; entries before `from` are before the place where reading began. */
  samples(entries: SampleEntries, offset: number, from: number): Promise<void> | undefined
  histograms(entries: HistogramEntries, offset: number, from: number): Promise<void> | undefined
  exemplars(entries: ExemplarEntries, offset: number, from: number): Promise<void> | undefined
  /** All before this place was told, and what comes next is not there yet, or in the next segment. */
  reached(place: LogPlace): void
  /** Bytes that are no record, or records that are gone. */
  damage(segment: number, offset: number, reason: string): void
}

/** A piece of a log that can be read, and let go of. */
export interface LogPiece {
  readonly number: number
  readonly sizeBytes: number
  /** Of the newest sample; infinite when that is not known, or there is none. */
  readonly maxTime: Timestamp
  /** Nobody but readers needs it any more. */
  readonly isSpare: boolean
}

/** A log, for those who follow what is written to it. Only what is acknowledged is told. */
export interface LogReader {
  /** Where this process has begun to write. Rejects when the signal aborts before it does. */
  start(signal: AbortSignal): Promise<LogPlace>
  /** Where the next entry goes. Rejects when the signal aborts before the log is open. */
  end(signal: AbortSignal): Promise<LogPlace>
  /** All there is, oldest first; the last one is still written to. */
  pieces(): readonly LogPiece[]
  /**
   * Tells `sink` what stands after `from`, and goes on with what comes until `signal` aborts. A place in a piece that is gone is the beginning
   * of the next one that is there. Rejects with what the disk says when it does not read the log.
   */
  follow(from: LogPlace, sink: LogSink, signal: AbortSignal): Promise<void>
  /** Samples and histograms of a piece from a place of it on. 0 when the piece is gone. */
  countFrom(place: LogPlace): Promise<number>
  /** From now on pieces with this number or a higher one stay, whoever else needs them no more. Infinity: none does for this reader. */
  keepFrom(reader: string, number: number): void
  /** The disk of the log; undefined where it does not say. */
  disk(): Promise<{ readonly availableBytes: number; readonly totalBytes: number } | undefined>
}
