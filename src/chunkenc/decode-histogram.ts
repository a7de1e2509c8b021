import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, EXPONENTIAL_SCHEMA_MAX, NO_BUCKETS, NO_SPANS, type Spans } from '../model/histogram.ts'
import { reduceResolution } from '../model/histogram-resolution.ts'
import { isKnownSchema, unknownSchema } from '../model/histogram-schema.ts'
import { bucketCountOf } from '../model/histogram-spans.ts'
import { isStaleBits, STALE_HIGH, STALE_LOW } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { BitReader } from './bit-reader.ts'
import { headerBytesOf, readReset, readSampleCount } from './chunk-header.ts'
import { ChunkEncoding, type SampleColumns } from './codec.ts'
import { type HistogramLayout, THRESHOLD_IS_FLOAT, thresholdOfByte } from './histogram-layout.ts'
import { StartTimeDecoder } from './start-times.ts'

const reader = new BitReader()
const starts = new StartTimeDecoder()

/** What decoding one chunk keeps per bucket, and the module for the next one. */
let differences = new Float64Array(64)
let changes = new Float64Array(64)
let read = new Float64Array(64)
let windows = new Uint16Array(64)
let words = new Uint32Array(differences.buffer)

/** A chunk with more buckets does not leave its memory behind. */
const KEPT_BUCKETS_MAX = 65_536

/** Bits that every sample has at least. */
const SAMPLE_BITS_MIN = 4
/**
 * Bytes of buckets that are allocated at once: fewer allocations for small histograms, and whoever keeps one sample of a chunk does not
 * keep the buckets of all.
 */
const BUCKET_BLOCK_BYTES = 1024

/**
 * Appends the samples of a chunk of histograms with `minTime` <= t <= `maxTime` to `out`: ChunkEncoding 2, 3, 5, 6. Spans and custom
 * values are shared by the histograms of a chunk, and the memory of buckets by neighbours.
 * Throws when the bytes are not what they say; what was appended before that stays outside `out.length`.
 *
 * The first histogram's hint is `unknown` whatever the header says: nobody knows whether the chunk before it is the one it followed.
 * Source: Prometheus tsdb/chunkenc/histogram_meta.go, counterResetHint.
 */
