import type { Clock, Env } from '../../base/env.ts'
import { CodedError } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import { HttpClient, readBody } from '../../http-client/client.ts'
import { PLAIN_HTTP_CLIENT, type ProxyConfig } from '../../http-client/client-config.ts'

/** What a token server gives. */
export interface AccessToken {
  readonly token: string
  /** From now. */
  readonly lifetimeMs: number
}

const ANSWER_BYTES_MAX = 1 << 20
const TIMEOUT_MS = 30_000
/** How much of an answer without a token is told. */
const SHOWN_CHARS_MAX = 500
/** After an attempt that failed, while the token at hand is still good. */
const RETRY_MS = 10_000
/** Of tokens whose server says nothing of it. */
const LIFETIME_MS = 3600_000

/** A token, for as long as it is good: from half of that time on another one is asked for. Source: Prometheus storage/remote/azuread/azuread.go. */
export class HeldToken {
  readonly #clock: Clock
  readonly #ask: () => Promise<AccessToken>
  #token = ''
  /** Both by the monotonic clock. */
  #renewAt = -Infinity
  #expires = -Infinity
  #asking: Promise<void> | undefined

  constructor(clock: Clock, ask: () => Promise<AccessToken>) {
    this.#clock = clock
    this.#ask = ask
  }

  /** Rejects where there is none. Whoever asks at the same time waits for the same answer. */
  async read(): Promise<string> {
    if (this.#clock.monotonic() >= this.#renewAt) {
      this.#asking ??= this.#renew().finally(() => {
        this.#asking = undefined
      })
      await this.#asking
    }
    return this.#token
  }

  async #renew(): Promise<void> {
    try {
      const { token, lifetimeMs } = await this.#ask()
      const now = this.#clock.monotonic()
      if (lifetimeMs <= 0) throw new Error('access token expiry is less than the current time')
      this.#token = token
      this.#renewAt = now + lifetimeMs / 2
      this.#expires = now + lifetimeMs
    } catch (error) {
      const now = this.#clock.monotonic()
      if (now >= this.#expires) throw new Error(`Failed to get access token: ${(error as Error).message}`, { cause: error })
      this.#renewAt = Math.min(now + RETRY_MS, this.#expires)
    }
  }
}

export interface TokenRequest {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>>
}

/** Asks a token server. Rejects with what it says where it gives none; a token is in no message. */
export async function requestToken(env: Env, request: TokenRequest, proxy: ProxyConfig | undefined): Promise<AccessToken> {
  const { url, method, headers, form } = request
  const client = new HttpClient(env, { ...PLAIN_HTTP_CLIENT, proxy, http2: false, followRedirects: false })
  const timeout = new AbortController()
  const timer = env.clock.setTimer(TIMEOUT_MS, () => timeout.abort(new Error(`${method} ${quote(url)}: context deadline exceeded`)))
  try {
    const response = await client.send({
      url,
      method,
      headers: { accept: 'application/json', ...headers, ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) },
      body: form && new URLSearchParams(form).toString(),
      signal: timeout.signal,
    })
    const text = Buffer.from(await readBody(response, ANSWER_BYTES_MAX)).toString()
    return tokenOf(url, response.status, text, env.clock.now())
  } catch (error) {
    throw timeout.signal.aborted ? timeout.signal.reason : error
  } finally {
    timer.cancel()
  }
}

function tokenOf(url: string, status: number, text: string, now: number): AccessToken {
  let fields: Readonly<Record<string, unknown>> = {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) fields = value as Readonly<Record<string, unknown>>
  } catch {
    // What is no JSON is shown as it is, unless it may be a token.
  }
  const { access_token: token, expires_in: seconds, expires_on: at } = fields
  if (status === 200 && typeof token === 'string' && token !== '') {
    const lifetimeMs = Number(seconds) * 1000 || Number(at) * 1000 - now || LIFETIME_MS
    return { token, lifetimeMs }
  }
  const said = ['error', 'error_description'].map((name) => fields[name]).filter((value) => typeof value === 'string' && value !== '')
  const why = said.length > 0 ? said.join(': ') : status === 200 ? 'access token is empty' : text.slice(0, SHOWN_CHARS_MAX)
  throw new CodedError('unavailable', `${url}: status ${status}: ${why}`.trimEnd())
}
