import { type Env, sleep } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { redactUrl } from '../../base/redact-url.ts'
import type { Labels } from '../../model/labels.ts'
import type { Metadata } from '../../model/metadata.ts'
import type { Timestamp } from '../../model/time.ts'
import type { ExemplarEntries, HistogramEntries, LogPlace, LogReader, LogSink, SampleEntries } from '../../storage/log-reader.ts'
import { BatchSender } from './batch-sender.ts'
import type { Cursor, CursorFile } from './cursor-file.ts'
import { DestinationCounts } from './destination-counts.ts'
import { isBefore, LogMarks } from './log-marks.ts'
import type { MetricMetadataEntry } from './metadata-request.ts'
import { OutgoingSeries, SeriesFate } from './outgoing-series.ts'
import type { RemoteWriteConfig } from './remote-write-config.ts'
import { SendBatch } from './send-batch.ts'
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
export class Destination implements LogSink {
  readonly config: RemoteWriteConfig
  readonly #options: DestinationOptions
  readonly #env: Env
  readonly #counts: DestinationCounts
  readonly #sender: BatchSender
  readonly #place: { readonly remote_name: string; readonly url: string }
  readonly #marks = new LogMarks()
  readonly #shardCount = new ShardCount()
  /** Ends what is under way. */
  readonly #hard = new AbortController()
  #reading = new AbortController()
  #shards: Shard[] = []
  #running: Promise<unknown> = Promise.resolve()
  #table: OutgoingSeries
  #segmentCreated = 0
  /** Entries of the log that were read since the start. */
  #sequence = 0
  #batchId = 0
  readonly #spare: SendBatch[] = []
  /** What a cursor says of single shards, until it is behind us. */
  #resumed: { readonly shards: readonly LogPlace[]; readonly until: LogPlace } | undefined
  /** Shards are changed, and nothing goes to them. */
  #gate: PromiseWithResolvers<void> | undefined
  #blockedBy: Promise<void> = Promise.resolve()
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
    this.#sender = new BatchSender({ env, config, counts: this.#counts, rates: this.#shardCount })
    this.#table = new OutgoingSeries(0, config.relabeling)
  }

  /** Up to where everything is done with. */
  get done(): LogPlace {
    return this.#marks.place(this.#doneSequence)
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
    this.#startShards(this.#resumed?.shards.length ?? Math.min(queue.minShards, SHARDS_MAX))
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
    this.#marks.add(0, place)
    log.keepFrom(key, place.segment)
    if (cursor !== undefined && cursor.shards.length > 0) {
      const until = cursor.shards.reduce((latest, one) => (isBefore(latest, one) ? one : latest))
      if (isBefore(place, until)) this.#resumed = { shards: cursor.shards, until }
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
        this.#spare.push(batch)
      }
      if (isOld(shard.sending)) shard.sending!.isGivenUp = true
    }
    while (!this.#hard.signal.aborted && this.#shards.some(({ sending }) => isOld(sending))) await sleep(this.#env.clock, FLUSH_LOOK_MS)
    let place = this.#marks.place(this.#sequence)
    let lost = 0
    for (const piece of log.pieces()) {
      if (piece.number < place.segment || piece.number >= segment) continue
      if (piece.number > place.segment) place = { segment: piece.number, created: 0, offset: 0, entry: 0 }
      lost += await log.countFrom(place)
    }
    if (place.segment < segment) this.#marks.add(this.#sequence, { segment, created: 0, offset: 0, entry: 0 })
    this.#counts.loseUnread(lost)
    this.#env.log.error('remote write gives up samples: the destination is too far behind', {
      name: this.config.name,
      beforeSegment: segment,
      lost,
    })
    this.#mayRead.resolve()
    await this.#save()
  }

  // What the log tells.

  segment(number: number, created: number): void {
    this.#table = new OutgoingSeries(number, this.config.relabeling)
    this.#segmentCreated = created
    this.#options.metrics.currentSegment.set(this.#place, number)
  }

  series(number: number, labels: Labels): void {
    this.#table.add(number, labels)
  }

  metadata(series: number, metadata: Metadata): void {
    if (this.config.metadata.send) this.#table.describe(series, metadata)
  }

  samples(entries: SampleEntries, offset: number, from: number): Promise<void> | undefined {
    this.#mark(offset, from)
    return this.#takeAll(from, entries.count, (at) => this.#takeSamples(entries, at))
  }

  histograms(entries: HistogramEntries, offset: number, from: number): Promise<void> | undefined {
    this.#mark(offset, from)
    if (!this.config.sendNativeHistograms) {
      this.#sequence += entries.count - from
      return undefined
    }
    return this.#takeAll(from, entries.count, (at) => this.#takeHistograms(entries, at))
  }

  exemplars(entries: ExemplarEntries, offset: number, from: number): Promise<void> | undefined {
    this.#mark(offset, from)
    if (!this.config.sendExemplars) {
      this.#sequence += entries.count - from
      return undefined
    }
    return this.#takeAll(from, entries.count, (at) => this.#takeExemplars(entries, at))
  }

  reached(place: LogPlace): void {
    this.#marks.add(this.#sequence, place)
    this.#marks.forgetBefore(this.#doneSequence)
    this.#options.log.keepFrom(this.config.key, this.done.segment)
    this.#report()
  }

  damage(segment: number, offset: number, reason: string): void {
    this.#options.metrics.damages.inc(this.#place)
    this.#env.log.warn('damage in the log, what it had is not sent', { name: this.config.name, segment, offset, reason })
  }

  #mark(offset: number, entry: number): void {
    const { segment } = this.#table
    this.#marks.add(this.#sequence, { segment, created: this.#segmentCreated, offset, entry })
  }

  /** Takes entries until there is no room; then waits for it. */
  #takeAll(from: number, count: number, take: (at: number) => number): Promise<void> | undefined {
    const at = take(from)
    return at === count ? undefined : this.#takeRest(at, count, take)
  }

  async #takeRest(from: number, count: number, take: (at: number) => number): Promise<void> {
    const { signal } = this.#reading
    for (let at = from; at < count; at = take(at)) {
      this.#report()
      await this.#blockedBy
      if (signal.aborted) return
    }
  }

  /** Takes samples from `from` on; where it stopped for want of room. Hot: once a sample. */
  #takeSamples(entries: SampleEntries, from: number): number {
    if (this.#isClosed()) return from
    const { count, series, times, values, startTimes } = entries
    const table = this.#table
    const { fates, hashes, lastBatches } = table
    const shards = this.#shards
    const minTime = this.#minTime
    const drops = this.#counts.unread.samples
    for (let i = from; i < count; i++) {
      const one = series[i]
      const fate = one < fates.length ? fates[one] : SeriesFate.unknown
      if (fate !== SeriesFate.sent) {
        if (fate === SeriesFate.dropped) drops.dropped_series++
        else drops.unintentionally_dropped_series++
        this.#sequence++
        continue
      }
      if (this.#resumed !== undefined && this.#wasTaken(hashes[one])) {
        this.#sequence++
        continue
      }
      const t = times[i]
      if (t < minTime) {
        drops.too_old++
        this.#sequence++
        continue
      }
      const shard = shards[hashes[one] % shards.length]
      const batch = this.#batchOf(shard, table)
      if (batch === undefined) return i
      batch.push(one, t, values[i], startTimes[i])
      batch.lastSequence = this.#sequence++
      lastBatches[one] = batch.id
      if (batch.isFull && shard.hasRoom) shard.seal()
    }
    return count
  }

  #takeHistograms(entries: HistogramEntries, from: number): number {
    if (this.#isClosed()) return from
    const { count, series, times, startTimes, isFloat, histograms } = entries
    const table = this.#table
    for (let i = from; i < count; i++) {
      const one = series[i]
      const hash = table.hashes[one]
      const fate = table.fate(one)
      const drops = this.#counts.unread.histograms
      const isDone = fate === SeriesFate.sent && this.#resumed !== undefined && this.#wasTaken(hash)
      if (fate !== SeriesFate.sent || isDone || times[i] < this.#minTime) {
        if (fate === SeriesFate.unknown) drops.unintentionally_dropped_series++
        else if (fate === SeriesFate.dropped) drops.dropped_series++
        else if (!isDone) drops.too_old++
        this.#sequence++
        continue
      }
      const shard = this.#shards[hash % this.#shards.length]
      const batch = this.#batchOf(shard, table)
      if (batch === undefined) return i
      batch.pushHistogram(one, times[i], isFloat[i] === 1, histograms[i], startTimes[i])
      batch.lastSequence = this.#sequence++
      table.lastBatches[one] = batch.id
      if (batch.isFull && shard.hasRoom) shard.seal()
    }
    return count
  }

  /** An exemplar goes with the newest sample of its series, where that still waits: a series without samples is none to a strict receiver. */
  #takeExemplars(entries: ExemplarEntries, from: number): number {
    if (this.#isClosed()) return from
    const { count, series, exemplars } = entries
    const table = this.#table
    for (let i = from; i < count; i++) {
      const one = series[i]
      const fate = table.fate(one)
      const drops = this.#counts.unread.exemplars
      const isDone = fate === SeriesFate.sent && this.#resumed !== undefined && this.#wasTaken(table.hashes[one])
      if (fate !== SeriesFate.sent || isDone || exemplars[i].timestamp < this.#minTime) {
        if (fate === SeriesFate.unknown) drops.unintentionally_dropped_series++
        else if (fate === SeriesFate.dropped) drops.dropped_series++
        else if (!isDone) drops.too_old++
        this.#sequence++
        continue
      }
      const shard = this.#shards[table.hashes[one] % this.#shards.length]
      const id = table.lastBatches[one]
      const waiting = shard.queue.find((batch) => batch.id === id && batch.table === table)
      const batch = waiting ?? this.#batchOf(shard, table)
      if (batch === undefined) return i
      batch.exemplars.push({ series: one, exemplar: exemplars[i] })
      if (waiting === undefined) batch.lastSequence = this.#sequence
      this.#sequence++
      if (waiting === undefined && batch.isFull && shard.hasRoom) shard.seal()
    }
    return count
  }

  /** Whether nothing is taken now. */
  #isClosed(): boolean {
    if (this.#gate === undefined) return false
    this.#blockedBy = this.#gate.promise
    return true
  }

  /** The batch that takes the next sample of a shard; undefined when there is no room. */
  #batchOf(shard: Shard, table: OutgoingSeries): SendBatch | undefined {
    let batch = shard.open
    if (batch !== undefined && !batch.isFull && batch.table === table) return batch
    if (batch !== undefined) {
      if (!shard.hasRoom) {
        this.#options.metrics.enqueueRetries.inc(this.#place)
        this.#blockedBy = shard.untilRoom()
        return undefined
      }
      shard.seal()
    }
    batch = this.#spare.pop() ?? new SendBatch(this.config.queue.maxSamplesPerSend)
    batch.open(table, ++this.#batchId, this.#env.clock.monotonic())
    shard.open = batch
    shard.touched()
    return batch
  }

  /** Whether the cursor says of the shard that the entry which is read now was in, that it was taken. */
  #wasTaken(hash: number): boolean {
    const { shards, until } = this.#resumed!
    const place = this.#marks.place(this.#sequence)
    if (!isBefore(place, until)) {
      this.#resumed = undefined
      return false
    }
    return isBefore(place, shards[hash % shards.length])
  }

  get #minTime(): Timestamp {
    const { sampleAgeLimitMs } = this.config.queue
    return sampleAgeLimitMs > 0 ? this.#env.clock.now() - sampleAgeLimitMs : Number.NEGATIVE_INFINITY
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
        await this.#options.log.follow(this.#marks.place(this.#sequence), this, AbortSignal.any([hard, this.#reading.signal]))
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
    if (this.#gate !== undefined) {
      // Who waits for it looks at the signal.
      this.#gate.resolve()
      this.#gate = Promise.withResolvers()
    }
    for (const shard of this.#shards) shard.letGo()
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
          this.#sequence,
        ),
    )
    if (this.#isFlushing) for (const shard of this.#shards) shard.flush()
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
    if (this.#spare.length < this.#shards.length) this.#spare.push(batch)
    await this.#save()
  }

  // Where it is.

  get #doneSequence(): number {
    let done = this.#sequence
    for (const shard of this.#shards) if (!shard.isIdle) done = Math.min(done, shard.doneSequence)
    return done
  }

  #cursor(): Cursor {
    const place = this.done
    const resumed = this.#resumed?.shards
    const shards = this.#shards.map((shard, i) => {
      const done = this.#marks.place(shard.isIdle ? this.#sequence : shard.doneSequence)
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
    this.#marks.forgetBefore(this.#doneSequence)
    this.#options.log.keepFrom(this.config.key, this.done.segment)
    this.#report()
    await this.#options.cursorFile.save(() => this.#cursor())
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
    let readBefore = this.#sequence
    while (!hard.aborted) {
      await sleep(this.#env.clock, SHARD_UPDATE_MS, hard)
      if (hard.aborted) return
      this.#shardCount.read.add(this.#sequence - readBefore)
      readBefore = this.#sequence
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
    if (count === before || this.#isFlushing || this.#resumed !== undefined) return
    // Who takes nothing is not helped by more shards. Source: Prometheus storage/remote/queue_manager.go, shouldReshard.
    if (this.#sender.lastSendAt < this.#env.clock.monotonic() - 2 * queue.batchSendDeadlineMs) return
    this.#gate = Promise.withResolvers()
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
    this.#gate.resolve()
    this.#gate = undefined
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
      const read = this.#marks.place(this.#sequence)
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
