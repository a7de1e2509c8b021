import { assert } from '../base/assert.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS, type Spans } from '../model/histogram.ts'
import { BucketCursor, bucketCountOf, uniteSpans } from '../model/histogram-spans.ts'
import { STALE_HIGH, STALE_LOW } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { BitWriter, NO_WINDOW } from './bit-writer.ts'
import { ChunkEncoding } from './codec.ts'
import { type HistogramLayout, writeLayout } from './histogram-layout.ts'
import { StartTimeEncoder } from './start-times.ts'

/** What a chunk can do with one more histogram. */
export const HistogramFit = {
  /** `encode` takes it. */
  append: 0,
  /** It has buckets that the chunk has not: `widenChunk` writes the chunk again with them, then `encode` takes it. */
  widen: 1,
  /** Another chunk has to `begin`: its layout changed, or its counts were reset, or it is of another kind. */
  cut: 2,
} as const
export type HistogramFit = (typeof HistogramFit)[keyof typeof HistogramFit]

/** A full chunk has this many bytes and HISTOGRAM_CHUNK_SAMPLES_MIN samples. Source: Prometheus tsdb/chunkenc/chunk.go. */
export const HISTOGRAM_CHUNK_BYTES = 1024
export const HISTOGRAM_CHUNK_SAMPLES_MIN = 10

/** Differences of differences of smaller counts are exact in a double. */
const EXACT_COUNT_MAX = 2 ** 50

// The state, in words: first these, then floats (custom values, buckets, and for integers how each changed last), then words
// (for floats the window of each bucket; spans).
const LENGTH = 0
const FLAGS = 1
const SCHEMA = 2
const SAMPLES = 3
const POSITIVE_SPANS = 4
const NEGATIVE_SPANS = 5
const POSITIVE_BUCKETS = 6
const NEGATIVE_BUCKETS = 7
const CUSTOM_VALUES = 8
const SUM_WINDOW = 9
const COUNT_WINDOW = 10
const ZERO_WINDOW = 11
const START_HEADER = 12
const SUM_LOW = 14
const SUM_HIGH = 15
/** Places in floats. */
const TIME = 8
const TIME_DELTA = 9
const COUNT = 10
const COUNT_DELTA = 11
const ZERO_COUNT = 12
const ZERO_DELTA = 13
const ZERO_THRESHOLD = 14
const START_TIME = 15
const START_DIFFERENCE = 16
const HEAD_FLOATS = 17

const IS_FLOAT = 1
const HAS_STARTS = 2
const IS_STALE = 4
const RESET_SHIFT = 3

/** Buckets missing in the sample, in the chunk. */
const LACKS = 1
const NEW = 2
const FELL = 4

const value = new Float64Array(1)
const valueWords = new Uint32Array(value.buffer)

const STALE_LAYOUT: HistogramLayout = {
  schema: 0,
  zeroThreshold: 0,
  positiveSpans: NO_SPANS,
  negativeSpans: NO_SPANS,
  customValues: NO_BUCKETS,
}

/**
 * Turns one native histogram after another into the bits of a chunk, without knowing where the bits go: a chunk in one piece, or
 * cells that are chained. Integer and float histograms, with start times or without: ChunkEncoding 2, 3, 5, 6.
 *
 * All it knows of a chunk is `state.subarray(0, stateLength)`: a caller with many chunks copies it away and back (`load`). Per
 * sample: `load`, `fit`; on `cut` `begin`, on `widen` `widenChunk`; `encode`; keep `words` and the state.
 * A new chunk (`clear`) is `cut`, too. Source: Prometheus tsdb/chunkenc/histogram.go and float_histogram.go.
 */
export class HistogramSampleEncoder {
  /** The state of the chunk. Another array once it had to grow. */
  state = new Uint32Array(512)
  #floats = new Float64Array(this.state.buffer)

  /** What `fit` found out about the histogram, should it begin a chunk. */
  nextReset: CounterResetHint = CounterResetHint.unknown

