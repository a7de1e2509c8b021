import { Breather } from '../base/breather.ts'
import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { SnappyDecoder, SnappyError } from '../base/snappy-block.ts'
import type { Timestamp } from '../model/time.ts'
import type { Appendable, Appender } from '../storage/appender.ts'
import { messageOf, refuseContentEncoding, WRITE_MESSAGES, type WriteMessage } from './content-type.ts'
import { decodeV1 } from './decode-v1.ts'
import { decodeV2 } from './decode-v2.ts'
import { LabelRefCache } from './label-ref-cache.ts'
import { LastStartTimes } from './last-start-times.ts'
import { MetricMetadata } from './metric-metadata.ts'
import { WireReader } from './wire-reader.ts'
import { WriteBatch } from './write-batch.ts'
import { WriteColumns } from './write-columns.ts'
import { MalformedRequest } from './write-labels.ts'
import { WriteMetrics } from './write-metrics.ts'
import { WriteSymbols } from './write-symbols.ts'

/** Largest request as sent, and as decoded. Senders make requests of some 100 kB. */
export const WRITE_BODY_BYTES_MAX = 32 * 1024 * 1024
const DECODED_BYTES_MAX = 32 * 1024 * 1024

/** Series whose labels are remembered: 28 bytes each, in tables at most half full. */
const REMEMBERED_SERIES_MAX = 2_000_000

/** Samples further ahead of our clock are refused: one wrong clock would else close a series for all others. Source: Prometheus storage/remote/write_handler.go, maxAheadTime. */
const AHEAD_MS_MAX = 10 * 60 * 1000

/** Metadata of metrics that were not known makes all series be looked up again, at most so often. */
const FORGET_INTERVAL_MS = 60_000
/** What was refused, and what was not stored, is logged at most so often. */
const LOG_INTERVAL_MS = 10_000

export interface WriteInput {
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly body: Uint8Array
}

/** 204 without text; else why not all was taken. 4xx: never send it again; 5xx: send it again. */
export interface WriteOutcome {
  readonly status: number
  readonly text: string | undefined
  /** How much was stored, which 2.0 wants to know. */
  readonly headers: Readonly<Record<string, string>>
}

export interface WriteReceiverOptions {
  readonly env: Env
  readonly appendable: Appendable
  /** Messages that are taken; all when it is not said. */
  readonly acceptedMessages?: readonly WriteMessage[]
  /** Whether a sample of value zero is stored where counting began. */
  readonly zeroSamples?: boolean
  /** Whether type and unit of a metric of 2.0 become labels of its series. */
  readonly typeAndUnitLabels?: boolean
}

/**
 * Takes remote write requests, 1.0 and 2.0. What can be stored is stored, also beside parts that cannot: an answer 400 says why.
 * docs/protocols/remote-write.md says how that differs from upstream.
 */
export class WriteReceiver {
  readonly #env: Env
  readonly #appendable: Appendable
  readonly #acceptedMessages: readonly WriteMessage[]
  readonly #snappy = new SnappyDecoder(DECODED_BYTES_MAX)
  readonly #reader = new WireReader()
  readonly #columns = new WriteColumns()
  readonly #symbols = new WriteSymbols()
  readonly #cache: LabelRefCache
  readonly #metricMetadata = new MetricMetadata()
  readonly #lastStartTimes: LastStartTimes | undefined
  readonly #typeAndUnitLabels: boolean
  readonly #metrics: WriteMetrics
  /** The request whose samples are on their way into an appender. */
  #underWay: Promise<void> | undefined
  /** There are series that were looked up before metadata of their metrics was known. */
  #hasNewMetadata = false
  #forgotAt: Timestamp = Number.NEGATIVE_INFINITY
  #loggedAt: Timestamp = Number.NEGATIVE_INFINITY
  #faultLoggedAt: Timestamp = Number.NEGATIVE_INFINITY

  constructor({
    env,
    appendable,
    acceptedMessages = WRITE_MESSAGES,
    zeroSamples = false,
    typeAndUnitLabels = false,
  }: WriteReceiverOptions) {
    this.#env = env
    this.#appendable = appendable
    this.#acceptedMessages = acceptedMessages
    this.#cache = new LabelRefCache(env.random, REMEMBERED_SERIES_MAX)
    this.#lastStartTimes = zeroSamples ? new LastStartTimes(REMEMBERED_SERIES_MAX) : undefined
    this.#typeAndUnitLabels = typeAndUnitLabels
    this.#metrics = new WriteMetrics(env.metrics)
  }

