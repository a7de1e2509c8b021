import { assert } from '../base/assert.ts'
import type { Clock } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import type { Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import { type Appender, AppendStatus, ExemplarStatus, type SeriesRef } from '../storage/appender.ts'
import type { CommitQueue } from './commit-queue.ts'
import type { BatchPool, SampleBatch } from './sample-batch.ts'
import type { WindowSet } from './window-set.ts'
import { repeatsLast } from './window-set.ts'

/** Times further from 1970 are not exact enough to be encoded. */
const TIME_MAX = 2 ** 52
/** A label set must fit into one record of the log. */
const LABELS_LENGTH_MAX = 1024 * 1024

/** Samples that were not taken, by reason. */
export class RefusalCounts {
  outOfOrder = 0
  tooOld = 0
  duplicate = 0
}

/** One batch for the database. Order is checked against everything that was taken before, acknowledged or not. */
export class DbAppender implements Appender {
  readonly #windows: WindowSet
  readonly #queue: CommitQueue
  readonly #clock: Clock
  readonly #refused: RefusalCounts
  readonly #minValidTime: Timestamp
  #batch: SampleBatch | undefined

  constructor(windows: WindowSet, queue: CommitQueue, pool: BatchPool, clock: Clock, refused: RefusalCounts) {
    this.#windows = windows
    this.#queue = queue
    this.#clock = clock
    this.#refused = refused
    this.#minValidTime = Math.max(windows.minValidTime, -TIME_MAX)
    this.#batch = pool.take()
  }

  /** Throws a `bad_data` CodedError when the labels are longer than a record of the log. */
  series(labels: Labels): SeriesRef {
    let length = 0
    for (const text of labels.pairs) length += text.length
    if (length > LABELS_LENGTH_MAX)
      throw new CodedError('bad_data', `labels of a series have ${length} characters, want at most ${LABELS_LENGTH_MAX}`)
    const { maxTime } = this.#windows
    return this.#windows.series(labels, maxTime === Number.NEGATIVE_INFINITY ? this.#clock.now() : maxTime)
  }

  append(ref: SeriesRef, t: Timestamp, v: number): AppendStatus {
    const slots = this.#windows.slots
    const slot = slots.slotOf(ref)
    if (slot < 0) return AppendStatus.unknownSeries
    if (t > TIME_MAX) return AppendStatus.tooFarAhead
    if (!(t >= this.#minValidTime)) {
      this.#refused.tooOld++
      return AppendStatus.tooOld
    }
    const last = slots.lastTime(slot)
    if (t <= last) {
      if (t < last) {
        this.#refused.outOfOrder++
        return AppendStatus.outOfOrder
      }
      if (!repeatsLast(slots, slot, v)) {
        this.#refused.duplicate++
        return AppendStatus.duplicateTimestamp
      }
      // The same sample may be on its way in a batch that fails: then it is this batch that brings it.
      if (this.#windows.isApplied(slot, t)) return AppendStatus.ok
    }
    slots.setLast(slot, t, v)
    this.#batch!.push(slot, t, v)
    return AppendStatus.ok
  }

  appendHistogram(): AppendStatus {
    return AppendStatus.badHistogram
  }

  appendExemplar(): ExemplarStatus {
    return ExemplarStatus.disabled
  }

  setMetadata(): void {}

  get refusal(): string {
    return 'native histograms are not stored'
  }

  commit(): Promise<void> {
    return this.#queue.commit(this.#take())
  }

  rollback(): void {
    this.#queue.rollback(this.#take())
  }

  #take(): SampleBatch {
    const batch = this.#batch
    assert(batch !== undefined, 'an appender is used for one batch')
    this.#batch = undefined
    return batch
  }
}
