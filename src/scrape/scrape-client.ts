import { STATUS_CODES } from 'node:http'
import { formatAddress } from '../base/address.ts'
import type { Env, HttpTransport } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { isProtocolRefusal, networkFault } from '../base/network-fault.ts'
import { isForwarded, proxyAuthorization } from '../base/proxy.ts'
import { redactUrl } from '../base/redact-url.ts'
import type { HttpAccess, HttpClient } from '../http-client/client.ts'
import type { HttpClientConfig } from '../http-client/client-config.ts'
import type { HttpClients } from '../http-client/clients.ts'
import { isRedirect, keepsCredentials, REDIRECTS_MAX } from '../http-client/redirect.ts'
import { BodyBuffer, BodySizeError, type BufferPool } from './body-buffer.ts'
import { Http2Error, ScrapeConnection, StaleConnectionError } from './connection.ts'
import { type Decoding, gunzip } from './gunzip.ts'
import { redirectUrl, type ScrapeUrl } from './scrape-url.ts'
import { QueuedTimer, type TimerQueue } from './timer-queue.ts'

/** What every scrape of a process shares. */
export interface ScrapeClientContext {
  readonly env: Env
  readonly timers: TimerQueue
  readonly buffers: BufferPool
  readonly clients: HttpClients
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

/** What the head of an answer says. */
interface ResponseHead {
  readonly status: number
  /** As sent: `200 OK`. */
  readonly statusText: string
  readonly contentType: string
  readonly contentEncoding: string
  readonly location: string
}

/** A request, ready to be sent to where `transport` leads. */
interface Prepared {
  readonly url: ScrapeUrl
  readonly access: HttpAccess
  readonly transport: HttpTransport
  /** Secrets may go there. */
  readonly isTrusted: boolean
  /** As HTTP/1.1 has it. */
  readonly head: string
}

/** Who may speak HTTP/2 as well is not asked whether it would rather. */
const HTTP1_ONLY = ['http/1.1']

/**
 * Fetches the page of one target again and again, over one kept connection. That speaks HTTP/1.1; a target that refuses it is asked
 * in HTTP/2, by the library.
 */
export class ScrapeClient {
  readonly #context: ScrapeClientContext
  readonly #options: ScrapeClientOptions
  readonly #http: HttpClient
  readonly #timer: QueuedTimer
  #prepared: Prepared | undefined
  #connection: ScrapeConnection | undefined
  #decoding: Decoding | undefined
  /** A connection to where a redirect led; not kept. */
  #detour: ScrapeConnection | undefined
  /** No redirect of this scrape led to another host. */
  #isTrusted = true
  /** The target does not speak HTTP/1.1. */
  #isHttp2 = false
  /** Ends whatever is waited for besides connections. */
  #abandon: ((error: Error) => void) | undefined
  #failure: Error | undefined
  /** The URL of the request under way, as errors show it, and where it goes. */
  #shown: string
  #here: Prepared | undefined
  #lastBytes = 0

  constructor(context: ScrapeClientContext, options: ScrapeClientOptions) {
    this.#context = context
    this.#options = options
    this.#http = context.clients.of(options.http)
    this.#shown = options.url.text
    this.#timer = new QueuedTimer(context.timers, () => this.abort(new ScrapeError('context deadline exceeded')))
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
    this.#abandon?.(error)
    this.#connection = undefined
  }

  async #request(body: BodyBuffer): Promise<ResponseHead> {
    const { url, http } = this.#options
    this.#shown = url.text
    this.#here = undefined
    if (url.scheme !== 'http' && url.scheme !== 'https') throw new ScrapeError(`unsupported protocol scheme ${quote(url.scheme)}`)
    const known = this.#http.access()
    const access = known instanceof Promise ? await this.#unlessAborted(known) : known
    if (this.#failure !== undefined) throw this.#failure
    const prepared = this.#prepare(access)
    this.#here = prepared
    let response = this.#isHttp2 ? await this.#getHttp2(prepared, body) : await this.#getKept(prepared, body)
    for (let requests = 1; http.followRedirects && isRedirect(response.status, response.location); requests++)
      response = await this.#follow(response.location, requests, access, body)
    return response
  }

  /** The request to the target itself. */
  #prepare(access: HttpAccess): Prepared {
    if (this.#prepared !== undefined && access === this.#prepared.access) return this.#prepared
    const { url } = this.#options
    const transport = this.#http.transport(access, url)
    if (this.#prepared?.transport !== transport) {
      this.#connection?.abort(new ScrapeError('what is spoken has changed'))
      this.#connection = undefined
    }
    this.#prepared = this.#preparedFor(url, access, transport, true)
    return this.#prepared
  }

