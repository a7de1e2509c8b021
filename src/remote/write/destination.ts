import { type Env, sleep } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { redactUrl } from '../../base/redact-url.ts'
import type { LogPlace, LogReader } from '../../storage/log-reader.ts'
import { BatchSender } from './batch-sender.ts'
import type { Cursor, CursorFile } from './cursor-file.ts'
import { DestinationCounts } from './destination-counts.ts'
import { Intake } from './intake.ts'
import { isBefore } from './log-marks.ts'
import type { MetricMetadataEntry } from './metadata-request.ts'
import type { RemoteWriteConfig } from './remote-write-config.ts'
import type { SendBatch } from './send-batch.ts'
import { Shard } from './shard.ts'
import { SHARD_UPDATE_MS, ShardCount } from './shard-count.ts'
import type { OutMetrics } from './write-metrics-out.ts'

// 1. The cursor never passes an entry that was not taken, refused for good, or dropped and counted: what is behind it is read again after a
//    restart, but for what the cursor says of single shards.
// 2. A shard sends one request at a time, and the next one when the cursor says of the last that it was taken. So what a kill makes be sent
//    twice is what was under way.
// 3. Who has no room makes the reader wait. What waits is in the log, and not in memory.

/** What the disk did not let us read is tried again. */
const READ_AGAIN_MS = 5000
/** How often a stop looks whether all is sent. */
const FLUSH_LOOK_MS = 20
/** How long requests under way may take when the configuration has changed. */
const LEAVE_MS = 5000
/** What a cursor has room for. */
const SHARDS_MAX = 256

export interface DestinationOptions {
  readonly env: Env
  readonly config: RemoteWriteConfig
  readonly log: LogReader
  readonly cursorFile: CursorFile
  /** It is configured since the start of the process: what was written since then is for it as well. */
  readonly isSinceStart: boolean
  readonly metrics: OutMetrics
  /** How long a stop waits for what is there to be taken. */
  readonly flushDeadlineMs: number
  /** What is known of metrics; for 1.0. */
  metadata(): Iterable<MetricMetadataEntry>
}

/** Follows the log from where it was left, and sends what comes. */
export class Destination {
  readonly config: RemoteWriteConfig
  readonly #options: DestinationOptions
  readonly #env: Env
  readonly #counts: DestinationCounts
  readonly #sender: BatchSender
  readonly #intake: Intake
  readonly #place: { readonly remote_name: string; readonly url: string }
  readonly #shardCount = new ShardCount()
  /** Ends what is under way. */
  readonly #hard = new AbortController()
  #reading = new AbortController()
  #shards: Shard[] = []
  #running: Promise<unknown> = Promise.resolve()
  #isFlushing = false
  #isLeaving = false
  /** Segments before it are given up. */
  #givenUpBefore = 0
  #highestRead = 0

  constructor(options: DestinationOptions) {
    const { env, config } = options
    this.#options = options
    this.config = config
    this.#env = env
    this.#place = { remote_name: config.name, url: redactUrl(config.url) }
    this.#counts = new DestinationCounts(options.metrics, this.#place)
    this.#intake = new Intake({ env, config, counts: this.#counts, onPause: () => this.#pause() })
    this.#sender = new BatchSender({ env, config, counts: this.#counts, rates: this.#shardCount })
  }

  /** Up to where everything is done with. */
  get done(): LogPlace {
    return this.#intake.marks.place(this.#doneSequence)
  }

  /** Runs until `signal` aborts, and then until what is there is taken, as long as the receiver takes it. Does not reject. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { cursorFile, metrics } = this.#options
    const { queue, name } = this.config
    metrics.open(this.#place)
    metrics.shardsMin.set(this.#place, queue.minShards)
    metrics.shardsMax.set(this.#place, queue.maxShards)
    metrics.shardCapacity.set(this.#place, queue.capacity)
    metrics.maxSamplesPerSend.set(this.#place, queue.maxSamplesPerSend)
    try {
      await this.#resume(signal)
    } catch (error) {
      if (!signal.aborted) throw error
      metrics.forget(this.#place)
      return
    }
    ready()
    // What a cursor says of shards is said of as many.
    this.#startShards(this.#intake.resumed?.shards.length ?? Math.min(queue.minShards, SHARDS_MAX))
    const reading = this.#read()
    const ticking = this.#tick()
    const telling = this.config.metadata.send
      ? this.#sender.sendMetadata(() => this.#options.metadata(), this.#hard.signal)
      : Promise.resolve()
    await untilAborted(signal)
    await (this.#isLeaving ? this.#finishRequests() : this.#flush())
    this.#hard.abort()
    this.#stopReading()
    await Promise.all([reading, ticking, telling, this.#running])
    await cursorFile.save(() => this.#cursor())
    await cursorFile.close()
    this.#env.log.info('remote write stopped', { name, segment: this.done.segment, offset: this.done.offset })
    metrics.forget(this.#place)
  }

  async #resume(signal: AbortSignal): Promise<void> {
    const { log, cursorFile } = this.#options
    const { name, key } = this.config
    const cursor = await cursorFile.load()
    const place = cursor?.place ?? (await (this.#options.isSinceStart ? log.start(signal) : log.end(signal)))
    this.#intake.marks.add(0, place)
    log.keepFrom(key, place.segment)
    if (cursor !== undefined && cursor.shards.length > 0) {
      const until = cursor.shards.reduce((latest, one) => (isBefore(latest, one) ? one : latest))
      if (isBefore(place, until)) this.#intake.resumed = { shards: cursor.shards, until }
    }
    if (cursor === undefined) await cursorFile.save(() => this.#cursor())
    const { segment, offset } = place
    this.#env.log.info('remote write begins', { name, segment, offset, isNew: cursor === undefined })
  }

  /** `run` ends without sending what waits: it is not configured any more, or in another way. To be called before its signal aborts. */
  leave(): void {
    this.#isLeaving = true
  }

