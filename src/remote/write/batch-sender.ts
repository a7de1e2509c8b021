import { type Env, sleep } from '../../base/env.ts'
import { SnappyEncoder } from '../../base/snappy-encoder.ts'
import { type Counts, countsOf, type DestinationCounts } from './destination-counts.ts'
import { BatchEncoder, type MessageVersion, type RequestCounts } from './encode-batch.ts'
import { encodeMetadata, type MetricMetadataEntry } from './metadata-request.ts'
import type { RemoteWriteConfig } from './remote-write-config.ts'
import type { SendBatch } from './send-batch.ts'
import type { ShardCount } from './shard-count.ts'
import { type SendOutcome, WriteClient } from './write-client.ts'

/** What is said of failures is said at most so often. */
const LOG_INTERVAL_MS = 10_000

export interface BatchSenderOptions {
  readonly env: Env
  readonly config: RemoteWriteConfig
  readonly counts: DestinationCounts
  readonly rates: ShardCount
}

/** Sends batches to one destination, each for as long as it may still go through. */
export class BatchSender {
  readonly #options: BatchSenderOptions
  readonly #client: WriteClient
  readonly #encoder = new BatchEncoder()
  readonly #snappy = new SnappyEncoder()
  #version: MessageVersion
  #loggedAt = Number.NEGATIVE_INFINITY
  /** The last request came to nothing. */
  isFailing = false
  /** Of the monotonic clock: when one came to something. */
  lastSendAt = Number.NEGATIVE_INFINITY
  /** Time of the newest sample that was taken; 0: none was. */
  highestSent = 0

  constructor(options: BatchSenderOptions) {
    this.#options = options
    this.#client = new WriteClient(options.env, options.config)
    this.#version = options.config.version
  }

  /** Resolves when the batch was taken, was refused for good, or is given up; with false when `signal` aborts before. */
  async deliver(batch: SendBatch, signal: AbortSignal): Promise<boolean> {
    const { env, config, counts } = this.#options
    const { queue } = config
    let body: { readonly bytes: Uint8Array; readonly version: MessageVersion } | undefined
    let backoffMs = queue.minBackoffMs
    for (let attempt = 0; ; attempt++) {
      if (batch.isGivenUp) {
        counts.lose(batch)
        return true
      }
      if (attempt > 0 && queue.sampleAgeLimitMs > 0) {
        const { floats, histograms } = batch.dropBefore(env.clock.now() - queue.sampleAgeLimitMs)
        if (floats + histograms > 0) {
          counts.drop('too_old', { samples: floats, histograms, exemplars: 0 })
          body = undefined
        }
      }
      if (batch.isEmpty) return true
      // Of its own: other shards encode theirs while it is on its way.
      if (body === undefined || body.version !== this.#version)
        body = { bytes: this.#snappy.encode(this.#encoder.encode(batch, this.#version)).slice(), version: this.#version }
      const outcome = await this.#send(body.bytes, body.version, attempt, signal)
      if (outcome.kind === 'taken') {
        this.#taken(batch, body, outcome.written)
        return true
      }
      if (outcome.kind === 'refused') {
        if (outcome.status === 415 && body.version === 2) {
          this.#fallBack(outcome.error)
          continue
        }
        this.#refused(batch, outcome)
        return true
      }
      this.isFailing = true
      if (signal.aborted) return false
      counts.add('retried', countsOf(batch))
      this.#say('remote write is tried again', outcome.error)
      await this.#wait(outcome.waitMs > 0 ? outcome.waitMs : backoffMs * (0.75 + 0.5 * env.random.next()), batch, signal)
      backoffMs = Math.min(queue.maxBackoffMs, 2 * Math.max(outcome.waitMs, backoffMs))
      if (signal.aborted) return false
    }
  }

  /** Tells 1.0 what is known of metrics, again and again, until the signal aborts. In 2.0 it goes with the series. */
  async sendMetadata(metadata: () => Iterable<MetricMetadataEntry>, signal: AbortSignal): Promise<void> {
    const { sendIntervalMs, maxSamplesPerSend } = this.#options.config.metadata
    while (!signal.aborted) {
      await sleep(this.#options.env.clock, sendIntervalMs, signal)
      if (signal.aborted || this.#version === 2) continue
      const entries = [...metadata()]
      for (let at = 0; at < entries.length && !signal.aborted; at += maxSamplesPerSend)
        await this.#sendMetadataOf(entries.slice(at, at + maxSamplesPerSend), signal)
    }
  }

  async #sendMetadataOf(entries: readonly MetricMetadataEntry[], signal: AbortSignal): Promise<void> {
    const { env, config, counts } = this.#options
    const { metrics, place } = counts
    const body = this.#snappy.encode(encodeMetadata(entries)).slice()
    let backoffMs = config.queue.minBackoffMs
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#client.send(body, 1, attempt, signal)
      if (outcome.kind === 'taken') {
        metrics.sent.metadata.inc(place, entries.length)
        metrics.metadataBytes.inc(place, body.length)
        return
      }
      if (outcome.kind === 'refused') {
        metrics.failed.metadata.inc(place, entries.length)
        this.#say('remote write of metadata was refused', outcome.error)
        return
      }
      if (signal.aborted) return
      metrics.retried.metadata.inc(place, entries.length)
      await sleep(env.clock, outcome.waitMs > 0 ? outcome.waitMs : backoffMs, signal)
      if (signal.aborted) return
      backoffMs = Math.min(config.queue.maxBackoffMs, 2 * backoffMs)
    }
  }

  /** The wait between two tries. What is given up meanwhile does not wait any longer than a second. */
  async #wait(waitMs: number, batch: SendBatch, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.env
    const until = clock.monotonic() + waitMs
    while (!batch.isGivenUp && !signal.aborted && clock.monotonic() < until)
      await sleep(clock, Math.min(1000, until - clock.monotonic()), signal)
  }

  async #send(body: Uint8Array, version: MessageVersion, attempt: number, signal: AbortSignal): Promise<SendOutcome> {
    const { env, counts, rates } = this.#options
    const start = env.clock.monotonic()
    const outcome = await this.#client.send(body, version, attempt, signal)
    const seconds = (env.clock.monotonic() - start) / 1000
    counts.metrics.duration.observe(counts.place, seconds)
    rates.seconds.add(seconds)
    return outcome
  }

