import type { Histogram } from '../model/histogram.ts'
import type { Timestamp } from '../model/time.ts'
import type { DecodeMemory } from './decode-memory.ts'

/**
 * Encodings of chunk bytes; the last three carry start times. docs/formats/chunks.md.
 * Source: Prometheus tsdb/chunkenc/chunk.go, Encoding; prompb/types.proto, Chunk.Encoding.
 */
export const ChunkEncoding = { none: 0, xor: 1, histogram: 2, floatHistogram: 3, xor2: 4, histogramSt: 5, floatHistogramSt: 6 } as const
export type ChunkEncoding = (typeof ChunkEncoding)[keyof typeof ChunkEncoding]

/**
 * Samples as two columns of equal use: `length` counts what is valid, the arrays may be longer.
 * Grown and reused by whoever owns it; a decoder appends at `length`.
 *
 * A histogram sample has its sum in `values` and the rest in `histograms` at the same index; where that has nothing, the sample is a
 * float. A stale histogram is the staleness marker in `values`, as for a float.
 */
export class SampleColumns {
  timestamps: Float64Array
  values: Float64Array
  /** The same memory as `values`, two words a value, the low one first: how a decoder writes a NaN without the engine touching its bits. */
  valueWords: Uint32Array
  /** As long as the other columns once a histogram or start time was decoded into this; undefined before that, and after `clear`. */
  histograms: (Histogram | undefined)[] | undefined
  /** When the counting behind a sample began, 0 where that is not known. */
  startTimes: Float64Array | undefined
  length = 0
  /** Of so many samples, from the first on, it is known whether there is a staleness marker among them, whether they fall, and how far apart they are. */
  #knownLength = 0
  #hasMarkers = false
  #hasFalls = false
  /** -1: not the same all along; 0: there are fewer than two. */
  #spacingMs = 0
  /** Where the columns of times and values lie, if they do not lie anywhere. */
  readonly memory: DecodeMemory | undefined

  constructor(capacity = 128, memory?: DecodeMemory) {
    this.memory = memory
    this.timestamps = memory?.timestamps ?? new Float64Array(capacity)
    this.values = memory?.values ?? new Float64Array(capacity)
    this.valueWords = wordsOf(this.values)
    if (this.timestamps.length < capacity) this.#grow(capacity)
  }

  /** Forgets all samples, and lets go of their histograms. */
  clear(): void {
    this.length = 0
    this.histograms = undefined
    this.startTimes = undefined
    this.#knownLength = 0
    this.#hasMarkers = false
    this.#hasFalls = false
    this.#spacingMs = 0
  }

  /** Whether there may be a staleness marker among the values. */
  get mayHaveMarkers(): boolean {
    return this.#hasMarkers || this.#knownLength !== this.length
  }

  /** Whether a value may be lower than the one before. */
  get mayFall(): boolean {
    return this.#hasFalls || this.#knownLength !== this.length
  }

  /** What each sample is later than the one before; 0 where that is not the same for all of them, or not known. */
  get spacingMs(): number {
    return this.#knownLength === this.length && this.#spacingMs > 0 ? this.#spacingMs : 0
  }

  /**
   * For a decoder that has just added samples: whether they are `deltaMs` apart, all of them, whether a staleness marker is among them, and
   * whether one may be lower than the one before it.
   */
  noteAdded(count: number, isEven: boolean, deltaMs: number, hasMarker: boolean, mayFall: boolean): void {
    const before = this.length - count
    if (count === 0 || this.#knownLength !== before) return
    this.#knownLength = this.length
    if (hasMarker) this.#hasMarkers = true
    if (mayFall || (before > 0 && this.values[before] < this.values[before - 1])) this.#hasFalls = true
    if (before === 0) {
      this.#spacingMs = count === 1 ? 0 : isEven ? deltaMs : -1
      return
    }
    const gapMs = this.timestamps[before] - this.timestamps[before - 1]
    if (before === 1) this.#spacingMs = gapMs
    if (gapMs !== this.#spacingMs || (count > 1 && (!isEven || deltaMs !== gapMs))) this.#spacingMs = -1
  }

  /** Takes samples from the end. */
  cut(length: number): void {
    this.length = length
    this.#knownLength = 0
  }

  /** Makes room for `count` more samples: floats without start time until something else is written there. */
  reserve(count: number): void {
    const wanted = this.length + count
    if (wanted > this.timestamps.length) this.#grow(wanted)
    if (this.histograms !== undefined) for (let i = this.length; i < wanted; i++) this.histograms[i] = undefined
    this.startTimes?.fill(0, this.length, wanted)
  }

  #grow(wanted: number): void {
    const capacity = Math.max(wanted, this.timestamps.length * 2)
    if (this.memory === undefined) {
      const timestamps = new Float64Array(capacity)
      const values = new Float64Array(capacity)
      timestamps.set(this.timestamps)
      values.set(this.values)
      this.timestamps = timestamps
      this.values = values
    } else {
      this.memory.grow(capacity)
      this.timestamps = this.memory.timestamps
      this.values = this.memory.values
    }
    this.valueWords = wordsOf(this.values)
    while (this.histograms !== undefined && this.histograms.length < capacity) this.histograms.push(undefined)
    if (this.startTimes === undefined) return
    const startTimes = new Float64Array(capacity)
    startTimes.set(this.startTimes)
    this.startTimes = startTimes
  }

  /** The column of histograms, for who is about to write one. */
  withHistograms(): (Histogram | undefined)[] {
    this.histograms ??= new Array<Histogram | undefined>(this.timestamps.length).fill(undefined)
    return this.histograms
  }

  /** The column of start times, for who is about to write one. */
  withStartTimes(): Float64Array {
    this.startTimes ??= new Float64Array(this.timestamps.length)
    return this.startTimes
  }

  /** Adds a float. */
  push(t: Timestamp, v: number): void {
    this.reserve(1)
    this.timestamps[this.length] = t
    this.values[this.length] = v
    this.length++
  }
}

function wordsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)
}

/** A run of encoded samples of one series, as it lies in `data` from `start` up to, not including, `end`. */
export interface Chunk {
  readonly encoding: ChunkEncoding
  /** Time of the first and of the last sample, both inclusive. */
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly sampleCount: number
  readonly data: Uint8Array
  readonly start: number
  readonly end: number
}
