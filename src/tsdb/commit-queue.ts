import { Breather } from '../base/breather.ts'
import type { Clock } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import type { Timestamp } from '../model/time.ts'
import { AppendStatus } from '../storage/appender.ts'
import type { BatchPool, SampleBatch } from './sample-batch.ts'
import { NOT_LOGGED } from './series-slots.ts'
import type { LogWriter } from './wal/log-writer.ts'
import type { WindowSet } from './window-set.ts'

/** Samples of one write to the log. More of them wait for the next one, and the event loop turns in between. */
const WRITE_SAMPLES_MAX = 100_000

interface Commit {
  readonly batch: SampleBatch
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: what was committed while a write was under way makes up the next one. A batch is encoded, written, then
 * applied to the windows, and then its commit resolves; batches keep their order throughout.
 */
export class CommitQueue {
  readonly #windows: WindowSet
  readonly #log: LogWriter
  readonly #pool: BatchPool
  readonly #clock: Clock
  #waiting: Commit[] = []
  #running: Promise<void> | undefined
  #closed = false
  /** Samples that turned out, when applied, not to be the next of their series. */
  readonly refused = { outOfOrder: 0, duplicate: 0 }

  constructor(windows: WindowSet, log: LogWriter, pool: BatchPool, clock: Clock) {
    this.#clock = clock
    this.#windows = windows
    this.#log = log
    this.#pool = pool
  }

  /** Takes the batch over. */
  commit(batch: SampleBatch): Promise<void> {
    if (this.#closed) {
      this.rollback(batch)
      return Promise.reject(new CodedError('unavailable', 'the database is closed'))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  rollback(batch: SampleBatch): void {
    this.#windows.forget([batch])
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
      const commits = this.#next()
      try {
        await this.#write(commits)
        const breather = new Breather(this.#clock)
        for (const commit of commits) {
          this.#finish(commit)
          if (breather.isDue()) await breather.rest()
        }
      } catch (error) {
        this.#windows.forget(commits.map(({ batch }) => batch))
        for (const { reject } of commits) reject(error)
      }
      this.#windows.closeOld()
    }
    this.#running = undefined
  }

  #finish({ batch, resolve, reject }: Commit): void {
    try {
      this.#apply(batch)
      this.#pool.giveBack(batch)
      resolve()
    } catch (error) {
      this.#windows.forget([batch])
      reject(error)
    }
  }

  #next(): Commit[] {
    let sampleCount = 0
    let count = 0
    while (count < this.#waiting.length && (count === 0 || sampleCount < WRITE_SAMPLES_MAX))
      sampleCount += this.#waiting[count++].batch.count
    return this.#waiting.splice(0, count)
  }

  async #write(commits: readonly Commit[]): Promise<void> {
    let maxTime: Timestamp = Number.NEGATIVE_INFINITY
    let sampleCount = 0
    for (const { batch } of commits) sampleCount += batch.count
    if (sampleCount === 0) return
    if (this.#log.beginBatch()) this.#windows.slots.forgetLogged()
    const breather = new Breather(this.#clock)
    for (const { batch } of commits) {
      this.#logSeries(batch)
      if (breather.isDue()) await breather.rest()
    }
    for (const { batch } of commits) {
      maxTime = Math.max(maxTime, this.#logSamples(batch))
      if (breather.isDue()) await breather.rest()
    }
    await this.#log.writeBatch(maxTime)
  }

  #logSeries({ slots, times, count }: SampleBatch): void {
    const table = this.#windows.slots
    for (let i = 0; i < count; i++) {
      const slot = slots[i]
      if (table.logIndex(slot) !== NOT_LOGGED) continue
      table.setLogIndex(slot, this.#log.encoder.series(this.#windows.home(slot), table.series(slot), times[i]))
    }
  }

  #logSamples({ slots, times, values, count }: SampleBatch): Timestamp {
    const table = this.#windows.slots
    const encoder = this.#log.encoder
    let maxTime = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) {
      const t = times[i]
      encoder.sample(table.logIndex(slots[i]), t, values[i])
      if (t > maxTime) maxTime = t
    }
    return maxTime
  }

  #apply({ slots, times, values, count }: SampleBatch): void {
    const windows = this.#windows
    for (let i = 0; i < count; i++) {
      const status = windows.apply(slots[i], times[i], values[i])
      if (status === AppendStatus.ok) continue
      if (status === AppendStatus.duplicateTimestamp) this.refused.duplicate++
      else this.refused.outOfOrder++
    }
  }
}
