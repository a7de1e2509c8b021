import { type CounterResetHint, CUSTOM_BUCKETS_SCHEMA, NO_BUCKETS, type Spans } from '../model/histogram.ts'
import { bucketCountOf } from '../model/histogram-spans.ts'
import { NO_WINDOW } from './bit-writer.ts'
import type { HistogramLayout } from './histogram-layout.ts'

// What is known of an open chunk of histograms, in words: first these, then floats (custom values, buckets, and for integers how each
// changed last), then words (for floats the window of each bucket; spans).
const LENGTH = 0
export const FLAGS = 1
const SCHEMA = 2
export const SAMPLES = 3
export const POSITIVE_SPANS = 4
export const NEGATIVE_SPANS = 5
export const POSITIVE_BUCKETS = 6
export const NEGATIVE_BUCKETS = 7
const CUSTOM_VALUES = 8
export const SUM_WINDOW = 9
export const COUNT_WINDOW = 10
export const ZERO_WINDOW = 11
export const START_HEADER = 12
export const SUM_LOW = 14
export const SUM_HIGH = 15
/** Places in floats. */
export const TIME = 8
export const TIME_DELTA = 9
export const COUNT = 10
export const COUNT_DELTA = 11
export const ZERO_COUNT = 12
export const ZERO_DELTA = 13
const ZERO_THRESHOLD = 14
export const START_TIME = 15
export const START_DIFFERENCE = 16
const HEAD_FLOATS = 17

const IS_FLOAT = 1
export const HAS_STARTS = 2
export const IS_STALE = 4
const RESET_SHIFT = 3

/** The state of a chunk as flat words that can be copied away and back; `floats` is the same memory. */
export class HistogramState {
  /** Another array once it had to grow. */
  words = new Uint32Array(512)
  floats = new Float64Array(this.words.buffer)

  constructor() {
    this.clear()
  }

  /** Words in use, even. */
  get length(): number {
    return this.words[LENGTH]
  }

  get isFloat(): boolean {
    return (this.words[FLAGS] & IS_FLOAT) !== 0
  }

  get hasStarts(): boolean {
    return (this.words[FLAGS] & HAS_STARTS) !== 0
  }

  get isStale(): boolean {
    return (this.words[FLAGS] & IS_STALE) !== 0
  }

  get reset(): CounterResetHint {
    return ((this.words[FLAGS] >>> RESET_SHIFT) & 3) as CounterResetHint
  }

  get schema(): number {
    return this.words[SCHEMA] << 0
  }

  get zeroThreshold(): number {
    return this.floats[ZERO_THRESHOLD]
  }

  /** Where buckets begin, in floats. */
  get bucketsAt(): number {
    return HEAD_FLOATS + this.words[CUSTOM_VALUES]
  }

  /** Where the words after the floats begin: windows of floats. */
  get windowsAt(): number {
    const { words } = this
    return 2 * (this.bucketsAt + (this.isFloat ? 1 : 2) * (words[POSITIVE_BUCKETS] + words[NEGATIVE_BUCKETS]))
  }

  get spansAt(): number {
    const { words } = this
    return this.windowsAt + (this.isFloat ? words[POSITIVE_BUCKETS] + words[NEGATIVE_BUCKETS] : 0)
  }

  /** No chunk has begun. */
  clear(): void {
    this.words.fill(0, 0, 2 * HEAD_FLOATS)
    this.words[LENGTH] = 2 * HEAD_FLOATS
  }

  /** Takes over a state that lies in `words` from `at` on. */
  load(words: Uint32Array, at: number): void {
    const length = words[at + LENGTH]
    this.reserve(length)
    const own = this.words
    for (let i = 0; i < length; i++) own[i] = words[at + i]
  }

  reserve(length: number): void {
    if (length <= this.words.length) return
    this.words = new Uint32Array(2 * length)
    this.floats = new Float64Array(this.words.buffer)
  }

  begin(layout: HistogramLayout, isFloat: boolean, withStarts: boolean, reset: CounterResetHint): void {
    const { schema, zeroThreshold, positiveSpans, negativeSpans } = layout
    const customValues = schema === CUSTOM_BUCKETS_SCHEMA ? layout.customValues : NO_BUCKETS
    const positive = bucketCountOf(positiveSpans)
    const negative = bucketCountOf(negativeSpans)
    const buckets = positive + negative
    const used = 2 * HEAD_FLOATS + 2 * customValues.length + (isFloat ? 3 : 4) * buckets + positiveSpans.length + negativeSpans.length
    const length = used + (used & 1)
    this.reserve(length)
    const { words, floats } = this
    words.fill(0, 0, length)
    words[LENGTH] = length
    words[FLAGS] = (isFloat ? IS_FLOAT : 0) | (withStarts ? HAS_STARTS : 0) | (reset << RESET_SHIFT)
    words[SCHEMA] = schema
    words[POSITIVE_SPANS] = positiveSpans.length
    words[NEGATIVE_SPANS] = negativeSpans.length
    words[POSITIVE_BUCKETS] = positive
    words[NEGATIVE_BUCKETS] = negative
    words[CUSTOM_VALUES] = customValues.length
    words[SUM_WINDOW] = NO_WINDOW
    words[COUNT_WINDOW] = NO_WINDOW
    words[ZERO_WINDOW] = NO_WINDOW
    floats[ZERO_THRESHOLD] = zeroThreshold
    floats.set(customValues, HEAD_FLOATS)
    if (isFloat) words.fill(NO_WINDOW, this.windowsAt, this.windowsAt + buckets)
    words.set(positiveSpans, this.spansAt)
    words.set(negativeSpans, this.spansAt + positiveSpans.length)
  }

  /** What the chunk's histograms have in common. A copy. */
  layout(): HistogramLayout {
    const { words, schema, zeroThreshold } = this
    return {
      schema,
      zeroThreshold,
      positiveSpans: this.spans(true),
      negativeSpans: this.spans(false),
      customValues: this.floats.slice(HEAD_FLOATS, HEAD_FLOATS + words[CUSTOM_VALUES]),
    }
  }

  /** The spans of one side. A copy. */
  spans(isPositive: boolean): Spans {
    const { words } = this
    const start = this.spansAt + (isPositive ? 0 : words[POSITIVE_SPANS])
    return new Int32Array(words.slice(start, start + words[isPositive ? POSITIVE_SPANS : NEGATIVE_SPANS]))
  }

  /** Whether the spans of one side are these, number by number. */
  hasSpans(isPositive: boolean, spans: Spans): boolean {
    const { words } = this
    if (spans.length !== words[isPositive ? POSITIVE_SPANS : NEGATIVE_SPANS]) return false
    const start = this.spansAt + (isPositive ? 0 : words[POSITIVE_SPANS])
    for (let i = 0; i < spans.length; i++) if (spans[i] !== words[start + i] << 0) return false
    return true
  }

  hasCustomValues(customValues: Float64Array): boolean {
    if (customValues.length !== this.words[CUSTOM_VALUES]) return false
    for (let i = 0; i < customValues.length; i++) if (customValues[i] !== this.floats[HEAD_FLOATS + i]) return false
    return true
  }
}
