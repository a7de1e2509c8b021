// What every exposition format is read by: a pull parser over one page after the other, whatever the bytes are.

import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import type { Labels } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'

/** What `next` found. A native histogram is a `series` as well: `isHistogram` says so. */
export const Entry = { end: 0, series: 1, type: 2, help: 3, comment: 4, unit: 5 } as const
export type Entry = (typeof Entry)[keyof typeof Entry]

/** A series (name and labels) may take at most this many bytes of its line. */
export const SERIES_BYTES_MAX = 1 << 20
/** A series may carry at most this many labels. */
export const LABELS_MAX = 4096

/**
 * Reads pages. `next`, `takeExpected` and `takeExpectedComment` move on by one entry and throw an ExpositionError where the page is
 * broken; the rest tells about the entry that was taken last and is good until the next one is. After an error only `reset` may be
 * called. What it costs is linear in the size of the page, and nothing is allocated by a length that the page only claims.
 *
 * A series is known again by its bytes: equal bytes mean equal labels, on every page of one target. In text formats they are the bytes
 * of the line; where a format has none, the parser makes them up in a buffer of its own.
 */
export interface PageParser {
  /** Begins a page: the first `length` bytes of `bytes`, which must have room for one more; the parser may write there. */
  reset(bytes: Uint8Array, length: number): void
  /** Bytes of the page that are read: all when `next` says `end`, and one more where the last line lacks its line break. */
  readonly position: number
  next(): Entry
  /** Takes the next entry if it is the series `expected[from..to)`; else answers false and stays where it is. Hot. */
  takeExpected(expected: Uint8Array, from: number, to: number): boolean
  /**
   * Takes the next entry if it is a comment line byte for byte `expected[from..to)`, which was accepted before as a HELP, TYPE or UNIT
   * line; else answers false and stays where it is. `type` is what such a TYPE line gave.
   */
  takeExpectedComment(expected: Uint8Array, from: number, to: number, type: MetricType | undefined): boolean

  /** Where name and labels of the series stand: `seriesBytes[seriesStart..seriesEnd)`. */
  readonly seriesBytes: Uint8Array
  readonly seriesStart: number
  readonly seriesEnd: number
  /** 0: the value of a float sample; 1: the timestamp, Unix ms, where there is one. */
  readonly numbers: Float64Array
  readonly hasTimestamp: boolean
  /** The sample is a float without exemplars: there is no need to ask for `isHistogram` and `exemplars`. */
  readonly isPlain: boolean
  readonly isHistogram: boolean
  /** The labels of the series, sorted; empty values are left out; bounds of buckets and quantiles in their canonical form. */
  labels(): Labels
  /** Names of the labels that are given without a value: `labels` leaves them out. */
  emptyLabelNames(): readonly string[]
  /** The native histogram, where `isHistogram`. It is the caller's to keep. */
  histogram(): Histogram
  /** The sample's exemplars in the order in which they are to be appended. Those without a time of their own get `sampleTime`. */
  exemplars(sampleTime: Timestamp): readonly Exemplar[]
  /** When the counting behind the sample began, Unix ms; 0: the page does not say. May cost as much as reading some lines. */
  startTime(): Timestamp

  /**
   * Where the HELP, TYPE or UNIT line stands, its line break and what blank lines stood before it included:
   * `commentBytes[commentStart..commentEnd)`. A format without lines has it as a line of text format 0.0.4 or OpenMetrics.
   */
  readonly commentBytes: Uint8Array
  readonly commentStart: number
  readonly commentEnd: number
  /** What the last TYPE line said: `unknown` when there was none, or it said `untyped`. */
  readonly type: MetricType
}
