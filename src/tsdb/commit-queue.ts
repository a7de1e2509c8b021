import { assert } from '../base/assert.ts'
import { Breather } from '../base/breather.ts'
import type { Clock } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import type { Timestamp } from '../model/time.ts'
import { AppendStatus } from '../storage/appender.ts'
import type { Deletion } from './deletion.ts'
import { EarlyBatches } from './early-batches.ts'
import type { ExemplarRing } from './exemplars/exemplar-ring.ts'
import type { RefusalCounts } from './refusal-counts.ts'
import type { BatchPool, HistogramColumns, SampleBatch } from './sample-batch.ts'
import { NOT_LOGGED } from './series-slots.ts'
import { refusedByDisk } from './storage-health.ts'
import type { LogWriter } from './wal/log-writer.ts'
import type { LogPosition } from './wal/segment.ts'
import { REPLAY_WEIGHT } from './wal/segment-replay.ts'
import { histogramKind, SampleKind } from './window/sample-kind.ts'
import type { WindowSet } from './window-set.ts'

/** Samples of one write to the log. More of them wait for the next one, and the event loop turns in between. */
const WRITE_SAMPLES_MAX = 100_000
/** A histogram counts as so many of them. */
const HISTOGRAM_WEIGHT = 16
/**
 * Samples that wait in memory for the log to be read, all else counted as samples that take as much; more are not taken before it is. At 20 bytes a
 * sample and a million a minute they are what comes in four minutes.
 */
const EARLY_SAMPLES_MAX = 4_000_000