  readonly #bits = new BitWriter()
  readonly #starts = new StartTimeEncoder()
  readonly #inChunk = new BucketCursor()
  readonly #inSample = new BucketCursor()
  /** The counts of a sample in the buckets of the chunk. */
  #counts = new Float64Array(64)

  /** The answer: `bitCount` bits, most significant first, the caller's partial byte included. */
  get words(): Uint32Array {
    return this.#bits.words
  }
  bitCount = 0

  /** Words of the state, even: it stays the same until the next `begin`. */
  get stateLength(): number {
    return this.state[LENGTH]
  }

  get sampleCount(): number {
    return this.state[SAMPLES]
  }

  /** Whether the chunk is one of float histograms. */
  get isFloat(): boolean {
    return (this.state[FLAGS] & IS_FLOAT) !== 0
  }

  /** The encoding of the chunk that has begun. */
  get encoding(): ChunkEncoding {
    const flags = this.state[FLAGS]
    if ((flags & HAS_STARTS) === 0) return (flags & IS_FLOAT) === 0 ? ChunkEncoding.histogram : ChunkEncoding.floatHistogram
    return (flags & IS_FLOAT) === 0 ? ChunkEncoding.histogramSt : ChunkEncoding.floatHistogramSt
  }

  /** What the header of the chunk says of a counter reset before it. */
  get reset(): CounterResetHint {
    return ((this.state[FLAGS] >>> RESET_SHIFT) & 3) as CounterResetHint
  }

  /** What the header of the chunk says of start times; may change with every sample. */
  get startHeader(): number {
    return this.state[START_HEADER]
  }

  /** The time of the newest sample. */
  get lastTime(): Timestamp {
    return this.#floats[TIME]
  }

  /** No chunk has begun. */
  clear(): void {
    this.state.fill(0, 0, 2 * HEAD_FLOATS)
    this.state[LENGTH] = 2 * HEAD_FLOATS
  }

  /** Takes over a state that lies in `words` from `at` on. */
  load(words: Uint32Array, at: number): void {
    const length = words[at + LENGTH]
    this.reserveState(length)
    const state = this.state
    for (let i = 0; i < length; i++) state[i] = words[at + i]
  }

  /** Makes room for a state of `length` words, for a caller that writes `state` itself. */
  reserveState(length: number): void {
    if (length <= this.state.length) return
    this.state = new Uint32Array(2 * length)
    this.#floats = new Float64Array(this.state.buffer)
  }

