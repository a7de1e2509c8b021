import { STATUS_CODES } from 'node:http'
import type { Env } from '../base/env.ts'
import { quote } from '../base/go-quote.ts'
import { escapeQuery } from '../base/url-escape.ts'
import type { OAuth2Config } from './client-config.ts'
import { jwtAssertion } from './jwt-assertion.ts'

// Tokens from a token endpoint. Source of the protocol: RFC 6749, sections 4.4 and 5; RFC 7523. Source of what servers are sent, of the
// order of attempts and of the error texts: golang.org/x/oauth2 internal/token.go, clientcredentials; prometheus/common config/oauth_assertion.go.

/** A token is not used so shortly before it expires. */
const EXPIRY_DELTA_MS = 10_000
/** How much of an answer without a token is told. */
const SHOWN_CHARS_MAX = 1000
const JWT_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

export interface TokenAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Sends a form; rejects when there is no answer. */
export type TokenEndpoint = (form: URLSearchParams, authorization: string | undefined) => Promise<TokenAnswer>

interface Token {
  /** The whole header. */
  readonly authorization: string
  /** Monotonic time; Infinity: never. */
  readonly expires: number
}

/** The token of one client, for as long as it is good. */
export class OAuth2Token {
  readonly #env: Pick<Env, 'clock' | 'random'>
  readonly #config: OAuth2Config
  readonly #ask: TokenEndpoint
  #token: Token | undefined
  #secret: string | undefined
  /** Whether the server wants the client's name and secret in the form; undefined: not known yet. */
  #inForm: boolean | undefined

  constructor(env: Pick<Env, 'clock' | 'random'>, config: OAuth2Config, ask: TokenEndpoint) {
    this.#env = env
    this.#config = config
    this.#ask = ask
  }

  /** The header, where there is one that is good now. */
  get current(): string | undefined {
    return this.#token !== undefined && this.#env.clock.monotonic() < this.#token.expires ? this.#token.authorization : undefined
  }

  /** `secret` is that of the client, or its key: another one than before needs another token. */
  async read(secret: string): Promise<string> {
    if (secret !== this.#secret) this.#token = undefined
    this.#secret = secret
    const { current } = this
    if (current !== undefined) return current
    const token = await (this.#config.grant === 'jwt_bearer'
      ? this.#askWithAssertion(this.#config, secret)
      : this.#askWithSecret(this.#config.clientId, secret))
    this.#token = token
    return token.authorization
  }

  async #askWithSecret(clientId: string, secret: string): Promise<Token> {
    const attempt = async (inForm: boolean) => {
      const form = this.#form('client_credentials', {})
      if (inForm) {
        if (clientId) form.set('client_id', clientId)
        if (secret) form.set('client_secret', secret)
      }
      const basic = Buffer.from(`${escapeQuery(clientId)}:${escapeQuery(secret)}`).toString('base64')
      form.sort()
      return this.#parse(await this.#ask(form, inForm ? undefined : `Basic ${basic}`))
    }
    if (this.#inForm !== undefined) return attempt(this.#inForm)
    try {
      const token = await attempt(false)
      this.#inForm = false
      return token
    } catch {
      // Some servers know the other place only.
      const token = await attempt(true)
      this.#inForm = true
      return token
    }
  }

  async #askWithAssertion(config: Extract<OAuth2Config, { grant: 'jwt_bearer' }>, key: string): Promise<Token> {
    const assertion = jwtAssertion(config, key, this.#env.clock.now(), uuid(this.#env.random.bytes(16)))
    const form = this.#form(JWT_GRANT, { assertion })
    form.delete('scope')
    form.sort()
    const answer = await this.#ask(form, undefined).catch((error: Error) => {
      throw new Error(`oauth2: cannot fetch token: ${error.message}`)
    })
    return this.#parse(answer)
  }

  #form(grantType: string, fields: Readonly<Record<string, string>>): URLSearchParams {
    const { scopes, endpointParams } = this.#config
    const form = new URLSearchParams({ grant_type: grantType, ...fields })
    if (scopes.length > 0) form.set('scope', scopes.join(' '))
    for (const [name, value] of Object.entries(endpointParams)) {
      // Servers that want another name of the grant than the standard has are known.
      if (form.has(name) && name !== 'grant_type') throw new Error(`oauth2: cannot overwrite parameter ${quote(name)}`)
      form.set(name, value)
    }
    return form
  }

  #parse(answer: TokenAnswer): Token {
    const isGood = answer.status >= 200 && answer.status <= 299
    const plain = `oauth2: cannot fetch token: ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\nResponse: ${answer.body.slice(0, SHOWN_CHARS_MAX)}`
    const fields = parseFields(answer)
    if (typeof fields === 'string') throw new Error(isGood ? fields : plain)
    const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '')
    if (!isGood || text('error')) {
      if (!text('error')) throw new Error(plain)
      const parts = [text('error'), text('error_description'), text('error_uri')].filter((part, index) => index === 0 || part)
      throw new Error(`oauth2: ${parts.map(quote).join(' ')}`)
    }
    if (!text('access_token')) throw new Error('oauth2: server response missing access_token')
    const seconds = Math.min(Number(fields.expires_in ?? 0) || 0, 2 ** 31)
    return {
      authorization: `${typeName(text('token_type'))} ${text('access_token')}`,
      expires: seconds > 0 ? this.#env.clock.monotonic() + seconds * 1000 - EXPIRY_DELTA_MS : Number.POSITIVE_INFINITY,
    }
  }
}

/** A text: what is wrong. */
function parseFields({ contentType, body }: TokenAnswer): Readonly<Record<string, unknown>> | string {
  const type = contentType.split(';')[0].trim().toLowerCase()
  if (type === 'application/x-www-form-urlencoded' || type === 'text/plain') return Object.fromEntries(new URLSearchParams(body))
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>
    return 'oauth2: cannot parse json: found no object'
  } catch {
    // What the parser says quotes the answer, which may be a bare token.
    return 'oauth2: cannot parse json: found no JSON'
  }
}

function typeName(type: string): string {
  const lower = type.toLowerCase()
  if (lower === '' || lower === 'bearer') return 'Bearer'
  return lower === 'mac' ? 'MAC' : lower === 'basic' ? 'Basic' : type
}

function uuid(bytes: Uint8Array): string {
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
