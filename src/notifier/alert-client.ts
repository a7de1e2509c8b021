import { STATUS_CODES } from 'node:http'
import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { HttpClient, readBody } from '../http-client/client.ts'
import type { RequestSigner } from '../http-client/sigv4.ts'
import type { AlertmanagerConfig } from './alerting-config.ts'

/** What became of a request. */
export type PostOutcome =
  | { readonly kind: 'taken' }
  /** The Alertmanager answered, and would not have it. */
  | { readonly kind: 'refused'; readonly error: string }
  /** Nobody answered. */
  | { readonly kind: 'unreachable'; readonly error: string }

const ANSWER_BYTES_MAX = 64 * 1024

/** What of a set's configuration requests follow from. */
type RequestConfig = Pick<AlertmanagerConfig, 'http' | 'timeoutMs' | 'sigv4'>

/** Posts alerts to the Alertmanagers of one set. Source: Prometheus notifier/sendloop.go, sendOne. */
export class AlertClient {
  readonly #env: Env
  readonly #config: RequestConfig
  readonly #http: HttpClient
  #signer: Promise<RequestSigner> | undefined

  constructor(env: Env, config: RequestConfig) {
    this.#env = env
    this.#config = config
    this.#http = new HttpClient(env, config.http)
  }

  /** `body` is a list of alerts of API v2. Never rejects. */
  async post(url: string, body: string, signal: AbortSignal): Promise<PostOutcome> {
    const { timeoutMs } = this.#config
    const timeout = new AbortController()
    const timer = this.#env.clock.setTimer(timeoutMs, () => timeout.abort(new Error('context deadline exceeded')))
    try {
      return await this.#post(url, body, AbortSignal.any([signal, timeout.signal]))
    } catch (error) {
      const text = timeout.signal.aborted ? `Post ${quote(url)}: context deadline exceeded` : errorMessage(error)
      return { kind: 'unreachable', error: text }
    } finally {
      timer.cancel()
    }
  }

  async #post(url: string, body: string, signal: AbortSignal): Promise<PostOutcome> {
    const { sigv4, timeoutMs } = this.#config
    const headers = { 'content-type': 'application/json' }
    let secretHeaders: Readonly<Record<string, string>> | undefined
    if (sigv4 !== undefined) {
      this.#signer ??= import('../http-client/sigv4.ts').then(({ requestSigner }) => requestSigner(sigv4, this.#env.clock))
      secretHeaders = await (await this.#signer)({ url, method: 'POST', headers, body: Buffer.from(body) })
    }
    // Followed as a GET, a redirection would look as if the alerts had been taken.
    const response = await this.#http.send({
      url,
      method: 'POST',
      headers,
      secretHeaders,
      body,
      signal,
      timeoutMs,
      keepsMethod: true,
    })
    const { status } = response
    const answer = await readBody(response, ANSWER_BYTES_MAX).catch(() => new Uint8Array(0))
    if (status >= 200 && status < 300) return { kind: 'taken' }
    const reason = new TextDecoder().decode(answer).trim().split('\n', 1)[0].slice(0, 300)
    const error = `bad response status ${status} ${STATUS_CODES[status] ?? ''}`.trim()
    return { kind: 'refused', error: reason === '' ? error : `${error}: ${reason}` }
  }
}