  /** Gives up what is in segments before this one. Resolves when it is counted. */
  async giveUpBefore(segment: number): Promise<void> {
    const { log } = this.#options
    if (segment <= this.#givenUpBefore) return
    this.#givenUpBefore = segment
    this.#stopReading()
    await this.#readingEnded
    // First what waits in memory, since it is older than what is still to be read.
    const isOld = (batch: SendBatch | undefined) => batch !== undefined && batch.table!.segment < segment
    for (const shard of this.#shards) {
      for (const batch of shard.take(isOld)) {
        this.#counts.lose(batch)
        this.#intake.giveBack(batch)
      }
      if (isOld(shard.sending)) shard.sending!.isGivenUp = true
    }
    while (!this.#hard.signal.aborted && this.#shards.some(({ sending }) => isOld(sending))) await sleep(this.#env.clock, FLUSH_LOOK_MS)
    let place = this.#intake.marks.place(this.#intake.sequence)
    let lost = 0
    for (const piece of log.pieces()) {
      if (piece.number < place.segment || piece.number >= segment) continue
      if (piece.number > place.segment) place = { segment: piece.number, created: 0, offset: 0, entry: 0 }
      lost += await log.countFrom(place)
    }
    if (place.segment < segment) this.#intake.marks.add(this.#intake.sequence, { segment, created: 0, offset: 0, entry: 0 })
    this.#counts.loseUnread(lost)
    this.#env.log.error('remote write gives up samples: the destination is too far behind', {
      name: this.config.name,
      beforeSegment: segment,
      lost,
    })
    this.#mayRead.resolve()
    await this.#save()
  }

  // Reading.

  #readingEnded: Promise<void> = Promise.resolve()
  #mayRead = Promise.withResolvers<void>()

  async #read(): Promise<void> {
    const hard = this.#hard.signal
    while (!hard.aborted) {
      const { promise: ended, resolve } = Promise.withResolvers<void>()
      this.#readingEnded = ended
      this.#mayRead = Promise.withResolvers()
      try {
        await this.#options.log.follow(
          this.#intake.marks.place(this.#intake.sequence),
          this.#intake,
          AbortSignal.any([hard, this.#reading.signal]),
        )
      } catch (error) {
        if (!hard.aborted && !this.#reading.signal.aborted) {
          this.#env.log.error('log not read for remote write', {
            name: this.config.name,
            error: errorMessage(error),
            retryMs: READ_AGAIN_MS,
          })
          await sleep(this.#env.clock, READ_AGAIN_MS, hard)
        }
      }
      resolve()
      if (hard.aborted || !this.#reading.signal.aborted) continue
      await Promise.race([this.#mayRead.promise, untilAborted(hard)])
      this.#reading = new AbortController()
    }
  }

  #stopReading(): void {
    this.#reading.abort()
    this.#intake.stop()
  }

  // Sending.

  #startShards(count: number): void {
    const { queue } = this.config
    this.#shards = Array.from(
      { length: count },
      () =>
        new Shard(
          {
            clock: this.#env.clock,
            queueMax: Math.max(1, Math.floor(queue.capacity / queue.maxSamplesPerSend)),
            deadlineMs: queue.batchSendDeadlineMs,
            deliver: (batch, shard) => this.#deliver(batch, shard),
          },
          this.#intake.sequence,
        ),
    )
    if (this.#isFlushing) for (const shard of this.#shards) shard.flush()
    this.#intake.shards = this.#shards
    this.#running = Promise.all(this.#shards.map((shard) => shard.run(this.#shardsEnd())))
    this.#options.metrics.shards.set(this.#place, count)
  }

  #endShards = new AbortController()

