import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import type { Metadata } from '../model/metadata.ts'

const NO_WORDS = new Uint32Array(0)
const NO_FLOATS = new Float64Array(0)
const NO_BYTES = new Uint8Array(0)

/** What takes as much memory as so many floats, of 20 bytes each: a histogram, or an exemplar with its labels; metadata, whose texts are shared; a batch itself. */
const OBJECT_WEIGHT = 16
const METADATA_WEIGHT = 4
const BATCH_WEIGHT = 64
/** Floats that a batch has room for at least. */
const ROOM_MIN = 16

/** Histograms that were taken and wait for their commit. */
export class HistogramColumns {
  slots = NO_WORDS
  times = NO_FLOATS
  startTimes = NO_FLOATS
  /** 1: counts have fractions. */
  isFloat = NO_BYTES
  /** Two words a histogram, the low one first: what stands for its value where samples are compared. */
  digests = NO_WORDS
  /** Floats of the batch that were taken before it. */
  floatsBefore = NO_WORDS
  /** Undefined: a stale one. */
  readonly histograms: (Histogram | undefined)[] = []

  get count(): number {
    return this.histograms.length
  }

  /** Makes room for one more; the caller writes it at `count` and then pushes the histogram. */
  reserve(): void {
    if (this.count < this.slots.length) return
    const { slots, times, startTimes, isFloat, digests, floatsBefore } = this
    const capacity = Math.max(64, 2 * slots.length)
    this.slots = new Uint32Array(capacity)
    this.times = new Float64Array(capacity)
    this.startTimes = new Float64Array(capacity)
    this.isFloat = new Uint8Array(capacity)
    this.digests = new Uint32Array(2 * capacity)
    this.floatsBefore = new Uint32Array(capacity)
    this.slots.set(slots)
    this.times.set(times)
    this.startTimes.set(startTimes)
    this.isFloat.set(isFloat)
    this.digests.set(digests)
    this.floatsBefore.set(floatsBefore)
  }

  /** Keeps no more room than for what there is. */
  trim(): void {
    const { count } = this
    if (count === this.slots.length) return
    this.slots = this.slots.slice(0, count)
    this.times = this.times.slice(0, count)
    this.startTimes = this.startTimes.slice(0, count)
    this.isFloat = this.isFloat.slice(0, count)
    this.digests = this.digests.slice(0, 2 * count)
    this.floatsBefore = this.floatsBefore.slice(0, count)
  }

  clear(): void {
    this.histograms.length = 0
  }
}

/** Samples that were taken and wait for their commit: floats as three columns of equal use, and what comes with them more rarely. */
export class SampleBatch {
  slots = new Uint32Array(256)
  times = new Float64Array(256)
  values = new Float64Array(256)
  count = 0
  /** No sample of the batch is older, nor will be. */
  minTime = Number.NEGATIVE_INFINITY
  /** As long as the columns above, zeros where no start time was given; undefined when none was. */
  startTimes: Float64Array | undefined
  readonly histograms = new HistogramColumns()
  readonly exemplars: { readonly slot: number; readonly exemplar: Exemplar }[] = []
  readonly metadata: { readonly slot: number; readonly metadata: Metadata }[] = []
  /** A sample is of another kind than the one its series took before: floats and histograms must be kept in their order. */
  changesKind = false
  /** One of `EarlyBatches`. */
  isEarly = false
  /** By float: 1 where it was applied before the others; undefined: none was. */
  isApplied: Uint8Array | undefined

  get isEmpty(): boolean {
    return this.count === 0 && this.histograms.count === 0 && this.exemplars.length === 0 && this.metadata.length === 0
  }

  /** Samples that it has room for. */
  get capacity(): number {
    return this.slots.length + this.histograms.slots.length
  }

  /** What it takes of memory once it is trimmed, in floats. */
  get weight(): number {
    const { count, histograms, exemplars, metadata } = this
    return BATCH_WEIGHT + count + OBJECT_WEIGHT * (histograms.count + exemplars.length) + METADATA_WEIGHT * metadata.length
  }

  /** Keeps hardly more room than for what it has: for a batch that waits long. */
  trim(): void {
    this.histograms.trim()
    const capacity = Math.max(ROOM_MIN, this.count)
    if (capacity >= this.slots.length) return
    this.slots = this.slots.slice(0, capacity)
    this.times = this.times.slice(0, capacity)
    this.values = this.values.slice(0, capacity)
    this.startTimes = this.startTimes?.slice(0, capacity)
  }

  push(slot: number, t: number, v: number): void {
    if (this.count === this.slots.length) this.#grow()
    this.slots[this.count] = slot
    this.times[this.count] = t
    this.values[this.count] = v
    this.count++
  }

  /** Gives the float that was pushed last a start time. */
  setStartTime(startTime: number): void {
    this.startTimes ??= new Float64Array(this.slots.length)
    this.startTimes[this.count - 1] = startTime
  }

  /** Undefined: a stale one. The digest is that of `digestHistogram`. */
  pushHistogram(
    slot: number,
    t: number,
    isFloat: boolean,
    histogram: Histogram | undefined,
    startTime: number,
    digestHigh: number,
    digestLow: number,
  ): void {
    const columns = this.histograms
    columns.reserve()
    const at = columns.count
    columns.slots[at] = slot
    columns.times[at] = t
    columns.startTimes[at] = startTime
    columns.isFloat[at] = isFloat ? 1 : 0
    columns.digests[2 * at] = digestLow
    columns.digests[2 * at + 1] = digestHigh
    columns.floatsBefore[at] = this.count
    columns.histograms.push(histogram)
  }

  clear(): void {
    this.count = 0
    this.minTime = Number.NEGATIVE_INFINITY
    this.startTimes = undefined
    this.histograms.clear()
    this.exemplars.length = 0
    this.metadata.length = 0
    this.changesKind = false
    this.isEarly = false
    this.isApplied = undefined
  }

  #grow(): void {
    const capacity = this.slots.length * 2
    const { slots, times, values, startTimes } = this
    this.slots = new Uint32Array(capacity)
    this.times = new Float64Array(capacity)
    this.values = new Float64Array(capacity)
    this.slots.set(slots)
    this.times.set(times)
    this.values.set(values)
    if (startTimes === undefined) return
    this.startTimes = new Float64Array(capacity)
    this.startTimes.set(startTimes)
  }
}

/** Of one batch, and of all that are kept: 1.3 MB. */
const KEPT_SAMPLES_MAX = 16384
const KEPT_SAMPLES_ALL_MAX = 65536

/** Batches for use again; the large ones go. */
export class BatchPool {
  readonly #free: SampleBatch[] = []
  #freeSamples = 0
  readonly #taken = new Set<SampleBatch>()

  /** Batches that are filled, or wait for their commit. */
  get taken(): Iterable<SampleBatch> {
    return this.#taken
  }

  /** An empty batch for samples that are not older than `minTime`. */
  take(minTime: number): SampleBatch {
    let batch = this.#free.pop()
    if (batch === undefined) batch = new SampleBatch()
    else this.#freeSamples -= batch.capacity
    batch.minTime = minTime
    this.#taken.add(batch)
    return batch
  }

  giveBack(batch: SampleBatch): void {
    this.#taken.delete(batch)
    batch.clear()
    const { capacity } = batch
    if (capacity > KEPT_SAMPLES_MAX || this.#freeSamples + capacity > KEPT_SAMPLES_ALL_MAX) return
    this.#freeSamples += capacity
    this.#free.push(batch)
  }
}
