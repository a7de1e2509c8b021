import type { Env } from '../../base/env.ts'
import type { Labels } from '../../model/labels.ts'
import type { Metadata } from '../../model/metadata.ts'
import type { Timestamp } from '../../model/time.ts'
import type { ExemplarEntries, HistogramEntries, LogPlace, LogSink, SampleEntries } from '../../storage/log-reader.ts'
import type { DestinationCounts } from './destination-counts.ts'
import { isBefore, LogMarks } from './log-marks.ts'
import { OutgoingSeries, SeriesFate } from './outgoing-series.ts'
import type { RemoteWriteConfig } from './remote-write-config.ts'
import { SendBatch } from './send-batch.ts'
import type { Shard } from './shard.ts'

export interface IntakeOptions {
  readonly env: Env
  readonly config: RemoteWriteConfig
  readonly counts: DestinationCounts
  /** All there is was read, or there is no room. */
  readonly onPause: () => void
}

/** Takes what the log tells into the batches of the shards that it belongs to. Who has no room makes the log wait. */
export class Intake implements LogSink {
  readonly #env: Env
  readonly #config: RemoteWriteConfig
  readonly #counts: DestinationCounts
  readonly #onPause: () => void
  readonly marks = new LogMarks()
  /** Entries of the log that were read since the start. */
  sequence = 0
  shards: readonly Shard[] = []
  /** What a cursor says of single shards, until it is behind us. */
  resumed: { readonly shards: readonly LogPlace[]; readonly until: LogPlace } | undefined
  /** How often reading was stopped. */
  stops = 0
  #table: OutgoingSeries
  #segmentCreated = 0
  #batchId = 0
  readonly #spare: SendBatch[] = []
  /** Shards are changed, and nothing goes to them. */
  #gate: PromiseWithResolvers<void> | undefined
  #blockedBy: Promise<void> = Promise.resolve()

  constructor({ env, config, counts, onPause }: IntakeOptions) {
    this.#env = env
    this.#config = config
    this.#counts = counts
    this.#onPause = onPause
    this.#table = new OutgoingSeries(0, config.relabeling)
  }

  /** Nothing is taken until `open`. */
  close(): void {
    this.#gate = Promise.withResolvers()
  }

  open(): void {
    this.#gate?.resolve()
    this.#gate = undefined
  }