  #taken(
    batch: SendBatch,
    { bytes, version }: { readonly bytes: Uint8Array; readonly version: MessageVersion },
    written: RequestCounts | undefined,
  ): void {
    const { counts } = this.#options
    const sent = this.#answered(batch)
    counts.metrics.bytes.inc(counts.place, bytes.length)
    this.highestSent = Math.max(this.highestSent, batch.maxTime)
    if (version === 1) return
    // Source: the remote write 2.0 specification: without the headers nothing was written, as by a receiver that knows 1.0 alone and did not look.
    const left = missing(sent, written ?? NOTHING)
    if (left.samples + left.histograms + left.exemplars === 0) return
    counts.add('failed', left)
    this.#say(
      written === undefined ? 'remote write was answered without saying what was written' : 'remote write was taken in part',
      `sent ${countsText(sent)}, written ${countsText(written ?? NOTHING)}`,
    )
  }

  #refused(batch: SendBatch, { error, written }: { readonly error: string; readonly written: RequestCounts | undefined }): void {
    this.#options.counts.add('failed', missing(this.#answered(batch), written ?? NOTHING))
    this.#say('remote write was refused', error)
  }

  /** A request came to something, whatever that is. */
  #answered(batch: SendBatch): Counts {
    const { env, counts, rates } = this.#options
    const sent = countsOf(batch)
    this.isFailing = false
    this.lastSendAt = env.clock.monotonic()
    counts.add('sent', sent)
    rates.sent.add(sent.samples + sent.histograms + sent.exemplars)
    return sent
  }

  /** Source: the remote write 2.0 specification, content negotiation: what does not take 2.0 says 415. */
  #fallBack(error: string): void {
    const { env, config, counts } = this.#options
    if (this.#version === 1) return
    this.#version = 1
    counts.metrics.fellBack.set(counts.place, 1)
    env.log.warn('remote write 2.0 is not taken, 1.0 is sent from now on', { name: config.name, error })
  }

  #say(message: string, error: string): void {
    const { env, config, counts } = this.#options
    const now = env.clock.monotonic()
    if (now - this.#loggedAt < LOG_INTERVAL_MS) return
    this.#loggedAt = now
    env.log.warn(message, { name: config.name, url: counts.place.url, error })
  }
}

const NOTHING: RequestCounts = { samples: 0, histograms: 0, exemplars: 0 }

function missing(sent: Counts, written: RequestCounts): Counts {
  return {
    samples: Math.max(0, sent.samples - written.samples),
    histograms: Math.max(0, sent.histograms - written.histograms),
    exemplars: Math.max(0, sent.exemplars - written.exemplars),
  }
}

function countsText({ samples, histograms, exemplars }: RequestCounts): string {
  return `${samples} samples, ${histograms} histograms, ${exemplars} exemplars`
}