  /** Whether the chunk can take a histogram. Changes nothing but `nextReset`. Hot: about a nanosecond a bucket. */
  fit(histogram: Histogram): HistogramFit {
    const state = this.state
    const flags = state[FLAGS]
    const hint = histogram.counterResetHint
    this.nextReset = hint === CounterResetHint.notReset ? CounterResetHint.unknown : hint
    if (state[SAMPLES] === 0 || ((flags & IS_FLOAT) !== 0) !== histogram.isFloat) return HistogramFit.cut
    const isGauge = this.reset === CounterResetHint.gauge
    if (isGauge !== (hint === CounterResetHint.gauge) || hint === CounterResetHint.reset || (flags & IS_STALE) !== 0)
      return HistogramFit.cut

    const fell = !isGauge && histogram.count < this.#floats[COUNT]
    if (fell) this.nextReset = CounterResetHint.reset
    if (fell || histogram.schema !== state[SCHEMA] << 0 || histogram.zeroThreshold !== this.#floats[ZERO_THRESHOLD]) return HistogramFit.cut
    if (!this.#hasCustomValues(histogram) || (!isGauge && histogram.zeroCount < this.#floats[ZERO_COUNT])) {
      if (!isGauge) this.nextReset = CounterResetHint.reset
      return HistogramFit.cut
    }
    const found = this.#compare(histogram, true) | this.#compare(histogram, false)
    if (!isGauge && (found & FELL) !== 0) {
      this.nextReset = CounterResetHint.reset
      return HistogramFit.cut
    }
    if (!isGauge) this.nextReset = CounterResetHint.notReset
    if (!histogram.isFloat && (histogram.count >= EXACT_COUNT_MAX || this.#floats[COUNT] >= EXACT_COUNT_MAX)) return HistogramFit.cut
    return (found & NEW) === 0 ? HistogramFit.append : HistogramFit.widen
  }

  /**
   * Begins a chunk for a histogram. `reset` is `nextReset` after `fit` when the chunk follows the one that was asked, and
   * otherwise the histogram's hint unless that is `notReset`, which nothing proves.
   */
  begin(histogram: Histogram, withStarts: boolean, reset: CounterResetHint = this.nextReset): void {
    this.beginWith(histogram, histogram.isFloat, withStarts, reset)
  }

  /** Begins a chunk for a staleness marker. */
  beginStale(isFloat: boolean, withStarts: boolean): void {
    this.beginWith(STALE_LAYOUT, isFloat, withStarts, CounterResetHint.unknown)
  }

  beginWith(layout: HistogramLayout, isFloat: boolean, withStarts: boolean, reset: CounterResetHint): void {
    const { schema, zeroThreshold, positiveSpans, negativeSpans } = layout
    const customValues = schema === CUSTOM_BUCKETS_SCHEMA ? layout.customValues : NO_BUCKETS
    const positive = bucketCountOf(positiveSpans)
    const negative = bucketCountOf(negativeSpans)
    const buckets = positive + negative
    const bucketWords = isFloat ? 2 * buckets + buckets : 4 * buckets
    const used = 2 * HEAD_FLOATS + 2 * customValues.length + bucketWords + positiveSpans.length + negativeSpans.length
    const length = used + (used & 1)
    this.reserveState(length)
    const state = this.state
    const floats = this.#floats
    state.fill(0, 0, length)
    state[LENGTH] = length
    state[FLAGS] = (isFloat ? IS_FLOAT : 0) | (withStarts ? HAS_STARTS : 0) | (reset << RESET_SHIFT)
    state[SCHEMA] = schema
    state[POSITIVE_SPANS] = positiveSpans.length
    state[NEGATIVE_SPANS] = negativeSpans.length
    state[POSITIVE_BUCKETS] = positive
    state[NEGATIVE_BUCKETS] = negative
    state[CUSTOM_VALUES] = customValues.length
    state[SUM_WINDOW] = NO_WINDOW
    state[COUNT_WINDOW] = NO_WINDOW
    state[ZERO_WINDOW] = NO_WINDOW
    floats[ZERO_THRESHOLD] = zeroThreshold
    floats.set(customValues, HEAD_FLOATS)
    const windows = this.#wordsAt()
    if (isFloat) state.fill(NO_WINDOW, windows, windows + buckets)
    const spans = this.#spansAt()
    state.set(positiveSpans, spans)
    state.set(negativeSpans, spans + positiveSpans.length)
    if (this.#counts.length < buckets) this.#counts = new Float64Array(2 * buckets)
  }

  /** What the chunk's histograms have in common, as far as a chunk has begun. A copy. */
  layout(): HistogramLayout {
    const { state } = this
    const at = this.#spansAt()
    const middle = at + state[POSITIVE_SPANS]
    return {
      schema: state[SCHEMA] << 0,
      zeroThreshold: this.#floats[ZERO_THRESHOLD],
      positiveSpans: new Int32Array(state.slice(at, middle)),
      negativeSpans: new Int32Array(state.slice(middle, middle + state[NEGATIVE_SPANS])),
      customValues: this.#floats.slice(HEAD_FLOATS, HEAD_FLOATS + state[CUSTOM_VALUES]),
    }
  }

  /** The layout that has the chunk's buckets and those of a histogram that made `fit` say `widen`. */
  widerLayout(histogram: Histogram): HistogramLayout {
    const own = this.layout()
    const positive = this.#compare(histogram, true)
    const negative = this.#compare(histogram, false)
    const isGauge = this.reset === CounterResetHint.gauge
    const lacks = (positive | negative) & LACKS
    // Where the sample has all buckets its spans are taken as they are, empty ones too: as upstream does.
    const wider = (found: number, mine: Spans, theirs: Spans) =>
      (isGauge ? lacks : found & LACKS) === 0 ? theirs : uniteSpans(mine, theirs)
    return {
      ...own,
      positiveSpans: wider(positive, own.positiveSpans, histogram.positiveSpans),
      negativeSpans: wider(negative, own.negativeSpans, histogram.negativeSpans),
    }
  }

  /**
   * Encodes a histogram that fits. `partialBits` (0…7) bits of `partialByte` were used by the sample before and are repeated at the
   * start of `words`. Times must not go back. Hot: histogram.bench.ts.
   */
  encode(t: Timestamp, histogram: Histogram, startTime: Timestamp, partialByte: number, partialBits: number): void {
    value[0] = histogram.sum
    this.#place(histogram, true)
    this.#place(histogram, false)
    const buckets = this.state[POSITIVE_BUCKETS] + this.state[NEGATIVE_BUCKETS]
    this.#begin(t, buckets, partialByte, partialBits)
    if ((this.state[FLAGS] & IS_FLOAT) === 0) this.#putIntegers(histogram.count, histogram.zeroCount, valueWords[1], valueWords[0], buckets)
    else this.#putFloats(histogram.count, histogram.zeroCount, valueWords[1], valueWords[0], buckets)
    this.#end(t, startTime)
  }

  /** The same for a staleness marker, which every chunk of histograms can take. No histogram fits after it. */
  encodeStale(t: Timestamp, startTime: Timestamp, partialByte: number, partialBits: number): void {
    this.#begin(t, 0, partialByte, partialBits)
    if ((this.state[FLAGS] & IS_FLOAT) === 0) this.#putIntegers(0, 0, STALE_HIGH, STALE_LOW, 0)
    else this.#putFloats(0, 0, STALE_HIGH, STALE_LOW, 0)
    this.state[FLAGS] |= IS_STALE
    this.#end(t, startTime)
  }

  #begin(t: Timestamp, buckets: number, partialByte: number, partialBits: number): void {
    const bits = this.#bits
    const { state } = this
    const floats = this.#floats
    bits.start(partialByte, partialBits)
    bits.reserve(80 + 10 * buckets)
    if (state[SAMPLES] === 0) {
      writeLayout(bits, this.layout())
      bits.reserve(80 + 10 * buckets)
      bits.putVarbitInt(t)
      return
    }
    const delta = t - floats[TIME]
    bits.putVarbitInt(delta - floats[TIME_DELTA])
    floats[TIME_DELTA] = delta
  }

  #end(t: Timestamp, startTime: Timestamp): void {
    const { state } = this
    const floats = this.#floats
    if ((state[FLAGS] & HAS_STARTS) !== 0) {
      const starts = this.#starts
      starts.header = state[START_HEADER]
      starts.startTime = floats[START_TIME]
      starts.difference = floats[START_DIFFERENCE]
      starts.encode(this.#bits, state[SAMPLES], t, floats[TIME], startTime)
      state[START_HEADER] = starts.header
      floats[START_TIME] = starts.startTime
      floats[START_DIFFERENCE] = starts.difference
    }
    floats[TIME] = t
    state[SAMPLES]++
    this.bitCount = this.#bits.finish()
  }

  /** Counts as changes of changes; a bucket is its difference to its neighbour. */
  #putIntegers(count: number, zeroCount: number, sumHigh: number, sumLow: number, buckets: number): void {
    const bits = this.#bits
    const { state } = this
    const floats = this.#floats
    const counts = this.#counts
    const at = this.#bucketsAt()
    const positive = state[POSITIVE_BUCKETS]
    if (state[SAMPLES] === 0) {
      bits.putVarbitUint(count)
      bits.putVarbitUint(zeroCount)
      bits.put(sumHigh | 0, 32)
      bits.put(sumLow | 0, 32)
      for (let i = 0, before = 0; i < buckets; i++) {
        if (i === positive) before = 0
        floats[at + i] = counts[i] - before
        before = counts[i]
        bits.putVarbitInt(floats[at + i])
      }
    } else {
      const isStale = sumLow === STALE_LOW && sumHigh === STALE_HIGH
      const countDelta = count - floats[COUNT]
      const zeroDelta = zeroCount - floats[ZERO_COUNT]
      bits.putVarbitInt(isStale ? 0 : countDelta - floats[COUNT_DELTA])
      bits.putVarbitInt(isStale ? 0 : zeroDelta - floats[ZERO_DELTA])
      floats[COUNT_DELTA] = countDelta
      floats[ZERO_DELTA] = zeroDelta
      state[SUM_WINDOW] = bits.putXor((sumHigh ^ state[SUM_HIGH]) | 0, (sumLow ^ state[SUM_LOW]) | 0, state[SUM_WINDOW])
      const deltasAt = at + positive + state[NEGATIVE_BUCKETS]
      for (let i = 0, before = 0; i < buckets; i++) {
        if (i === positive) before = 0
        const difference = counts[i] - before
        before = counts[i]
        const delta = difference - floats[at + i]
        bits.putVarbitInt(delta - floats[deltasAt + i])
        floats[at + i] = difference
        floats[deltasAt + i] = delta
      }
    }
    floats[COUNT] = count
    floats[ZERO_COUNT] = zeroCount
    state[SUM_HIGH] = sumHigh
    state[SUM_LOW] = sumLow
  }

  /** Everything as XOR with what it was. */
  #putFloats(count: number, zeroCount: number, sumHigh: number, sumLow: number, buckets: number): void {
    const bits = this.#bits
    const { state } = this
    const floats = this.#floats
    const counts = this.#counts
    const at = this.#bucketsAt()
    if (state[SAMPLES] === 0) {
      bits.putFloat(count)
      bits.putFloat(zeroCount)
      bits.put(sumHigh | 0, 32)
      bits.put(sumLow | 0, 32)
      for (let i = 0; i < buckets; i++) bits.putFloat(counts[i])
    } else {
      state[COUNT_WINDOW] = this.#putChange(COUNT, count, state[COUNT_WINDOW])
      state[ZERO_WINDOW] = this.#putChange(ZERO_COUNT, zeroCount, state[ZERO_WINDOW])
      state[SUM_WINDOW] = bits.putXor((sumHigh ^ state[SUM_HIGH]) | 0, (sumLow ^ state[SUM_LOW]) | 0, state[SUM_WINDOW])
      const windows = this.#wordsAt()
      for (let i = 0; i < buckets; i++) state[windows + i] = this.#putChange(at + i, counts[i], state[windows + i])
    }
    floats[COUNT] = count
    floats[ZERO_COUNT] = zeroCount
    state[SUM_HIGH] = sumHigh
    state[SUM_LOW] = sumLow
    for (let i = 0; i < buckets; i++) floats[at + i] = counts[i]
  }

  #putChange(place: number, count: number, window: number): number {
    value[0] = count
    return this.#bits.putXor((valueWords[1] ^ this.state[2 * place + 1]) | 0, (valueWords[0] ^ this.state[2 * place]) | 0, window)
  }

