import { assert } from '../base/assert.ts'
import type { Clock } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import { validateHistogram } from '../model/histogram-validation.ts'
import type { Labels } from '../model/labels.ts'
import type { Metadata } from '../model/metadata.ts'
import { isStaleMarker } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { type Appender, AppendStatus, ExemplarStatus, type SeriesRef } from '../storage/appender.ts'
import type { CommitQueue } from './commit-queue.ts'
import type { ExemplarRing } from './exemplars/exemplar-ring.ts'
import { digest, digestHistogram } from './histogram-digest.ts'
import type { RefusalCounts } from './refusal-counts.ts'
import type { BatchPool, SampleBatch } from './sample-batch.ts'
import { HISTOGRAM_PARTS_MAX, histogramParts } from './wal/histogram-body.ts'
import { isSameSample, sameBits } from './window/same-sample.ts'
import { histogramKind, SampleKind } from './window/sample-kind.ts'
import type { WindowSet } from './window-set.ts'

/** Times further from 1970 are not exact enough to be encoded. */
export const TIME_MAX = 2 ** 52
/** A label set must fit into one record of the log. */
const LABELS_LENGTH_MAX = 1024 * 1024

const value = new Float64Array(1)
const valueWords = new Uint32Array(value.buffer)

/** One batch for the database. Order is checked against everything that was taken before, acknowledged or not. */
export class DbAppender implements Appender {
  readonly #windows: WindowSet
  readonly #queue: CommitQueue
  readonly #clock: Clock
  readonly #refused: RefusalCounts
  readonly #exemplars: ExemplarRing
  readonly #minValidTime: Timestamp
  /** What is older is not taken when its series has gone past it. */
  readonly #minLateTime: Timestamp
  /** The newest sample of all when the batch began. */
  readonly #maxTime: Timestamp
  takesLate = true
  #batch: SampleBatch | undefined
  #refusal = ''
  /** The ref last answered with `overBudget`; 0: another answer came since. */
  #shutRef: SeriesRef = 0

  constructor(windows: WindowSet, exemplars: ExemplarRing, queue: CommitQueue, pool: BatchPool, clock: Clock, refused: RefusalCounts) {
    this.#windows = windows
    this.#exemplars = exemplars
    this.#queue = queue
    this.#clock = clock
    this.#refused = refused
    this.#minValidTime = Math.max(windows.minValidTime, -TIME_MAX)
    this.#minLateTime = Math.max(windows.minLateTime, -TIME_MAX)
    this.#maxTime = windows.maxTime
    this.#batch = pool.take(this.#minValidTime)
  }