/** Waits its turn among the batches: what was committed before is deleted, what comes after stays. */
interface DeletionOrder {
  readonly deletion: Deletion
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Commit {
  readonly batch: SampleBatch
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: what was committed while a write was under way makes up the next one. A batch is encoded, written, then
 * applied to the windows, and then its commit resolves; batches keep their order throughout.
 *
 * A queue begins early, when older segments of the log are still to be read: until `catchUp` batches are written, and their commits resolve, but they
 * are applied only behind all that is read.
 */
export class CommitQueue {
  readonly #windows: WindowSet
  readonly #exemplars: ExemplarRing
  readonly #log: LogWriter
  readonly #pool: BatchPool
  readonly #clock: Clock
  #waiting: (Commit | DeletionOrder)[] = []
  /** Slots whose series were written to a segment that does not say yet what is known of them. */
  readonly #described: number[] = []
  #running: Promise<void> | undefined
  /** The deletion that is under way, and what those to come wait for. */
  #deleting: Promise<void> | undefined
  #deletionsHeld: Promise<void> | undefined
  #closed = false
  #applied: LogPosition
  /** Written, and to be applied when the log was read; undefined: it was. */
  #early: EarlyBatches | undefined = new EarlyBatches()
  /** Where they end in the log. */
  #earlyEnd: LogPosition
  /** What early batches have had of samples. */
  readonly earlyCounts = { float: 0, histogram: 0 }
  /** Floats of theirs that were stored before the log was read, and how many of them as late ones. */
  readonly earlyApplied = { samples: 0, late: 0 }
  readonly #refused: RefusalCounts
  readonly #onWritten: () => void

  /** Counts in `refused` what turns out, when applied, not to be the next of its series; calls `onWritten` after each write. */
  constructor(
    windows: WindowSet,
    exemplars: ExemplarRing,
    log: LogWriter,
    pool: BatchPool,
    clock: Clock,
    refused: RefusalCounts,
    onWritten: () => void,
  ) {
    this.#onWritten = onWritten
    this.#clock = clock
    this.#exemplars = exemplars
    this.#refused = refused
    this.#windows = windows
    this.#log = log
    this.#applied = log.position
    this.#earlyEnd = log.position
    this.#pool = pool
  }

  /** What is before it in the log is in the windows. */
  get applied(): LogPosition {
    return this.#applied
  }

  /** Takes the batch over. */
  commit(batch: SampleBatch): Promise<void> {
    if (this.#closed) {
      this.rollback(batch)
      return Promise.reject(new CodedError('unavailable', 'the database is closed'))
    }
    if (this.#log.failure !== undefined) {
      this.rollback(batch)
      this.#refused.commits++
      return Promise.reject(refusedByDisk(this.#log.failure))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Deletes samples of the windows: logged, and seen by nobody who asks from then on, when it comes back. */
  delete(deletion: Deletion): Promise<void> {
    if (this.#closed) return Promise.reject(new CodedError('unavailable', 'the database is closed'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ deletion, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Waits for the deletion that is under way; others, and what was committed after them, wait until the answer is called. */
  async holdDeletions(): Promise<() => void> {
    while (this.#deleting !== undefined) await this.#deleting
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#deletionsHeld = promise
    return () => {
      if (this.#deletionsHeld === promise) this.#deletionsHeld = undefined
      resolve()
    }
  }

  rollback(batch: SampleBatch): void {
    this.#windows.forget([batch], this.#early)
  }

  /** Takes no more commits; resolves when those that were taken have ended. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    // A turn of the queue of promises: commits of the same moment share the first write.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const [first] = this.#waiting
      if ('deletion' in first) {
        while (this.#deletionsHeld !== undefined) await this.#deletionsHeld
        this.#waiting.shift()
        this.#deleting = this.#delete(first)
        await this.#deleting
        this.#deleting = undefined
        this.#applied = this.#log.position
        continue
      }
      const commits = this.#next()
      try {
        if (this.#log.failure !== undefined) throw refusedByDisk(this.#log.failure)
        await this.#write(commits)
        const breather = new Breather(this.#clock)
        for (const commit of commits) {
          if (this.#early === undefined) this.#finish(commit)
          else this.#keepEarly(commit, this.#early)
          if (breather.isDue()) await breather.rest()
        }
        if (this.#early === undefined) this.#applied = this.#log.position
        else this.#earlyEnd = this.#log.position
      } catch (error) {
        this.#windows.forget(
          commits.map(({ batch }) => batch),
          this.#early,
        )
        this.#refused.commits += commits.length
        for (const { reject } of commits) reject(error)
      }
      // Who reads the log holds series, and closes windows itself.
      if (this.#early !== undefined) continue
      this.#windows.closeSome()
      this.#onWritten()
    }
    this.#running = undefined
  }

  /** Whether older segments are still to be read: what they delete may be in the windows yet. */
  get isEarly(): boolean {
    return this.#early !== undefined
  }

  /** Whether early batches have room. */
  get takesEarly(): boolean {
    return this.#early === undefined || this.#early.weight < EARLY_SAMPLES_MAX
  }

  #keepEarly({ batch, resolve }: Commit, early: EarlyBatches): void {
    early.add(batch)
    this.earlyCounts.float += batch.count
    this.earlyCounts.histogram += batch.histograms.count
    resolve()
  }

  /** The oldest time of what early batches may have; Infinity: there are none. */
  get earlyMinTime(): Timestamp {
    let minTime = Number.POSITIVE_INFINITY
    if (this.#early !== undefined) for (const batch of this.#early.waiting()) minTime = Math.min(minTime, batch.minTime)
    return minTime
  }

  /**
   * Applies what early batches have of some slots, of which everything older is applied; by slot: 1 where it is wanted. False, and nothing is done: there
   * may be histograms among them, which are applied with all else.
   */
  applyEarly(isWanted: Uint8Array): boolean {
    if (this.#early === undefined) return true
    const batches = [...this.#early.waiting()]
    if (batches.some(({ histograms }) => histograms.count > 0)) return false
    if (batches.length === 0) return true
    const windows = this.#windows
    const [samples, late] = [windows.samplesAppended, windows.late.appended.float]
    for (const batch of batches) {
      for (let i = 0; i < batch.count; i++) {
        if (isWanted[batch.slots[i]] !== 1 || batch.isApplied?.[i] === 1) continue
        this.#applyFloats(batch, i, i + 1)
        batch.isApplied ??= new Uint8Array(batch.count)
        batch.isApplied[i] = 1
      }
    }
    this.earlyApplied.samples += windows.samplesAppended - samples
    this.earlyApplied.late += windows.late.appended.float - late
    return true
  }

  /** The log was read: early batches are applied, and from now on each when it is written. */
  async catchUp(): Promise<void> {
    const early = this.#early
    assert(early !== undefined, 'a queue catches up once')
    const breather = new Breather(this.#clock, undefined, REPLAY_WEIGHT)
    for (let i = 0; i < early.length; i++) {
      const batch = early.take(i)
      this.#apply(batch)
      this.#pool.giveBack(batch)
      if (breather.isDue()) await breather.rest()
    }
    // Nobody else runs from the last look at `early` to here.
    this.#early = undefined
    // Of series that the open segment has it says what it did not know yet.
    const { slots } = this.#windows
    for (let slot = 0; slots.metadata.seriesCount > 0 && slot < slots.count; slot++)
      if (slots.isUsed(slot) && slots.logIndex(slot) !== NOT_LOGGED && slots.metadata.get(slot) !== undefined) this.#described.push(slot)
    this.#applied = this.#earlyEnd
  }

  #finish({ batch, resolve, reject }: Commit): void {
    try {
      this.#apply(batch)
      this.#pool.giveBack(batch)
      resolve()
    } catch (error) {
      this.#windows.forget([batch], this.#early)
      reject(error)
    }
  }

  async #delete({ deletion, resolve, reject }: DeletionOrder): Promise<void> {
    try {
      if (this.#log.failure !== undefined) throw refusedByDisk(this.#log.failure)
      if (this.#log.beginBatch()) this.#windows.slots.forgetLogged()
      await this.#log.writeDeletion(deletion)
      await this.#windows.delete(deletion, new Breather(this.#clock))
      resolve()
    } catch (error) {
      reject(error)
    }
  }

  /** The next batches up to a deletion. */
  #next(): Commit[] {
    let sampleCount = 0
    const commits: Commit[] = []
    for (const next of this.#waiting) {
      if ('deletion' in next || (commits.length > 0 && sampleCount >= WRITE_SAMPLES_MAX)) break
      commits.push(next)
      sampleCount += next.batch.count + HISTOGRAM_WEIGHT * next.batch.histograms.count
    }
    this.#waiting.splice(0, commits.length)
    return commits
  }

  async #write(commits: readonly Commit[]): Promise<void> {
    if (commits.every(({ batch }) => batch.isEmpty)) return
    let maxTime: Timestamp = Number.NEGATIVE_INFINITY
    if (this.#log.beginBatch()) this.#windows.slots.forgetLogged()
    const breather = new Breather(this.#clock)
    for (const { batch } of commits) {
      this.#logSeries(batch)
      if (breather.isDue()) await breather.rest()
    }
    // Kinds have records of their own, and few large records are smaller than many small ones: so floats come first, and then
    // histograms, unless a series of these batches has both.
    const inOrder = commits.some(({ batch }) => batch.changesKind)
    for (const { batch } of commits) {
      const until = inOrder ? this.#logInOrder(batch) : this.#logFloats(batch, 0, batch.count)
      maxTime = Math.max(maxTime, until)
      if (breather.isDue()) await breather.rest()
    }
    for (const { batch } of commits) {
      if (!inOrder) {
        for (let i = 0; i < batch.histograms.count; i++) maxTime = Math.max(maxTime, this.#logHistogram(batch, i))
      }
      if (breather.isDue()) await breather.rest()
    }
    for (const { batch } of commits) this.#logExemplars(batch)
    for (const { batch } of commits) this.#logMetadata(batch)
    await this.#log.writeBatch(maxTime)
  }

  /** Series that the open segment does not know yet, and what is known of them. */
  #logSeries({ slots, times, count, histograms, exemplars, metadata }: SampleBatch): void {
    const table = this.#windows.slots
    for (let i = 0; i < count; i++) if (table.logIndex(slots[i]) === NOT_LOGGED) this.#logOneSeries(slots[i], times[i])
    for (let i = 0; i < histograms.count; i++) {
      const slot = histograms.slots[i]
      if (table.logIndex(slot) === NOT_LOGGED) this.#logOneSeries(slot, histograms.times[i])
    }
    if (exemplars.length === 0 && metadata.length === 0) return
    for (const { slot } of [...exemplars, ...metadata]) {
      if (table.logIndex(slot) !== NOT_LOGGED) continue
      const last = table.lastTime(slot)
      this.#logOneSeries(slot, last === Number.NEGATIVE_INFINITY ? this.#windows.home(slot).start : last)
    }
  }

  #logOneSeries(slot: number, t: Timestamp): void {
    const table = this.#windows.slots
    table.setLogIndex(slot, this.#log.encoder.series(this.#windows.home(slot), table.series(slot), t))
    if (table.metadata.get(slot) !== undefined) this.#described.push(slot)
  }

  /** Floats from `from` up to, not including, `to`; the time of the newest. */
  #logFloats({ slots, times, values, startTimes }: SampleBatch, from: number, to: number): Timestamp {
    const table = this.#windows.slots
    const encoder = this.#log.encoder
    let maxTime = Number.NEGATIVE_INFINITY
    for (let i = from; i < to; i++) {
      const t = times[i]
      if (startTimes === undefined) encoder.sample(table.logIndex(slots[i]), t, values[i])
      else encoder.sampleFrom(table.logIndex(slots[i]), t, values[i], startTimes[i])
      if (t > maxTime) maxTime = t
    }
    return maxTime
  }

  #logHistogram({ histograms }: SampleBatch, i: number): Timestamp {
    const { slots, times, isFloat, startTimes } = histograms
    const index = this.#windows.slots.logIndex(slots[i])
    this.#log.encoder.histogram(index, times[i], isFloat[i] === 1, histograms.histograms[i], startTimes[i])
    return times[i]
  }

  /** Floats and histograms as they came. */
  #logInOrder(batch: SampleBatch): Timestamp {
    const { histograms } = batch
    let maxTime = Number.NEGATIVE_INFINITY
    let done = 0
    for (let i = 0; i < histograms.count; i++) {
      maxTime = Math.max(maxTime, this.#logFloats(batch, done, histograms.floatsBefore[i]), this.#logHistogram(batch, i))
      done = histograms.floatsBefore[i]
    }
    return Math.max(maxTime, this.#logFloats(batch, done, batch.count))
  }

  #logExemplars({ exemplars }: SampleBatch): void {
    const table = this.#windows.slots
    for (const { slot, exemplar } of exemplars) this.#log.encoder.exemplar(table.logIndex(slot), exemplar)
  }

  #logMetadata({ metadata }: SampleBatch): void {
    const table = this.#windows.slots
    for (const slot of this.#described) {
      // Since the log was read the series may have gone, or the segment.
      const known = table.metadata.get(slot)
      if (known !== undefined && table.logIndex(slot) !== NOT_LOGGED) this.#log.encoder.metadata(table.logIndex(slot), known)
    }
    this.#described.length = 0
    for (const { slot, metadata: said } of metadata) this.#log.encoder.metadata(table.logIndex(slot), said)
  }

  #apply(batch: SampleBatch): void {
    const { histograms, exemplars, metadata } = batch
    let done = 0
    for (let i = 0; i < histograms.count; i++) {
      this.#applyFloats(batch, done, histograms.floatsBefore[i])
      done = histograms.floatsBefore[i]
      this.#applyHistogram(histograms, i)
    }
    this.#applyFloats(batch, done, batch.count)
    const { slots } = this.#windows
    for (const { slot, exemplar } of exemplars) this.#exemplars.add(slots.ref(slot), () => this.#windows.labels(slot), exemplar)
    for (const { slot, metadata: said } of metadata) slots.metadata.set(slot, said)
  }

  #applyFloats({ slots, times, values, startTimes, isApplied }: SampleBatch, from: number, to: number): void {
    const windows = this.#windows
    for (let i = from; i < to; i++) {
      if (isApplied !== undefined && isApplied[i] === 1) continue
      const status = windows.apply(slots[i], times[i], values[i], startTimes === undefined ? 0 : startTimes[i])
      if (status !== AppendStatus.ok) this.#refused.count(status, SampleKind.float)
    }
  }

  #applyHistogram({ slots, times, isFloat, histograms, startTimes, digests }: HistogramColumns, i: number): void {
    const isFloatOne = isFloat[i] === 1
    const [low, high] = [digests[2 * i], digests[2 * i + 1]]
    const status = this.#windows.applyHistogram(slots[i], times[i], isFloatOne, histograms[i], startTimes[i], high, low)
    if (status !== AppendStatus.ok) this.#refused.count(status, histogramKind(isFloatOne))
  }
}