  async #follow(location: string, requests: number, access: HttpAccess, body: BodyBuffer): Promise<ResponseHead> {
    const { url: target } = this.#options
    const here = this.#here!
    const next = redirectUrl(here.url, location)
    if (next === undefined) throw new ScrapeError(`failed to parse Location header ${quote(location.slice(0, 100))}`)
    this.#shown = requests === REDIRECTS_MAX ? location : next.text
    if (requests === REDIRECTS_MAX) throw new ScrapeError(`stopped after ${REDIRECTS_MAX} redirects`)
    if (next.scheme !== 'http' && next.scheme !== 'https') throw new ScrapeError(`unsupported protocol scheme ${quote(next.scheme)}`)
    if (this.#failure !== undefined) throw this.#failure
    body.length = 0
    if (requests === 1) this.#isTrusted = true
    this.#isTrusted &&= keepsCredentials(target.host, next.host)
    const prepared = this.#preparedFor(next, access, this.#http.transport(access, next), this.#isTrusted)
    this.#here = prepared
    this.#detour?.abort(new ScrapeError('redirected'))
    this.#detour = this.#connect(prepared)
    try {
      return await this.#detour.get(prepared.head, body)
    } catch (error) {
      if (!this.#wantsHttp2(error)) throw error
      return await this.#getHttp2(prepared, body)
    }
  }

  /** Over the kept connection; over a new one when there is none or the other side has let go of it. */
  async #getKept(prepared: Prepared, body: BodyBuffer): Promise<ResponseHead> {
    if (this.#connection?.isUsable) {
      try {
        return await this.#connection.get(prepared.head, body)
      } catch (error) {
        if (!(error instanceof StaleConnectionError) || this.#failure !== undefined) throw error
      }
    }
    this.#connection = this.#connect(prepared)
    try {
      return await this.#connection.get(prepared.head, body)
    } catch (error) {
      if (!this.#wantsHttp2(error)) throw error
      const response = await this.#getHttp2(prepared, body)
      this.#isHttp2 = true
      return response
    }
  }

  #wantsHttp2(error: unknown): boolean {
    if (this.#failure !== undefined || !this.#options.http.http2) return false
    return error instanceof Http2Error || isProtocolRefusal(error)
  }

  async #getHttp2(prepared: Prepared, body: BodyBuffer): Promise<ResponseHead> {
    const controller = new AbortController()
    this.#abandon = (error) => controller.abort(error)
    const { url, transport } = prepared
    const fields: Record<string, string[]> = {}
    for (const [name, value] of this.#headers(url, prepared.access, prepared.isTrusted)) {
      const key = name.toLowerCase()
      if (key === 'host') continue
      fields[key] ??= []
      fields[key].push(value)
    }
    try {
      const response = await this.#context.env.http.stream({
        url: `${url.scheme}://${url.authority}${url.path}`,
        headers: fields,
        signal: controller.signal,
        timeoutMs: this.#options.timeoutMs,
        transport,
      })
      body.length = 0
      for await (const part of response.body) body.append(part, 0, part.length)
      const { status } = response
      const text = (name: string) => response.headers[name] ?? ''
      return {
        status,
        statusText: `${status} ${STATUS_CODES[status] ?? ''}`,
        contentType: text('content-type'),
        contentEncoding: text('content-encoding'),
        location: text('location'),
      }
    } catch (error) {
      // It may speak something else the next time.
      this.#isHttp2 = false
      throw error
    } finally {
      this.#abandon = undefined
    }
  }

  async #unlessAborted<T>(promise: Promise<T>): Promise<T> {
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#abandon = reject
        promise.then(resolve, reject)
      })
    } finally {
      this.#abandon = undefined
    }
  }

  #connect({ url, transport }: Prepared): ScrapeConnection {
    const { env } = this.#context
    const { host, port, scheme } = url
    const { tls = {}, proxy } = transport
    if (proxy !== undefined && isForwarded(proxy, scheme))
      return new ScrapeConnection(env, {
        host: proxy.host,
        port: proxy.port,
        tls: proxy.scheme === 'https' ? (proxy.tls ?? {}) : undefined,
      })
    const protocols = transport.http2 ? HTTP1_ONLY : []
    return new ScrapeConnection(env, { host, port, tls: scheme === 'https' ? tls : undefined, protocols, through: proxy })
  }

  #preparedFor(url: ScrapeUrl, access: HttpAccess, transport: HttpTransport, isTrusted: boolean): Prepared {
    const { proxy } = transport
    const forwarding = proxy !== undefined && isForwarded(proxy, url.scheme) ? proxy : undefined
    const target = forwarding === undefined ? url.path : `${url.scheme}://${url.authority}${url.path}`
    const lines = [`GET ${target} HTTP/1.1`]
    for (const [name, value] of this.#headers(url, access, isTrusted)) lines.push(`${name}: ${value}`)
    const authorization = forwarding && proxyAuthorization(forwarding)
    if (authorization !== undefined) lines.push(`Proxy-Authorization: ${authorization}`)
    return { url, access, transport, isTrusted, head: `${lines.join('\r\n')}\r\n\r\n` }
  }

  #headers(url: ScrapeUrl, access: HttpAccess, isTrusted: boolean): [name: string, value: string][] {
    const { accept, enableCompression, timeoutMs } = this.#options
    const headers: [string, string][] = [
      ['Host', url.authority],
      ['User-Agent', this.#context.userAgent],
      ['Accept', accept],
      ['Accept-Encoding', enableCompression ? 'gzip' : 'identity'],
      ['X-Prometheus-Scrape-Timeout-Seconds', String(timeoutMs / 1000)],
    ]
    for (const { name, values, isSensitive } of access.headers) {
      if (isTrusted || !isSensitive) for (const value of values) headers.push([name, value])
    }
    return headers
  }

  /** The error as users know it from upstream: what was fetched, and Go's words for the common failures. */
  #explained(error: unknown): Error {
    if (this.#failure !== undefined) error = this.#failure
    if (error instanceof BodySizeError) return error
    if (error instanceof ScrapeError && error.message.startsWith('server returned')) return error
    const { url, transport } = this.#here ?? { url: this.#options.url, transport: {} as HttpTransport }
    const { proxy } = transport
    const forwarding = proxy !== undefined && isForwarded(proxy, url.scheme) ? proxy : undefined
    const fault = networkFault(error, formatAddress(forwarding ?? url))
    const isOnTheWay = forwarding !== undefined && /^(?:dial|tls:|remote error)/.test(fault)
    return new ScrapeError(`Get ${quote(redactUrl(this.#shown, '***'))}: ${isOnTheWay ? 'proxyconnect tcp: ' : ''}${fault}`)
  }
}