export function decodeHistograms(
  encoding: ChunkEncoding,
  data: Uint8Array,
  start: number,
  end: number,
  minTime: Timestamp,
  maxTime: Timestamp,
  out: SampleColumns,
): void {
  const headerBytes = headerBytesOf(encoding)
  if (end - start < headerBytes) throw new Error(`decode histogram chunk: ${end - start} bytes, want at least ${headerBytes}`)
  const sampleCount = readSampleCount(encoding, data, start)
  if (sampleCount === 0) return
  const isFloat = encoding === ChunkEncoding.floatHistogram || encoding === ChunkEncoding.floatHistogramSt
  const hasStarts = encoding === ChunkEncoding.histogramSt || encoding === ChunkEncoding.floatHistogramSt
  const isGauge = readReset(encoding, data, start) === CounterResetHint.gauge
  reader.open(data, start + headerBytes, end)
  if (sampleCount * SAMPLE_BITS_MIN > reader.bitsLeft) throw endsEarly(0, sampleCount)
  const layout = readLayout()
  const positive = bucketCountOf(layout.positiveSpans)
  const buckets = positive + bucketCountOf(layout.negativeSpans)
  if (buckets > reader.bitsLeft) throw endsEarly(0, sampleCount)
  prepare(buckets)
  if (hasStarts) starts.open(data[start + 2])

  out.reserve(sampleCount)
  const { timestamps, valueWords } = out
  const histograms = out.withHistograms()
  const startTimes = hasStarts ? out.withStartTimes() : undefined
  let length = out.length
  let block = NO_BUCKETS
  let blockAt = 0

  let t = 0
  let tDelta = 0
  let count = 0
  let countDelta = 0
  let zeroCount = 0
  let zeroDelta = 0
  let [countHigh, countLow, countWindow] = [0, 0, 0]
  let [zeroHigh, zeroLow, zeroWindow] = [0, 0, 0]
  let [sumHigh, sumLow, sumWindow] = [0, 0, 0]
  for (let index = 0; index < sampleCount; index++) {
    const previousTime = t
    if (index === 0) {
      t = reader.readVarbitInt()
      if (isFloat) {
        count = reader.readFloat()
        countHigh = reader.high
        countLow = reader.low
        zeroCount = reader.readFloat()
        zeroHigh = reader.high
        zeroLow = reader.low
      } else {
        count = reader.readVarbitUint()
        zeroCount = reader.readVarbitUint()
      }
      reader.readFloat()
    } else {
      tDelta += reader.readVarbitInt()
      t += tDelta
      if (t > maxTime) break
      if (isFloat) {
        count = readChange(countHigh, countLow, countWindow, index)
        countHigh = reader.high
        countLow = reader.low
        countWindow = reader.window
        zeroCount = readChange(zeroHigh, zeroLow, zeroWindow, index)
        zeroHigh = reader.high
        zeroLow = reader.low
        zeroWindow = reader.window
      } else {
        countDelta += reader.readVarbitInt()
        count += countDelta
        zeroDelta += reader.readVarbitInt()
        zeroCount += zeroDelta
      }
      readChange(sumHigh, sumLow, sumWindow, index)
      sumWindow = reader.window
    }
    sumHigh = reader.high
    sumLow = reader.low
    const isStale = isStaleBits(sumHigh >>> 0, sumLow >>> 0)
    const isWanted = t >= minTime && t <= maxTime
    if (!isStale || index === 0) {
      if (isWanted && blockAt + buckets > block.length) {
        if (buckets > reader.bitsLeft) throw endsEarly(index, sampleCount)
        const samples = Math.min(sampleCount - index, Math.max(1, Math.floor(BUCKET_BLOCK_BYTES / 8 / Math.max(1, buckets))))
        block = new Float64Array(samples * buckets)
        blockAt = 0
      }
      if (isFloat) readFloatBuckets(buckets, index, isWanted ? block : undefined, blockAt)
      else readIntegerBuckets(buckets, positive, index, isWanted ? block : undefined, blockAt)
    }
    if (hasStarts) starts.read(reader, index, t, previousTime)
    if (reader.isPastEnd) throw endsEarly(index, sampleCount)
    if (!isWanted) continue
    timestamps[length] = t
    valueWords[2 * length] = isStale ? STALE_LOW : sumLow
    valueWords[2 * length + 1] = isStale ? STALE_HIGH : sumHigh
    if (startTimes !== undefined) startTimes[length] = starts.startTime
    if (!isStale) {
      const hint = isGauge ? CounterResetHint.gauge : index === 0 ? CounterResetHint.unknown : CounterResetHint.notReset
      const histogram = {
        isFloat,
        counterResetHint: hint,
        schema: layout.schema,
        zeroThreshold: layout.zeroThreshold,
        zeroCount,
        count,
        sum: out.values[length],
        positiveSpans: layout.positiveSpans,
        negativeSpans: layout.negativeSpans,
        positiveBuckets: positive === 0 ? NO_BUCKETS : block.subarray(blockAt, blockAt + positive),
        negativeBuckets: positive === buckets ? NO_BUCKETS : block.subarray(blockAt + positive, blockAt + buckets),
        customValues: layout.customValues,
      }
      histograms[length] = layout.schema > EXPONENTIAL_SCHEMA_MAX ? reduceResolution(histogram, EXPONENTIAL_SCHEMA_MAX) : histogram
      blockAt += buckets
    }
    length++
  }
  out.length = length
}

