import type { Env } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { redactUrl } from '../../base/redact-url.ts'
import { HttpClient, readBody } from '../../http-client/client.ts'
import type { RequestSigner } from '../../http-client/sigv4.ts'
import type { MessageVersion, RequestCounts } from './encode-batch.ts'
import type { RemoteWriteConfig } from './remote-write-config.ts'
import { retryAfterMs } from './retry-after.ts'

/** What is read of an answer that says why something was refused. */
const ERROR_BYTES_MAX = 64 * 1024
/** What is shown of it. */
const ERROR_LENGTH_MAX = 1024

/** What became of a request. */
export type SendOutcome =
  | { readonly kind: 'taken'; readonly written: RequestCounts | undefined }
  /** It may go through another time. */
  | { readonly kind: 'again'; readonly error: string; readonly waitMs: number }
  /** It never will. */
  | { readonly kind: 'refused'; readonly error: string; readonly status: number; readonly written: RequestCounts | undefined }

const CONTENT_TYPES = { 1: 'application/x-protobuf', 2: 'application/x-protobuf;proto=io.prometheus.write.v2.Request' }
const VERSIONS = { 1: '0.1.0', 2: '2.0.0' }

/** Sends requests to one destination. Source: Prometheus storage/remote/client.go, Store. */
export class WriteClient {
  readonly #env: Env
  readonly #config: RemoteWriteConfig
  readonly #http: HttpClient
  #signer: Promise<RequestSigner> | undefined

  constructor(env: Env, config: RemoteWriteConfig) {
    this.#env = env
    this.#config = config
    this.#http = new HttpClient(env, config.roundRobinDns ? withServerName(config) : config.http)
  }

  /** `attempt` counts from 0. The answer of the signal's abort is that it may go through another time. Never rejects. */
  async send(body: Uint8Array, version: MessageVersion, attempt: number, signal: AbortSignal): Promise<SendOutcome> {
    const { clock } = this.#env
    const { remoteTimeoutMs } = this.#config
    const timeout = new AbortController()
    const timer = clock.setTimer(remoteTimeoutMs, () => timeout.abort(new Error('context deadline exceeded')))
    try {
      return await this.#send(body, version, attempt, AbortSignal.any([signal, timeout.signal]))
    } catch (error) {
      const text = timeout.signal.aborted ? `Post "${redactUrl(this.#config.url, '***')}": context deadline exceeded` : errorMessage(error)
      return { kind: 'again', error: text, waitMs: 0 }
    } finally {
      timer.cancel()
    }
  }

  async #send(body: Uint8Array, version: MessageVersion, attempt: number, signal: AbortSignal): Promise<SendOutcome> {
    const { url, headers: own, sigv4, azureAd, googleIam, roundRobinDns, remoteTimeoutMs, queue } = this.#config
    const headers: Record<string, string> = {
      ...own,
      'content-encoding': 'snappy',
      'content-type': CONTENT_TYPES[version],
      'x-prometheus-remote-write-version': VERSIONS[version],
      ...(attempt > 0 ? { 'retry-attempt': String(attempt) } : {}),
    }
    const target = roundRobinDns ? await this.#oneAddress(url) : url
    if (target !== url) headers.host = new URL(url).host
    let secretHeaders: Readonly<Record<string, string>> | undefined
    if (sigv4 !== undefined || azureAd !== undefined || googleIam !== undefined) {
      this.#signer ??= signerOf(this.#env, this.#config)
      secretHeaders = await (await this.#signer)({ url, method: 'POST', headers, body })
    }
    const response = await this.#http.send({
      url: target,
      method: 'POST',
      headers,
      secretHeaders,
      body,
      signal,
      timeoutMs: remoteTimeoutMs,
      keepsMethod: true,
    })
    const { status } = response
    const text = new TextDecoder().decode(await readBody(response, ERROR_BYTES_MAX).catch(() => new Uint8Array(0)))
    const written = version === 2 ? writtenOf(response.headers) : undefined
    if (status >= 200 && status < 300) return { kind: 'taken', written }
    const line = text.split('\n', 1)[0].slice(0, ERROR_LENGTH_MAX)
    const error = `server returned HTTP status ${status}: ${line}`
    if (status >= 500 || (status === 429 && queue.retryOnHttp429))
      return { kind: 'again', error, waitMs: retryAfterMs(response.headers['retry-after'], this.#env.clock.now()) }
    return { kind: 'refused', error, status, written }
  }

  /** The URL with one of its host's addresses, by chance. */
  async #oneAddress(text: string): Promise<string> {
    const url = new URL(text)
    const addresses = await this.#env.dns.lookup(url.hostname)
    if (addresses.length === 0) return text
    const address = addresses[Math.floor(this.#env.random.next() * addresses.length)]
    url.hostname = address.includes(':') ? `[${address}]` : address
    return url.href
  }
}

/** Loads what says who we are. */
async function signerOf(env: Env, { sigv4, azureAd, googleIam, tokenProxy }: RemoteWriteConfig): Promise<RequestSigner> {
  if (sigv4 !== undefined) return (await import('../../http-client/sigv4.ts')).requestSigner(sigv4, env.clock)
  const { azureSigner, googleSigner } = await import('../cloud-auth/bearer-signer.ts')
  return azureAd !== undefined ? azureSigner(env, azureAd, tokenProxy) : googleSigner(env, googleIam!, tokenProxy)
}

/** The certificate is that of the name, also where an address is asked. */
function withServerName({ http, url }: RemoteWriteConfig): RemoteWriteConfig['http'] {
  if (!url.startsWith('https:')) return http
  const tls = http.tls ?? NO_TLS
  return { ...http, tls: { ...tls, serverName: tls.serverName ?? new URL(url).hostname } }
}

const NO_TLS = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
  insecureSkipVerify: false,
  minVersion: undefined,
  maxVersion: undefined,
}

/** What a receiver of 2.0 says that it stored; undefined when it does not. */
function writtenOf(headers: Readonly<Record<string, string>>): RequestCounts | undefined {
  const of = (kind: string) => headers[`x-prometheus-remote-write-${kind}-written`]
  if (of('samples') === undefined && of('histograms') === undefined && of('exemplars') === undefined) return undefined
  const count = (kind: string) => Number(of(kind) ?? 0) || 0
  return { samples: count('samples'), histograms: count('histograms'), exemplars: count('exemplars') }
}
