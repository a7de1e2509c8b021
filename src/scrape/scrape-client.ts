import type { Env } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import { networkFault } from '../base/network-fault.ts'
import type { HttpClientConfig } from '../discovery/http-client.ts'
import { quote } from '../model/labels.ts'
import { BodyBuffer, BodySizeError, type BufferPool } from './body-buffer.ts'
import { ScrapeConnection, StaleConnectionError } from './connection.ts'
import { type Decoding, gunzip } from './gunzip.ts'
import type { HttpResponseReader } from './http-response.ts'
import { redirectUrl, type ScrapeUrl } from './scrape-url.ts'
import { QueuedTimer, type TimerQueue } from './timer-queue.ts'

/** What every scrape of a process shares. */
export interface ScrapeClientContext {
  readonly env: Env
  readonly timers: TimerQueue
  readonly buffers: BufferPool
  /** `Promontory/1.2.3` */
  readonly userAgent: string
}

export interface ScrapeClientOptions {
  readonly url: ScrapeUrl
  readonly http: HttpClientConfig
  /** The `Accept` header: which formats are wanted. */
  readonly accept: string
  readonly enableCompression: boolean
  readonly timeoutMs: number
  /** A decoded or compressed body of this size or more fails the scrape. */
  readonly bodyBytesMax: number
}

/** A page as it came, decoded. `release` gives its memory back. */
export interface ScrapedPage {
  readonly body: BodyBuffer
  readonly contentType: string
}

/** Why a scrape brought no page; the message is what users see as the target's last error. */
export class ScrapeError extends CodedError {
  constructor(message: string) {
    super('unavailable', message)
    this.name = 'ScrapeError'
  }
}

const REDIRECTS_MAX = 10

/** Fetches the page of one target again and again, over one kept connection. */
export class ScrapeClient {
  readonly #context: ScrapeClientContext
  readonly #options: ScrapeClientOptions
  readonly #timer: QueuedTimer
  readonly #head: string
  #connection: ScrapeConnection | undefined
  #decoding: Decoding | undefined
  /** A connection to where a redirect led; not kept. */
  #detour: ScrapeConnection | undefined
  #failure: Error | undefined
  #lastBytes = 0

  constructor(context: ScrapeClientContext, options: ScrapeClientOptions) {
    this.#context = context
    this.#options = options
    this.#timer = new QueuedTimer(context.timers, () => this.abort(new ScrapeError('context deadline exceeded')))
    this.#head = this.#requestHead(options.url, true)
  }