  /** Where buckets begin, in floats. */
  #bucketsAt(): number {
    return HEAD_FLOATS + this.state[CUSTOM_VALUES]
  }

  /** Where the words after the floats begin. */
  #wordsAt(): number {
    const { state } = this
    const floatsABucket = (state[FLAGS] & IS_FLOAT) === 0 ? 2 : 1
    return 2 * (this.#bucketsAt() + floatsABucket * (state[POSITIVE_BUCKETS] + state[NEGATIVE_BUCKETS]))
  }

  #spansAt(): number {
    const { state } = this
    return this.#wordsAt() + ((state[FLAGS] & IS_FLOAT) === 0 ? 0 : state[POSITIVE_BUCKETS] + state[NEGATIVE_BUCKETS])
  }

  #hasCustomValues({ schema, customValues }: Histogram): boolean {
    if (schema !== CUSTOM_BUCKETS_SCHEMA) return true
    if (customValues.length !== this.state[CUSTOM_VALUES]) return false
    for (let i = 0; i < customValues.length; i++) if (customValues[i] !== this.#floats[HEAD_FLOATS + i]) return false
    return true
  }

  /** Whether the chunk's spans of one side are, number by number, those of the sample. */
  #hasSpans(spans: Spans, at: number, length: number): boolean {
    if (spans.length !== length) return false
    for (let i = 0; i < length; i++) if (spans[i] !== this.state[at + i] << 0) return false
    return true
  }

  /** How one side of a sample differs from the chunk's newest: LACKS, NEW, FELL. */
  #compare(histogram: Histogram, isPositive: boolean): number {
    const { state } = this
    const floats = this.#floats
    const spans = isPositive ? histogram.positiveSpans : histogram.negativeSpans
    const counts = isPositive ? histogram.positiveBuckets : histogram.negativeBuckets
    const start = this.#spansAt() + (isPositive ? 0 : state[POSITIVE_SPANS])
    const length = state[isPositive ? POSITIVE_SPANS : NEGATIVE_SPANS]
    let place = this.#bucketsAt() + (isPositive ? 0 : state[POSITIVE_BUCKETS])
    const isFloat = histogram.isFloat
    let own = 0
    if (this.#hasSpans(spans, start, length)) {
      for (let i = 0; i < counts.length; i++) {
        own = isFloat ? floats[place + i] : own + floats[place + i]
        if (own > counts[i]) return FELL
      }
      return 0
    }
    let found = 0
    const mine = this.#inChunk
    const theirs = this.#inSample
    mine.open(new Int32Array(state.buffer, 4 * start, length), 0, length)
    theirs.open(spans, 0, spans.length)
    let hasMine = mine.next()
    let hasTheirs = theirs.next()
    if (hasMine) own = floats[place]
    for (let i = 0; hasMine || hasTheirs; ) {
      const isMissing = hasMine && (!hasTheirs || mine.index < theirs.index)
      if (hasMine && (isMissing || mine.index === theirs.index)) {
        if (isMissing) found |= own === 0 ? LACKS : FELL | LACKS
        else {
          if (own > counts[i]) found |= FELL
          i++
          hasTheirs = theirs.next()
        }
        hasMine = mine.next()
        if (hasMine) own = isFloat ? floats[++place] : own + floats[++place]
      } else {
        found |= NEW
        i++
        hasTheirs = theirs.next()
      }
    }
    return found
  }

  /** Puts the counts of one side of a sample into the buckets of the chunk. */
  #place(histogram: Histogram, isPositive: boolean): void {
    const { state } = this
    const spans = isPositive ? histogram.positiveSpans : histogram.negativeSpans
    const counts = isPositive ? histogram.positiveBuckets : histogram.negativeBuckets
    const start = this.#spansAt() + (isPositive ? 0 : state[POSITIVE_SPANS])
    const length = state[isPositive ? POSITIVE_SPANS : NEGATIVE_SPANS]
    const from = isPositive ? 0 : state[POSITIVE_BUCKETS]
    const buckets = state[isPositive ? POSITIVE_BUCKETS : NEGATIVE_BUCKETS]
    if (this.#counts.length < from + buckets) {
      const counted = new Float64Array(2 * (from + buckets))
      counted.set(this.#counts)
      this.#counts = counted
    }
    const into = this.#counts
    if (this.#hasSpans(spans, start, length)) {
      assert(counts.length === buckets, 'a histogram has as many buckets as its spans')
      for (let i = 0; i < buckets; i++) into[from + i] = counts[i]
      return
    }
    const mine = this.#inChunk
    const theirs = this.#inSample
    mine.open(new Int32Array(state.buffer, 4 * start, length), 0, length)
    theirs.open(spans, 0, spans.length)
    let hasTheirs = theirs.next()
    let placed = 0
    for (let i = 0; i < buckets; i++) {
      mine.next()
      if (hasTheirs && theirs.index === mine.index) {
        into[from + i] = counts[placed++]
        hasTheirs = theirs.next()
      } else into[from + i] = 0
    }
    assert(placed === counts.length, 'a histogram that is encoded fits the chunk')
  }
}