/** What the histograms of a chunk have in common; throws on what cannot be in so few bytes. */
function readLayout(): HistogramLayout {
  const byte = reader.read(8)
  const zeroThreshold = byte === THRESHOLD_IS_FLOAT ? reader.readFloat() : thresholdOfByte(byte)
  const schema = reader.readVarbitInt()
  if (!isKnownSchema(schema)) throw new Error(`decode histogram chunk: ${unknownSchema(schema)}`)
  const positiveSpans = readSpans()
  const negativeSpans = readSpans()
  const customValues = schema === CUSTOM_BUCKETS_SCHEMA ? readCustomValues() : NO_BUCKETS
  if (reader.isPastEnd) throw new Error('decode histogram chunk: bytes end in the layout')
  return { schema, zeroThreshold, positiveSpans, negativeSpans, customValues }
}

/** A length that as many items of `bitsEach` bits must follow. */
function readLength(what: string, bitsEach: number): number {
  const length = reader.readVarbitUint()
  if (length * bitsEach > reader.bitsLeft) throw new Error(`decode histogram chunk: ${length} ${what} in ${reader.bitsLeft} bits`)
  return length
}

function readSpans(): Spans {
  const count = readLength('spans', 2)
  if (count === 0) return NO_SPANS
  const spans = new Int32Array(2 * count)
  for (let i = 0; i < spans.length; i += 2) {
    const length = reader.readVarbitUint()
    const offset = reader.readVarbitInt()
    if (length > 0x7fffffff || offset !== (offset | 0) || (i > 0 && offset < 0))
      throw new Error(`decode histogram chunk: span ${i / 2} has offset ${offset} and length ${length}`)
    spans[i] = offset
    spans[i + 1] = length
  }
  return spans
}

function readCustomValues(): Float64Array {
  const count = readLength('custom values', 5)
  const customValues = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const thousandths = reader.readVarbitUint()
    customValues[i] = thousandths === 0 ? reader.readFloat() : (thousandths - 1) / 1000
  }
  return customValues
}

function prepare(buckets: number): void {
  if (buckets > differences.length || (differences.length > KEPT_BUCKETS_MAX && buckets <= KEPT_BUCKETS_MAX)) {
    const capacity = Math.max(buckets, Math.min(2 * buckets, KEPT_BUCKETS_MAX))
    differences = new Float64Array(capacity)
    changes = new Float64Array(capacity)
    read = new Float64Array(capacity)
    windows = new Uint16Array(capacity)
    words = new Uint32Array(differences.buffer)
  }
  changes.fill(0, 0, buckets)
  windows.fill(0, 0, buckets)
}

const float = new Float64Array(1)
const floatWords = new Uint32Array(float.buffer)

/** The next value of a run that was `high` and `low`; leaves its bits and window in the reader. */
function readChange(high: number, low: number, window: number, index: number): number {
  reader.high = high
  reader.low = low
  reader.window = window
  if (!reader.readXor()) throw badWindow(index)
  floatWords[1] = reader.high
  floatWords[0] = reader.low
  return float[0]
}

/** Hot: histogram.bench.ts. */
function readIntegerBuckets(buckets: number, positive: number, index: number, into: Float64Array | undefined, at: number): void {
  if (index === 0) reader.readVarbitInts(differences, buckets)
  else {
    reader.readVarbitInts(read, buckets)
    for (let i = 0; i < buckets; i++) {
      changes[i] += read[i]
      differences[i] += changes[i]
    }
  }
  if (into === undefined) return
  let count = 0
  for (let i = 0; i < buckets; i++) {
    if (i === positive) count = 0
    count += differences[i]
    into[at + i] = count
  }
}

function readFloatBuckets(buckets: number, index: number, into: Float64Array | undefined, at: number): void {
  if (index > 0) {
    if (!reader.readXors(words, windows, buckets)) throw badWindow(index)
  } else {
    for (let i = 0; i < buckets; i++) {
      reader.readFloat()
      words[2 * i] = reader.low
      words[2 * i + 1] = reader.high
    }
  }
  if (into !== undefined) for (let i = 0; i < buckets; i++) into[at + i] = differences[i]
}

function badWindow(index: number): Error {
  return new Error(`decode histogram chunk: sample ${index} has more than 64 bits`)
}

function endsEarly(index: number, count: number): Error {
  return new Error(`decode histogram chunk: bytes end in sample ${index} of ${count}`)
}