  /** One scrape, at most `timeoutMs` long. Rejects with ScrapeError or BodySizeError. One at a time. */
  async scrape(): Promise<ScrapedPage> {
    this.#failure = undefined
    this.#timer.arm(this.#options.timeoutMs)
    let body: BodyBuffer | undefined
    try {
      body = new BodyBuffer(this.#context.buffers, this.#options.bodyBytesMax, this.#lastBytes)
      const response = await this.#request(body)
      if (response.status !== 200) throw new ScrapeError(`server returned HTTP status ${response.statusText}`)
      const contentType = response.contentType
      this.#lastBytes = body.length
      if (response.contentEncoding === 'gzip') {
        this.#decoding = gunzip(this.#context.buffers, body, this.#options.bodyBytesMax)
        const decoded = await this.#decoding.body
        body.release()
        body = decoded
      }
      return { body, contentType }
    } catch (error) {
      body?.release()
      throw this.#explained(error)
    } finally {
      this.#timer.cancel()
      this.#decoding = undefined
      this.#detour?.abort(new ScrapeError('redirect done'))
      this.#detour = undefined
    }
  }

  /** Ends a scrape under way, which then rejects with `error`, and the kept connection. */
  abort(error: Error): void {
    this.#failure ??= error
    this.#connection?.abort(error)
    this.#detour?.abort(error)
    this.#decoding?.abort(error)
    this.#connection = undefined
  }

  async #request(body: BodyBuffer): Promise<HttpResponseReader> {
    const { url, http } = this.#options
    if (url.scheme !== 'http' && url.scheme !== 'https') throw new ScrapeError(`unsupported protocol scheme ${quote(url.scheme)}`)
    let response = await this.#getKept(body)
    let here = url
    for (let hops = 0; http.followRedirects && isRedirect(response); hops++) {
      if (hops === REDIRECTS_MAX) throw new ScrapeError(`stopped after ${REDIRECTS_MAX} redirects`)
      const next = redirectUrl(here, response.location)
      if (next === undefined) throw new ScrapeError(`failed to parse Location header ${quote(response.location.slice(0, 100))}`)
      if (next.scheme !== 'http' && next.scheme !== 'https') throw new ScrapeError(`unsupported protocol scheme ${quote(next.scheme)}`)
      if (this.#failure !== undefined) throw this.#failure
      here = next
      body.length = 0
      // Credentials are for the host that they were configured for.
      const head = this.#requestHead(next, next.host === url.host && next.port === url.port && next.scheme === url.scheme)
      this.#detour?.abort(new ScrapeError('redirected'))
      this.#detour = this.#connect(next)
      response = await this.#detour.get(head, body)
    }
    return response
  }

  /** Over the kept connection; over a new one when there is none or the other side has let go of it. */
  async #getKept(body: BodyBuffer): Promise<HttpResponseReader> {
    if (this.#connection?.isUsable) {
      try {
        return await this.#connection.get(this.#head, body)
      } catch (error) {
        if (!(error instanceof StaleConnectionError) || this.#failure !== undefined) throw error
      }
    }
    this.#connection = this.#connect(this.#options.url)
    return await this.#connection.get(this.#head, body)
  }

  #connect(url: ScrapeUrl): ScrapeConnection {
    const { host, port } = url
    if (url.scheme === 'http') return new ScrapeConnection(this.#context.env, { host, port })
    // An address is no name that a certificate could be asked for by.
    const servername = /^[\d.]+$|:/.test(host) ? undefined : host
    return new ScrapeConnection(this.#context.env, {
      host,
      port,
      tls: { ALPNProtocols: ['http/1.1'], servername, ...this.#options.http.tls },
    })
  }

  #requestHead(url: ScrapeUrl, withCredentials: boolean): string {
    const { basicAuth, bearerToken, authorizationType = 'Bearer' } = this.#options.http
    const lines = [
      `GET ${url.path} HTTP/1.1`,
      `Host: ${url.authority}`,
      `User-Agent: ${this.#context.userAgent}`,
      `Accept: ${this.#options.accept}`,
      `Accept-Encoding: ${this.#options.enableCompression ? 'gzip' : 'identity'}`,
      `X-Prometheus-Scrape-Timeout-Seconds: ${this.#options.timeoutMs / 1000}`,
    ]
    if (withCredentials && basicAuth !== undefined) {
      lines.push(`Authorization: Basic ${Buffer.from(`${basicAuth.username}:${basicAuth.password}`).toString('base64')}`)
    }
    if (withCredentials && bearerToken !== undefined) lines.push(`Authorization: ${authorizationType} ${bearerToken}`)
    return `${lines.join('\r\n')}\r\n\r\n`
  }

  /** The error as users know it from upstream: what was fetched, and Go's words for the common failures. */
  #explained(error: unknown): Error {
    if (this.#failure !== undefined) error = this.#failure
    if (error instanceof BodySizeError) return error
    if (error instanceof ScrapeError && error.message.startsWith('server returned')) return error
    const { url } = this.#options
    return new ScrapeError(`Get ${quote(url.text)}: ${networkFault(error, `${url.host}:${url.port}`)}`)
  }
}

function isRedirect(response: HttpResponseReader): boolean {
  const { status } = response
  return response.location !== '' && (status === 301 || status === 302 || status === 303 || status === 307 || status === 308)
}
