import { assert } from '../base/assert.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../model/histogram.ts'
import { BucketCursor } from '../model/histogram-spans.ts'
import { STALE_HIGH, STALE_LOW } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { BitWriter } from './bit-writer.ts'
import { ChunkEncoding } from './codec.ts'
import { fitHistogram, fitOf, type HistogramFit, resetOf } from './histogram-fit.ts'
import { type HistogramLayout, writeLayout } from './histogram-layout.ts'
import {
  COUNT,
  COUNT_DELTA,
  COUNT_WINDOW,
  FLAGS,
  HistogramState,
  IS_STALE,
  NEGATIVE_BUCKETS,
  POSITIVE_BUCKETS,
  SAMPLES,
  START_DIFFERENCE,
  START_HEADER,
  START_TIME,
  SUM_HIGH,
  SUM_LOW,
  SUM_WINDOW,
  TIME,
  TIME_DELTA,
  ZERO_COUNT,
  ZERO_DELTA,
  ZERO_WINDOW,
} from './histogram-state.ts'
import { StartTimeEncoder } from './start-times.ts'

/** A full chunk has this many bytes and HISTOGRAM_CHUNK_SAMPLES_MIN samples. Source: Prometheus tsdb/chunkenc/chunk.go. */
export const HISTOGRAM_CHUNK_BYTES = 1024
export const HISTOGRAM_CHUNK_SAMPLES_MIN = 10

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
  /** What is known of the chunk. */
  readonly chunk = new HistogramState()

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

  /** The state of the chunk. Another array once it had to grow. */
  get state(): Uint32Array {
    return this.chunk.words
  }

  /** Words of the state, even: it stays the same until the next `begin`. */
  get stateLength(): number {
    return this.chunk.length
  }

  get sampleCount(): number {
    return this.state[SAMPLES]
  }

  /** Whether the chunk is one of float histograms. */
  get isFloat(): boolean {
    return this.chunk.isFloat
  }

  /** The encoding of the chunk that has begun. */
  get encoding(): ChunkEncoding {
    const { isFloat, hasStarts } = this.chunk
    if (!hasStarts) return isFloat ? ChunkEncoding.floatHistogram : ChunkEncoding.histogram
    return isFloat ? ChunkEncoding.floatHistogramSt : ChunkEncoding.histogramSt
  }

  /** What the header of the chunk says of a counter reset before it. */
  get reset(): CounterResetHint {
    return this.chunk.reset
  }

  /** What the header of the chunk says of start times; may change with every sample. */
  get startHeader(): number {
    return this.state[START_HEADER]
  }

  /** The time of the newest sample. */
  get lastTime(): Timestamp {
    return this.chunk.floats[TIME]
  }

  /** No chunk has begun. */
  clear(): void {
    this.chunk.clear()
  }

  /** Takes over a state that lies in `words` from `at` on. */
  load(words: Uint32Array, at: number): void {
    this.chunk.load(words, at)
  }

  /** Makes room for a state of `length` words, for a caller that writes `state` itself. */
  reserveState(length: number): void {
    this.chunk.reserve(length)
  }

  /** Whether the chunk can take a histogram. Changes nothing but `nextReset`. */
  fit(histogram: Histogram): HistogramFit {
    const answer = fitHistogram(this.chunk, histogram)
    this.nextReset = resetOf(answer)
    return fitOf(answer)
  }

  /**
   * Begins a chunk for a histogram. `reset` is `nextReset` after `fit` when the chunk follows the one that was asked, and
   * otherwise the histogram's hint unless that is `notReset`, which nothing proves.
   */
  begin(histogram: Histogram, withStarts: boolean, reset: CounterResetHint = this.nextReset): void {
    this.chunk.begin(histogram, histogram.isFloat, withStarts, reset)
  }

  /** Begins a chunk for a staleness marker. */
  beginStale(isFloat: boolean, withStarts: boolean): void {
    this.chunk.begin(STALE_LAYOUT, isFloat, withStarts, CounterResetHint.unknown)
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
    if (!this.chunk.isFloat) this.#putIntegers(histogram.count, histogram.zeroCount, valueWords[1], valueWords[0], buckets)
    else this.#putFloats(histogram.count, histogram.zeroCount, valueWords[1], valueWords[0], buckets)
    this.#end(t, startTime)
  }

  /** The same for a staleness marker, which every chunk of histograms can take. No histogram fits after it. */
  encodeStale(t: Timestamp, startTime: Timestamp, partialByte: number, partialBits: number): void {
    this.#begin(t, 0, partialByte, partialBits)
    if (!this.chunk.isFloat) this.#putIntegers(0, 0, STALE_HIGH, STALE_LOW, 0)
    else this.#putFloats(0, 0, STALE_HIGH, STALE_LOW, 0)
    this.state[FLAGS] |= IS_STALE
    this.#end(t, startTime)
  }

  #begin(t: Timestamp, buckets: number, partialByte: number, partialBits: number): void {
    const bits = this.#bits
    const { words: state, floats } = this.chunk
    bits.start(partialByte, partialBits)
    bits.reserve(80 + 10 * buckets)
    if (state[SAMPLES] === 0) {
      writeLayout(bits, this.chunk.layout())
      bits.reserve(80 + 10 * buckets)
      bits.putVarbitInt(t)
      return
    }
    const delta = t - floats[TIME]
    bits.putVarbitInt(delta - floats[TIME_DELTA])
    floats[TIME_DELTA] = delta
  }

  #end(t: Timestamp, startTime: Timestamp): void {
    const { words: state, floats } = this.chunk
    if (this.chunk.hasStarts) {
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
    const { words: state, floats } = this.chunk
    const counts = this.#counts
    const at = this.chunk.bucketsAt
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
    const { words: state, floats } = this.chunk
    const counts = this.#counts
    const at = this.chunk.bucketsAt
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
      const windows = this.chunk.windowsAt
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

  /** Puts the counts of one side of a sample into the buckets of the chunk. */
  #place(histogram: Histogram, isPositive: boolean): void {
    const { words } = this.chunk
    const spans = isPositive ? histogram.positiveSpans : histogram.negativeSpans
    const counts = isPositive ? histogram.positiveBuckets : histogram.negativeBuckets
    const from = isPositive ? 0 : words[POSITIVE_BUCKETS]
    const buckets = words[isPositive ? POSITIVE_BUCKETS : NEGATIVE_BUCKETS]
    if (this.#counts.length < from + buckets) {
      const counted = new Float64Array(2 * (from + buckets))
      counted.set(this.#counts)
      this.#counts = counted
    }
    const into = this.#counts
    if (this.chunk.hasSpans(isPositive, spans)) {
      assert(counts.length === buckets, 'a histogram has as many buckets as its spans')
      for (let i = 0; i < buckets; i++) into[from + i] = counts[i]
      return
    }
    this.#inChunk.open(this.chunk.spans(isPositive))
    this.#inSample.open(spans)
    let hasMore = this.#inSample.next()
    let placed = 0
    for (let i = 0; i < buckets; i++) {
      this.#inChunk.next()
      const isShared = hasMore && this.#inSample.index === this.#inChunk.index
      into[from + i] = isShared ? counts[placed++] : 0
      if (isShared) hasMore = this.#inSample.next()
    }
    assert(placed === counts.length, 'a histogram that is encoded fits the chunk')
  }
}
