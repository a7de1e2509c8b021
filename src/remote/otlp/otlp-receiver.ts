import { promisify } from 'node:util'
import { gunzip as gunzipBuffer } from 'node:zlib'
import { Breather } from '../../base/breather.ts'
import type { Env } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import type { Timestamp } from '../../model/time.ts'
import type { Appendable, Appender } from '../../storage/appender.ts'
import { LabelRefCache } from '../label-ref-cache.ts'
import { LastStartTimes } from '../last-start-times.ts'
import { decodeJson } from './decode-json.ts'
import { decodeProtobuf } from './decode-protobuf.ts'
import { DeltaSums } from './delta-sums.ts'
import type { Metric, MetricData, Point, ResourceMetrics } from './metrics-data.ts'
import { OtlpBatch } from './otlp-batch.ts'
import { OtlpMetrics } from './otlp-metrics.ts'
import type { OtlpConfig } from './otlp-schema.ts'
import { RequestFault } from './request-fault.ts'
import { translate } from './translate.ts'

const gunzip = promisify(gunzipBuffer)

const PROTOBUF = 'application/x-protobuf'
const JSON_FORM = 'application/json'

/** Largest request as decoded. What JSON becomes in memory is several times its text. */
const DECODED_BYTES_MAX: Readonly<Record<string, number>> = { [PROTOBUF]: 32 * 1024 * 1024, [JSON_FORM]: 16 * 1024 * 1024 }

/** Samples further ahead of our clock are refused, as those of remote write. Source: Prometheus storage/remote/write_handler.go, maxAheadTime. */
const AHEAD_MS_MAX = 10 * 60 * 1000
/** Series that are known by their bytes, and whose start times are remembered where zero samples are wanted. */
const REMEMBERED_SERIES_MAX = 2_000_000
/** What was refused, and what was not stored, is logged at most so often. */
const LOG_INTERVAL_MS = 10_000

/** What becomes of points of delta temporality. */
export type DeltaHandling = 'refused' | 'added up' | 'stored as they are'

export interface OtlpInput {
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly body: Uint8Array
}

/** 200 without text; else why not all was taken. */
export interface OtlpOutcome {
  readonly status: 200 | 400 | 500
  readonly text: string | undefined
}

export interface OtlpReceiverOptions {
  readonly env: Env
  readonly appendable: Appendable
  /** The section of the configuration in force. */
  config(): OtlpConfig
  readonly deltas: DeltaHandling
  /** Whether a sample of value zero is stored where counting began. */
  readonly zeroSamples: boolean
  /** Whether type and unit of a metric become labels of its series. */
  readonly typeAndUnitLabels: boolean
  readonly lookbackMs: number
}

/** Takes metrics of OTLP over HTTP. What can be stored is stored, also beside parts that cannot: an answer 400 says why. docs/protocols/otlp.md. */
export class OtlpReceiver {
  readonly #options: OtlpReceiverOptions
  readonly #metrics: OtlpMetrics
  readonly #lastStartTimes: LastStartTimes | undefined
  readonly #sums: DeltaSums | undefined
  readonly #series: LabelRefCache
  #config: OtlpConfig
  /** How often the configuration has changed. */
  #configNumber = 0
  #loggedAt: Timestamp = Number.NEGATIVE_INFINITY

  constructor(options: OtlpReceiverOptions) {
    this.#options = options
    this.#metrics = new OtlpMetrics(options.env.metrics)
    this.#lastStartTimes = options.zeroSamples ? new LastStartTimes(REMEMBERED_SERIES_MAX) : undefined
    this.#series = new LabelRefCache(options.env.random, REMEMBERED_SERIES_MAX)
    this.#config = options.config()
    this.#sums = options.deltas === 'added up' ? new DeltaSums(options.env.clock) : undefined
  }

  /** Never rejects: whatever the bytes are, there is an answer to them. */
  async receive(input: OtlpInput): Promise<OtlpOutcome> {
    let request: readonly ResourceMetrics[]
    try {
      request = await decode(input)
    } catch (error) {
      if (error instanceof RequestFault) return { status: 400, text: error.message }
      return this.#fault(error)
    }
    let appender: Appender | undefined
    let batch: OtlpBatch
    try {
      appender = this.#options.appendable.appender()
      batch = await this.#append(request, appender)
    } catch (error) {
      appender?.rollback()
      if (error instanceof RequestFault) return { status: 400, text: error.message }
      return this.#fault(error)
    }
    try {
      if (batch.isEmpty) appender.rollback()
      else await appender.commit()
    } catch (error) {
      // Series that were made for this batch may be gone with it.
      this.#series.clear()
      return this.#fault(error)
    }
    return this.#outcome(batch)
  }