  /** What is told now is not taken to its end: it will be told again from where it was. */
  stop(): void {
    this.stops++
    for (const shard of this.shards) shard.letGo()
    if (this.#gate === undefined) return
    this.#gate.resolve()
    this.close()
  }

  /** A batch that nobody needs any more. */
  giveBack(batch: SendBatch): void {
    if (this.#spare.length < this.shards.length) this.#spare.push(batch)
  }

  segment(number: number, created: number): void {
    this.#table = new OutgoingSeries(number, this.#config.relabeling)
    this.#segmentCreated = created
    this.#counts.metrics.currentSegment.set(this.#counts.place, number)
  }

  series(number: number, labels: Labels): void {
    this.#table.add(number, labels)
  }

  metadata(series: number, metadata: Metadata): void {
    if (this.#config.metadata.send) this.#table.describe(series, metadata)
  }

  samples(entries: SampleEntries, offset: number, from: number): Promise<void> | undefined {
    this.#mark(offset, from)
    return this.#takeAll(from, entries.count, (at) => this.#takeSamples(entries, at))
  }

  histograms(entries: HistogramEntries, offset: number, from: number): Promise<void> | undefined {
    this.#mark(offset, from)
    if (!this.#config.sendNativeHistograms) {
      this.sequence += entries.count - from
      return undefined
    }
    return this.#takeAll(from, entries.count, (at) => this.#takeHistograms(entries, at))
  }

  exemplars(entries: ExemplarEntries, offset: number, from: number): Promise<void> | undefined {
    this.#mark(offset, from)
    if (!this.#config.sendExemplars) {
      this.sequence += entries.count - from
      return undefined
    }
    return this.#takeAll(from, entries.count, (at) => this.#takeExemplars(entries, at))
  }

  reached(place: LogPlace): void {
    this.marks.add(this.sequence, place)
    this.#onPause()
  }

  damage(segment: number, offset: number, reason: string): void {
    this.#counts.metrics.damages.inc(this.#counts.place)
    this.#env.log.warn('damage in the log, what it had is not sent', { name: this.#config.name, segment, offset, reason })
  }

  #mark(offset: number, entry: number): void {
    const { segment } = this.#table
    this.marks.add(this.sequence, { segment, created: this.#segmentCreated, offset, entry })
  }

  /** Takes entries until there is no room; then waits for it. */
  #takeAll(from: number, count: number, take: (at: number) => number): Promise<void> | undefined {
    const at = take(from)
    return at === count ? undefined : this.#takeRest(at, count, take)
  }

  async #takeRest(from: number, count: number, take: (at: number) => number): Promise<void> {
    const { stops } = this
    for (let at = from; at < count; at = take(at)) {
      this.#onPause()
      await this.#blockedBy
      if (stops !== this.stops) return
    }
  }

  /** Takes samples from `from` on; where it stopped for want of room. Hot: once a sample. */
  #takeSamples(entries: SampleEntries, from: number): number {
    if (this.#isClosed()) return from
    const { count, series, times, values, startTimes } = entries
    const table = this.#table
    const { fates, hashes, lastBatches } = table
    const shards = this.shards
    const minTime = this.#minTime
    const drops = this.#counts.unread.samples
    for (let i = from; i < count; i++) {
      const one = series[i]
      const fate = one < fates.length ? fates[one] : SeriesFate.unknown
      if (fate !== SeriesFate.sent) {
        if (fate === SeriesFate.dropped) drops.dropped_series++
        else drops.unintentionally_dropped_series++
        this.sequence++
        continue
      }
      if (this.resumed !== undefined && this.#wasTaken(hashes[one])) {
        this.sequence++
        continue
      }
      const t = times[i]
      if (t < minTime) {
        drops.too_old++
        this.sequence++
        continue
      }
      const shard = shards[hashes[one] % shards.length]
      const batch = this.#batchOf(shard, table)
      if (batch === undefined) return i
      batch.push(one, t, values[i], startTimes[i])
      batch.lastSequence = this.sequence++
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
      const isDone = fate === SeriesFate.sent && this.resumed !== undefined && this.#wasTaken(hash)
      if (fate !== SeriesFate.sent || isDone || times[i] < this.#minTime) {
        if (fate === SeriesFate.unknown) drops.unintentionally_dropped_series++
        else if (fate === SeriesFate.dropped) drops.dropped_series++
        else if (!isDone) drops.too_old++
        this.sequence++
        continue
      }
      const shard = this.shards[hash % this.shards.length]
      const batch = this.#batchOf(shard, table)
      if (batch === undefined) return i
      batch.pushHistogram(one, times[i], isFloat[i] === 1, histograms[i], startTimes[i])
      batch.lastSequence = this.sequence++
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
      const isDone = fate === SeriesFate.sent && this.resumed !== undefined && this.#wasTaken(table.hashes[one])
      if (fate !== SeriesFate.sent || isDone || exemplars[i].timestamp < this.#minTime) {
        if (fate === SeriesFate.unknown) drops.unintentionally_dropped_series++
        else if (fate === SeriesFate.dropped) drops.dropped_series++
        else if (!isDone) drops.too_old++
        this.sequence++
        continue
      }
      const shard = this.shards[table.hashes[one] % this.shards.length]
      const id = table.lastBatches[one]
      const waiting = shard.queue.find((batch) => batch.id === id && batch.table === table)
      const batch = waiting ?? this.#batchOf(shard, table)
      if (batch === undefined) return i
      batch.exemplars.push({ series: one, exemplar: exemplars[i] })
      if (waiting === undefined) batch.lastSequence = this.sequence
      this.sequence++
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
        this.#counts.metrics.enqueueRetries.inc(this.#counts.place)
        this.#blockedBy = shard.untilRoom()
        return undefined
      }
      shard.seal()
    }
    batch = this.#spare.pop() ?? new SendBatch(this.#config.queue.maxSamplesPerSend)
    batch.open(table, ++this.#batchId, this.#env.clock.monotonic())
    shard.open = batch
    shard.touched()
    return batch
  }

  /** Whether the cursor says of the shard that the entry which is read now was in, that it was taken. */
  #wasTaken(hash: number): boolean {
    const { shards, until } = this.resumed!
    const place = this.marks.place(this.sequence)
    if (!isBefore(place, until)) {
      this.resumed = undefined
      return false
    }
    return isBefore(place, shards[hash % shards.length])
  }

  get #minTime(): Timestamp {
    const { sampleAgeLimitMs } = this.#config.queue
    return sampleAgeLimitMs > 0 ? this.#env.clock.now() - sampleAgeLimitMs : Number.NEGATIVE_INFINITY
  }
}