  /** Never rejects: whatever the bytes are, there is an answer to them. */
  async receive({ contentType, contentEncoding, body }: WriteInput): Promise<WriteOutcome> {
    const asked = messageOf(contentType, this.#acceptedMessages)
    if (typeof asked === 'string') return { status: 415, text: asked, headers: {} }
    const refused = refuseContentEncoding(contentEncoding)
    if (refused !== undefined) return { status: 415, text: refused, headers: {} }
    const { version } = asked
    let appender: Appender | undefined
    let batch: WriteBatch
    // The decoded bytes and columns are one request's at a time, until its samples are in the appender.
    while (this.#underWay !== undefined) await this.#underWay
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#underWay = promise
    try {
      const bytes = this.#snappy.decode(body)
      const fault = (version === 2 ? decodeV2 : decodeV1)(bytes, this.#reader, this.#columns)
      if (fault !== undefined) return unreadable(version, fault)
      if (version === 2) this.#symbols.open(this.#reader, this.#columns.symbols, this.#cache)
      else this.#readMetadata()
      appender = this.#appendable.appender()
      batch = this.#batch(version, appender)
      if (batch.appendSome()) await this.#appendInTurns(batch)
    } catch (error) {
      appender?.rollback()
      if (error instanceof SnappyError) return { status: 400, text: error.message, headers: {} }
      if (error instanceof MalformedRequest) return unreadable(version, error.message)
      return this.#fault(version, error)
    } finally {
      this.#underWay = undefined
      resolve()
    }
    try {
      if (batch.isEmpty) appender.rollback()
      else await appender.commit()
    } catch (error) {
      // Series that were made for this batch may be gone with it.
      this.#cache.clear()
      return this.#fault(version, error)
    }
    return this.#outcome(version, batch)
  }

  /** A request with very many series leaves others their turns. */
  async #appendInTurns(batch: WriteBatch): Promise<void> {
    const breather = new Breather(this.#env.clock)
    while (batch.appendSome()) if (breather.isDue()) await breather.rest()
  }

  #batch(version: 1 | 2, appender: Appender): WriteBatch {
    const now = this.#env.clock.now()
    return new WriteBatch(version, {
      appender,
      reader: this.#reader,
      columns: this.#columns,
      symbols: this.#symbols,
      cache: this.#cache,
      metricMetadata: this.#metricMetadata,
      lastStartTimes: this.#lastStartTimes,
      typeAndUnitLabels: this.#typeAndUnitLabels,
      now,
      maxTime: now + AHEAD_MS_MAX,
    })
  }

  /** Keeps what 1.0 says about metrics for the series that are looked up from now on, and has all looked up when it is about new ones. */
  #readMetadata(): void {
    const { metadata } = this.#columns
    for (let i = 0; i < metadata.count; i++) {
      this.#reader.position = metadata.start(i)
      if (this.#metricMetadata.read(this.#reader, metadata.end(i))) this.#hasNewMetadata = true
      if (this.#reader.fault !== undefined) throw new MalformedRequest(this.#reader.fault)
    }
    const now = this.#env.clock.now()
    if (!this.#hasNewMetadata || now - this.#forgotAt < FORGET_INTERVAL_MS) return
    this.#hasNewMetadata = false
    this.#forgotAt = now
    this.#cache.clear()
  }

  #outcome(version: 1 | 2, batch: WriteBatch): WriteOutcome {
    this.#metrics.count(batch)
    const headers = writtenHeaders(version, batch)
    const { first } = batch.lines
    if (first === undefined) return { status: 204, text: undefined, headers }
    this.#logRefusal(batch, first)
    return { status: 400, text: version === 2 ? batch.lines.text() : first, headers }
  }

  #logRefusal({ refused, refusedExemplars, refusedSeries }: WriteBatch, first: string): void {
    const now = this.#env.clock.now()
    if (now - this.#loggedAt < LOG_INTERVAL_MS) return
    this.#loggedAt = now
    this.#env.log.warn('remote write refused in part', {
      first,
      series: refusedSeries,
      samples: countsText(refused),
      exemplars: countsText(refusedExemplars),
    })
  }

  #fault(version: 1 | 2, error: unknown): WriteOutcome {
    const now = this.#env.clock.now()
    if (now - this.#faultLoggedAt >= LOG_INTERVAL_MS) {
      this.#faultLoggedAt = now
      this.#env.log.error('remote write not stored', { error: errorMessage(error) })
    }
    return { status: 500, text: errorMessage(error), headers: writtenHeaders(version) }
  }
}

function countsText(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([reason, count]) => `${reason}=${count}`).join(' ')
}

function unreadable(version: 1 | 2, text: string): WriteOutcome {
  return { status: 400, text, headers: writtenHeaders(version) }
}

/** Source: the remote write 2.0 specification, "Required Written Response Headers". */
function writtenHeaders(
  version: 1 | 2,
  written: Pick<WriteBatch, 'samples' | 'histograms' | 'exemplars'> = { samples: 0, histograms: 0, exemplars: 0 },
): Readonly<Record<string, string>> {
  if (version === 1) return {}
  return {
    'x-prometheus-remote-write-samples-written': String(written.samples),
    'x-prometheus-remote-write-histograms-written': String(written.histograms),
    'x-prometheus-remote-write-exemplars-written': String(written.exemplars),
  }
}