  /** Throws a `bad_data` CodedError when the labels are longer than a record of the log. */
  series(labels: Labels, isNeeded = false): SeriesRef {
    let length = 0
    for (const text of labels.pairs) length += text.length
    if (length > LABELS_LENGTH_MAX)
      throw new CodedError('bad_data', `labels of a series have ${length} characters, want at most ${LABELS_LENGTH_MAX}`)
    const { maxTime, minValidTime } = this.#windows
    // Not into a window that becomes a block, or has become one.
    const time = Math.max(maxTime === Number.NEGATIVE_INFINITY ? this.#clock.now() : maxTime, minValidTime)
    return this.#windows.series(labels, time, isNeeded)
  }

  append(ref: SeriesRef, t: Timestamp, v: number, startTime: Timestamp = 0): AppendStatus {
    const slots = this.#windows.slots
    const slot = slots.floatSlotOf(ref)
    if (slot < 0) return this.#appendAfterOther(ref, t, v, startTime)
    if (t > TIME_MAX) return AppendStatus.tooFarAhead
    if (!(t >= this.#minValidTime)) return this.#refuseOld(t, SampleKind.float)
    const last = slots.lastTime(slot)
    if (t <= last) {
      if (t < last) return this.#takeLate(slot, t, v, startTime)
      if (!sameBits(slots.lastHigh(slot), slots.lastLow(slot), v)) return this.#refuse(AppendStatus.duplicateTimestamp, SampleKind.float)
      // The same sample may be on its way in a batch that fails: then it is this batch that brings it.
      if (!this.#queue.isEarly && this.#windows.isApplied(slot, t)) return AppendStatus.ok
    }
    slots.setLastFloat(slot, t, v)
    this.#batch!.push(slot, t, v)
    if (startTime !== 0) this.#setStartTime(startTime)
    return AppendStatus.ok
  }

  /** A float for a series whose newest sample is a histogram, or which is not known. */
  #appendAfterOther(ref: SeriesRef, t: Timestamp, v: number, startTime: Timestamp): AppendStatus {
    const slots = this.#windows.slots
    const slot = slots.slotOf(ref)
    if (slot < 0) return this.#answerUnknown(ref)
    // A series of histograms goes stale as one, so that its chunk goes on.
    if (isStaleMarker(v)) return this.#takeHistogram(slot, t, slots.lastKind(slot) === SampleKind.floatHistogram, undefined, startTime)
    if (t > TIME_MAX) return AppendStatus.tooFarAhead
    if (!(t >= this.#minValidTime)) return this.#refuseOld(t, SampleKind.float)
    const last = slots.lastTime(slot)
    if (t < last) return this.#takeLate(slot, t, v, startTime)
    if (t === last) return this.#refuse(AppendStatus.duplicateTimestamp, SampleKind.float)
    slots.setLast(slot, t, v)
    const batch = this.#batch!
    batch.changesKind = true
    batch.push(slot, t, v)
    if (startTime !== 0) this.#setStartTime(startTime)
    return AppendStatus.ok
  }

  #setStartTime(startTime: Timestamp): void {
    if (isStorableTime(startTime)) this.#batch!.setStartTime(startTime)
  }

  appendHistogram(ref: SeriesRef, t: Timestamp, histogram: Histogram, startTime: Timestamp = 0): AppendStatus {
    const slot = this.#windows.slots.slotOf(ref)
    if (slot < 0) return this.#answerUnknown(ref)
    if (isStaleMarker(histogram.sum)) return this.#takeHistogram(slot, t, histogram.isFloat, undefined, startTime)
    const problem = validateHistogram(histogram) ?? unstorable(histogram)
    if (problem !== undefined) {
      this.#refusal = problem
      this.#shutRef = 0
      return AppendStatus.badHistogram
    }
    return this.#takeHistogram(slot, t, histogram.isFloat, histogram, startTime)
  }

  appendExemplar(ref: SeriesRef, exemplar: Exemplar): ExemplarStatus {
    const slot = this.#windows.slots.slotOf(ref)
    if (slot < 0) return ExemplarStatus.unknownSeries
    if (!isStorableTime(exemplar.timestamp)) return ExemplarStatus.outOfOrder
    const status = this.#exemplars.check(ref, () => this.#windows.labels(slot), exemplar)
    if (status === ExemplarStatus.ok) this.#batch!.exemplars.push({ slot, exemplar })
    return status
  }

  /** Texts of more than 64 Ki characters are not kept. */
  setMetadata(ref: SeriesRef, metadata: Metadata): void {
    const { slots } = this.#windows
    const slot = slots.slotOf(ref)
    if (slot >= 0 && slots.metadata.isNews(slot, metadata)) this.#batch!.metadata.push({ slot, metadata })
  }

  get refusal(): string {
    return this.#shutRef === 0 ? this.#refusal : (this.#windows.gate?.reason(this.#shutRef) ?? '')
  }

  /** A ref that no series has: that of a series that is gone, or one that was refused. */
  #answerUnknown(ref: SeriesRef): AppendStatus {
    if (ref >= -1 || this.#windows.gate?.isShut(ref) !== true) return AppendStatus.unknownSeries
    this.#shutRef = ref
    return AppendStatus.overBudget
  }

  commit(): Promise<void> {
    return this.#queue.commit(this.#take())
  }

  rollback(): void {
    this.#queue.rollback(this.#take())
  }

  /** Undefined: a stale histogram. */
  #takeHistogram(slot: number, t: Timestamp, isFloat: boolean, histogram: Histogram | undefined, startTime: Timestamp): AppendStatus {
    const { slots } = this.#windows
    const kind = histogramKind(isFloat)
    if (t > TIME_MAX) return AppendStatus.tooFarAhead
    if (!(t >= this.#minValidTime)) return this.#refuseOld(t, kind)
    digestHistogram(histogram)
    const { high, low } = digest
    const last = slots.lastTime(slot)
    if (t < last) {
      const status = this.#checkLate(slot, t, kind, high, low)
      if (status !== undefined) return status
    }
    if (t === last) {
      const newest = { kind: slots.lastKind(slot), high: slots.lastHigh(slot), low: slots.lastLow(slot) }
      const isSame = isSameSample(newest, kind, high, low)
      if (!isSame) return this.#refuse(AppendStatus.duplicateTimestamp, kind)
      if (!this.#queue.isEarly && this.#windows.isApplied(slot, t)) return AppendStatus.ok
    }
    const batch = this.#batch!
    if (last !== Number.NEGATIVE_INFINITY && slots.lastKind(slot) === SampleKind.float) batch.changesKind = true
    if (t >= last) slots.setLastBits(slot, t, kind, high, low)
    batch.pushHistogram(slot, t, isFloat, histogram, isStorableTime(startTime) ? startTime : 0, high, low)
    return AppendStatus.ok
  }

  /** A float that its series has gone past. */
  #takeLate(slot: number, t: Timestamp, v: number, startTime: Timestamp): AppendStatus {
    value[0] = v
    const status = this.#checkLate(slot, t, SampleKind.float, valueWords[1], valueWords[0])
    if (status !== undefined) return status
    const batch = this.#batch!
    if (this.#windows.slots.lastKind(slot) !== SampleKind.float) batch.changesKind = true
    batch.push(slot, t, v)
    if (startTime !== 0) this.#setStartTime(startTime)
    return AppendStatus.ok
  }

  /** What is to be said to a sample that its series has gone past; undefined: it is to be stored. */
  #checkLate(slot: number, t: Timestamp, kind: SampleKind, high: number, low: number): AppendStatus | undefined {
    this.#refused.late(this.#maxTime - t)
    if (this.#minLateTime === Number.POSITIVE_INFINITY || !this.takesLate) return this.#refuse(AppendStatus.outOfOrder, kind)
    if (t < this.#minLateTime) return this.#refuse(AppendStatus.tooLate, kind)
    const found = this.#queue.isEarly ? undefined : this.#windows.sampleAt(slot, t)
    if (found === undefined) return undefined
    return isSameSample(found, kind, high, low) ? AppendStatus.ok : this.#refuse(AppendStatus.duplicateTimestamp, kind)
  }

  /** A sample that is older than anything that can be taken. */
  #refuseOld(t: Timestamp, kind: SampleKind): AppendStatus {
    this.#refused.late(this.#maxTime - t)
    return this.#refuse(this.#minLateTime === Number.POSITIVE_INFINITY ? AppendStatus.tooOld : AppendStatus.tooLate, kind)
  }

  #refuse(status: AppendStatus, kind: SampleKind): AppendStatus {
    this.#refused.count(status, kind)
    return status
  }

  #take(): SampleBatch {
    const batch = this.#batch
    assert(batch !== undefined, 'an appender is used for one batch')
    this.#batch = undefined
    return batch
  }
}

function isStorableTime(t: Timestamp): boolean {
  return Math.abs(t) <= TIME_MAX && Number.isInteger(t)
}

/** Why a histogram does not fit into the log, which is not for what it says. */
function unstorable(h: Histogram): string | undefined {
  if (!h.isFloat && !Number.isSafeInteger(h.count)) return `count of the histogram is ${h.count}, want at most 2^53 - 1`
  if (!h.isFloat && !Number.isInteger(h.zeroCount)) return `zero count of an integer histogram is ${h.zeroCount}, want an integer`
  for (const buckets of h.isFloat ? [] : [h.positiveBuckets, h.negativeBuckets]) {
    for (let i = 0; i < buckets.length; i++) {
      if (!Number.isInteger(buckets[i])) return `bucket of an integer histogram has count ${buckets[i]}, want an integer`
    }
  }
  const parts = histogramParts(h)
  if (parts > HISTOGRAM_PARTS_MAX) return `histogram has ${parts} buckets, spans and bounds, want at most ${HISTOGRAM_PARTS_MAX}`
  return undefined
}
