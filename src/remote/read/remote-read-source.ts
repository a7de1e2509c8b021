import { compressSync } from 'snappy'
import type { Env, HttpStream } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { redactUrl } from '../../base/redact-url.ts'
import { SnappyDecoder } from '../../base/snappy-block.ts'
import { HttpClient, readBody } from '../../http-client/client.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import { isInRange } from '../../storage/label-range.ts'
import type { Coverage, QueryContext, SelectRequest, Series, SeriesSource } from '../../storage/series-source.ts'
import { SERIES_BATCH } from '../../storage/series-source.ts'
import { encodeReadRequest } from './read-request.ts'
import { decodeReadResponse, FrameReader, ReceivedSeries } from './read-response.ts'
import type { RemoteReadConfig } from './remote-read-config.ts'

/** An answer of samples, as decoded. Streamed chunks come in frames, which have a bound of their own. */
const RESPONSE_BYTES_MAX = 512 * 1024 * 1024
const ERROR_BYTES_MAX = 64 * 1024
const ERROR_LENGTH_MAX = 1024

export interface RemoteReadOptions {
  readonly env: Env
  readonly config: RemoteReadConfig
  /** From when on our own storage has everything; Infinity: it has nothing yet. */
  localStart(): Timestamp
}

/**
 * Series of an endpoint of remote read. An answer is received whole before any of it is handed on, so that one that fails has said nothing. What
 * fails is told to `onFault` and yields nothing, as upstream has it.
 */
export class RemoteReadSource {
  readonly name: string
  readonly #options: RemoteReadOptions
  readonly #http: HttpClient
  readonly #snappy = new SnappyDecoder(RESPONSE_BYTES_MAX)

  constructor(options: RemoteReadOptions) {
    this.#options = options
    this.name = `remote read ${options.config.name}`
    this.#http = new HttpClient(options.env, options.config.http)
  }

  coverage(): Coverage {
    const { config, localStart } = this.#options
    return { minTime: -Infinity, maxTime: config.readRecent ? Infinity : localStart(), externalLabels: Labels.empty }
  }

  /** The source for one query; `onFault` is told what failed. */
  for(onFault: (text: string) => void): SeriesSource {
    return {
      name: this.name,
      coverage: () => this.coverage(),
      select: (request, context) => this.#select(request, context, onFault),
      // The protocol has none of these.
      sampleLabels: async () => [],
      labelNames: async () => [],
      labelValues: async () => [],
    }
  }

  async *#select(request: SelectRequest, context: QueryContext, onFault: (text: string) => void): AsyncGenerator<readonly Series[]> {
    if (!this.#isAsked(request.matchers)) return
    let all: readonly Series[]
    try {
      all = (await this.#read(request, context)).filter(({ labels }) => isInRange(labels, request.labelRange))
    } catch (error) {
      context.signal.throwIfAborted()
      onFault(`remote_read: ${errorMessage(error)}`)
      return
    }
    for (let at = 0; at < all.length; at += SERIES_BATCH) yield all.slice(at, at + SERIES_BATCH)
  }

  #isAsked(matchers: readonly Matcher[]): boolean {
    return Object.entries(this.#options.config.requiredMatchers).every(([name, value]) =>
      matchers.some((matcher) => matcher.operator === '=' && matcher.name === name && matcher.value === value),
    )
  }

  async #read({ minTime, maxTime, matchers, hints = {} }: SelectRequest, context: QueryContext): Promise<readonly Series[]> {
    const { env, config } = this.#options
    const added = [...config.externalLabels].filter(([name]) => !matchers.some((matcher) => matcher.name === name))
    const query = {
      minTime,
      maxTime: Math.min(maxTime, this.coverage().maxTime),
      matchers: [...matchers, ...added.map(([name, value]) => new Matcher('=', name, value))],
      hints,
    }
    const received = new ReceivedSeries(added.map(([name]) => name))
    const timeout = new AbortController()
    const timer = env.clock.setTimer(config.timeoutMs, () => timeout.abort(new Error('context deadline exceeded')))
    try {
      const response = await this.#http.send({
        url: config.url,
        method: 'POST',
        headers: {
          ...config.headers,
          'content-encoding': 'snappy',
          'accept-encoding': 'snappy',
          'content-type': 'application/x-protobuf',
          'x-prometheus-remote-read-version': '0.1.0',
        },
        body: compressSync(Buffer.from(encodeReadRequest(query))),
        signal: AbortSignal.any([context.signal, timeout.signal]),
        timeoutMs: config.timeoutMs,
      })
      await this.#receive(response, received, context)
    } catch (error) {
      throw timeout.signal.aborted ? timeout.signal.reason : error
    } finally {
      timer.cancel()
    }
    return received.all()
  }

  async #receive(response: HttpStream, received: ReceivedSeries, { budget }: QueryContext): Promise<void> {
    const { url, frameBytesMax } = this.#options.config
    const { status, headers } = response
    if (status < 200 || status > 299) {
      const text = new TextDecoder().decode(await readBody(response, ERROR_BYTES_MAX).catch(() => new Uint8Array(0)))
      throw new Error(`remote server ${redactUrl(url)} returned http status ${status}: ${text.trim().slice(0, ERROR_LENGTH_MAX)}`)
    }
    const contentType = headers['content-type'] ?? ''
    if (contentType.startsWith('application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse')) {
      const frames = new FrameReader(frameBytesMax, received)
      for await (const part of response.body) {
        budget.chargeBytes(part.length)
        frames.push(part)
      }
      frames.end()
      return
    }
    if (!contentType.startsWith('application/x-protobuf')) throw new Error(`unsupported content type: ${contentType}`)
    const body = await readBody(response, RESPONSE_BYTES_MAX)
    const decoded = this.#snappy.decode(body)
    budget.chargeBytes(decoded.length)
    decodeReadResponse(decoded, received)
  }
}