  #shardsEnd(): AbortSignal {
    return AbortSignal.any([this.#hard.signal, this.#endShards.signal])
  }

  async #deliver(batch: SendBatch, shard: Shard): Promise<void> {
    if (!(await this.#sender.deliver(batch, this.#hard.signal))) return
    shard.sending = undefined
    shard.doneSequence = batch.lastSequence + 1
    this.#intake.giveBack(batch)
    await this.#save()
  }

  // Where it is.

  get #doneSequence(): number {
    let done = this.#intake.sequence
    for (const shard of this.#shards) if (!shard.isIdle) done = Math.min(done, shard.doneSequence)
    return done
  }

  #cursor(): Cursor {
    const place = this.done
    const resumed = this.#intake.resumed?.shards
    const shards = this.#shards.map((shard, i) => {
      const done = this.#intake.marks.place(shard.isIdle ? this.#intake.sequence : shard.doneSequence)
      return resumed !== undefined && isBefore(done, resumed[i]) ? resumed[i] : done
    })
    return {
      key: this.config.key,
      name: this.config.name,
      url: this.#place.url,
      savedTime: this.#env.clock.now(),
      place,
      shards: shards.some((one) => isBefore(place, one)) ? shards : [],
    }
  }

  async #save(): Promise<void> {
    this.#intake.marks.forgetBefore(this.#doneSequence)
    this.#options.log.keepFrom(this.config.key, this.done.segment)
    this.#report()
    await this.#options.cursorFile.save(() => this.#cursor())
  }

  /** All there is was read, or there is no room. */
  #pause(): void {
    this.#intake.marks.forgetBefore(this.#doneSequence)
    this.#options.log.keepFrom(this.config.key, this.done.segment)
    this.#report()
  }

  /** Counts of what was dropped and of what waits, and how far it is. */
  #report(): void {
    const { metrics } = this.#options
    this.#shardCount.dropped.add(this.#counts.tellDrops())
    const waiting = this.#shards.flatMap(({ open, sending, queue }) => [open, sending, ...queue]).filter((batch) => batch !== undefined)
    this.#counts.wait(waiting)
    for (const { maxTime } of waiting) if (maxTime > this.#highestRead) this.#highestRead = maxTime
    const { highestSent } = this.#sender
    if (highestSent > 0) metrics.highestSent.set(this.#place, highestSent / 1000)
    if (this.#highestRead > 0) metrics.highestRead.set(this.#place, this.#highestRead / 1000)
  }

  // Beside.

  async #tick(): Promise<void> {
    const hard = this.#hard.signal
    let readBefore = this.#intake.sequence
    while (!hard.aborted) {
      await sleep(this.#env.clock, SHARD_UPDATE_MS, hard)
      if (hard.aborted) return
      this.#shardCount.read.add(this.#intake.sequence - readBefore)
      readBefore = this.#intake.sequence
      this.#report()
      await this.#reshard()
    }
  }

  async #reshard(): Promise<void> {
    const { log, metrics } = this.#options
    const { queue } = this.config
    const newest = Math.max(0, ...log.pieces().map(({ maxTime }) => (Number.isFinite(maxTime) ? maxTime : 0)))
    const behindSeconds = this.#sender.highestSent === 0 ? 0 : (newest - this.#sender.highestSent) / 1000
    const before = this.#shards.length
    const bounds = { minShards: queue.minShards, maxShards: Math.min(queue.maxShards, SHARDS_MAX) }
    const { desired, count } = this.#shardCount.next(before, behindSeconds, bounds)
    metrics.shardsDesired.set(this.#place, desired)
    if (count === before || this.#isFlushing || this.#intake.resumed !== undefined) return
    // Who takes nothing is not helped by more shards. Source: Prometheus storage/remote/queue_manager.go, shouldReshard.
    if (this.#sender.lastSendAt < this.#env.clock.monotonic() - 2 * queue.batchSendDeadlineMs) return
    this.#intake.close()
    for (const shard of this.#shards) shard.flush()
    while (!this.#hard.signal.aborted && this.#shards.some((shard) => !shard.isIdle))
      await sleep(this.#env.clock, FLUSH_LOOK_MS, this.#hard.signal)
    if (!this.#hard.signal.aborted) {
      this.#endShards.abort()
      await this.#running
      this.#endShards = new AbortController()
      this.#startShards(count)
      this.#env.log.info('remote write resharded', { name: this.config.name, from: before, to: count })
    }
    this.#intake.open()
  }

  /** What is under way comes to its end, if that does not take long; another one goes on from there. */
  async #finishRequests(): Promise<void> {
    this.#endShards.abort()
    if (this.#sender.isFailing) return
    const over = new AbortController()
    await Promise.race([this.#running, sleep(this.#env.clock, LEAVE_MS, over.signal)])
    over.abort()
  }

  /** Until all that is there is taken, the receiver takes nothing, or the time is over. What is left is sent after the next start. */
  async #flush(): Promise<void> {
    const { clock } = this.#env
    const { log, flushDeadlineMs } = this.#options
    const deadline = clock.monotonic() + flushDeadlineMs
    this.#isFlushing = true
    for (const shard of this.#shards) shard.flush()
    if (log.pieces().length === 0) return
    const end = await log.end(this.#hard.signal)
    while (clock.monotonic() < deadline && !this.#sender.isFailing) {
      const read = this.#intake.marks.place(this.#intake.sequence)
      if (!isBefore(read, end) && this.#shards.every((shard) => shard.isIdle)) return
      await sleep(clock, FLUSH_LOOK_MS)
    }
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