  /** A request with very many points leaves others their turns. */
  async #append(request: readonly ResourceMetrics[], appender: Appender): Promise<OtlpBatch> {
    const { env, config, deltas, typeAndUnitLabels, lookbackMs } = this.#options
    const batch = new OtlpBatch({ appender, maxTime: env.clock.now() + AHEAD_MS_MAX, lastStartTimes: this.#lastStartTimes })
    // What cannot be read is found before anything is added up.
    const metrics = this.#sums?.cumulative(request.map(wholly)) ?? request
    if (this.#config !== config()) {
      this.#config = config()
      this.#configNumber++
    }
    const context = String(this.#configNumber)
    const options = {
      config: this.#config,
      context,
      series: this.#series,
      nativeDeltas: deltas === 'stored as they are',
      typeAndUnitLabels,
      lookbackMs,
    }
    const breather = new Breather(env.clock)
    for (const _ of translate(metrics, batch, options)) if (breather.isDue()) await breather.rest()
    return batch
  }

  #outcome(batch: OtlpBatch): OtlpOutcome {
    this.#metrics.count(batch, this.#sums)
    if (batch.lines.isEmpty) return { status: 200, text: undefined }
    const samples = [...batch.refused].map(([reason, count]) => `${reason}=${count}`).join(' ')
    this.#log(() => this.#options.env.log.warn('otlp request refused in part', { first: batch.lines.first, samples }))
    return { status: 400, text: batch.lines.text() }
  }

  #fault(error: unknown): OtlpOutcome {
    this.#log(() => this.#options.env.log.error('otlp request not stored', { error: errorMessage(error) }))
    return { status: 500, text: errorMessage(error) }
  }

  #log(write: () => void): void {
    const now = this.#options.env.clock.now()
    if (now - this.#loggedAt < LOG_INTERVAL_MS) return
    this.#loggedAt = now
    write()
  }
}

/** The same with all points read. */
function wholly(resource: ResourceMetrics): ResourceMetrics {
  return { ...resource, scopes: resource.scopes.map((scope) => ({ ...scope, metrics: scope.metrics.map(wholeMetric) })) }
}

function wholeMetric(metric: Metric): Metric {
  const { data } = metric
  if (data === undefined) return metric
  const points = Array.from<Point>(data.points)
  for (const { attributes } of points) attributes.all()
  return { ...metric, data: { ...data, points } as MetricData }
}

async function decode({ contentType = '', contentEncoding = '', body }: OtlpInput): Promise<readonly ResourceMetrics[]> {
  const mediaType = contentType.split(';')[0].trim().toLowerCase()
  if (mediaType !== PROTOBUF && mediaType !== JSON_FORM)
    throw new RequestFault(`unsupported content type: ${contentType}, supported: [${JSON_FORM}, ${PROTOBUF}]`)
  if (contentEncoding !== '' && contentEncoding !== 'gzip')
    throw new RequestFault(`unsupported compression: ${contentEncoding}. Only "gzip" or no compression supported`)
  const bytesMax = DECODED_BYTES_MAX[mediaType]
  const bytes = contentEncoding === 'gzip' ? await inflate(body, bytesMax) : body
  if (bytes.length > bytesMax) throw tooLarge(bytesMax)
  if (mediaType === PROTOBUF) return decodeProtobuf(bytes)
  return decodeJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
}

/** What would become larger is refused before it is there: whatever a body claims, no more than `bytesMax` are decoded. */
async function inflate(body: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  try {
    return await gunzip(body, { maxOutputLength: bytesMax })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax)
    throw new RequestFault(`gzip: ${errorMessage(error)}`, { cause: error })
  }
}

function tooLarge(bytesMax: number): RequestFault {
  return new RequestFault(`decoded request is too large: want at most ${bytesMax} bytes`)
}
