import { formatAddress } from '../base/address.ts'
import type { Env, HttpRequest, HttpStream, HttpTransport, TlsOptions } from '../base/env.ts'
import { quote } from '../base/go-quote.ts'
import { networkFault } from '../base/network-fault.ts'
import { redactUrl } from '../base/redact-url.ts'
import { urlCredentials } from '../base/url-credentials.ts'
import type { HeaderConfig, HttpClientConfig, OAuth2Config, SecretSource } from './client-config.ts'
import { PLAIN_HTTP_CLIENT } from './client-config.ts'
import { OAuth2Token, type TokenAnswer } from './oauth2-token.ts'
import { parseProxy, proxyUrlFor, type ServerPlace } from './proxy.ts'
import { isRedirect, keepsCredentials, REDIRECTS_MAX, SENSITIVE_HEADERS } from './redirect.ts'
import { isFile, SecretReader } from './secret-reader.ts'
import { TlsMaterial } from './tls-material.ts'

// Source of order and error texts: prometheus/common config/http_config.go, NewRoundTripperFromConfigWithContext.

/** How long what files said is taken for what they say. */
const FRESH_MS = 1000
const TOKEN_BYTES_MAX = 1 << 20
/** How long a token endpoint may take for all of its answer. */
const TOKEN_TIMEOUT_MS = 30_000
const REDIRECT_BODY_BYTES_MAX = 1 << 20

export interface RequestHeader {
  readonly name: string
  readonly values: readonly string[]
  /** Not for other hosts. */
  readonly isSensitive: boolean
}

/** What goes with requests now. */
export interface HttpAccess {
  readonly headers: readonly RequestHeader[]
  readonly tls: TlsOptions
  /** Connections without a proxy. */
  readonly direct: HttpTransport
  readonly proxied: ReadonlyMap<string, HttpTransport>
}

/** A request of a section. */
export interface ClientRequest extends Omit<HttpRequest, 'transport'> {
  /** Headers that are for the host that is asked, and for no other. */
  readonly secretHeaders?: Readonly<Record<string, string>>
  /** A redirection that would make a GET without a body of it is not followed, and is the answer: what takes a body has not taken it. */
  readonly keepsMethod?: boolean
}

/** One section of the configuration at work: what its files hold, its token, its connections. Whoever asks under one section shares it. */
export class HttpClient {
  readonly config: HttpClientConfig
  readonly #env: Env
  readonly #secrets: SecretReader
  readonly #tls: TlsMaterial | undefined
  readonly #token: OAuth2Token | undefined
  readonly #readsFiles: boolean
  #access: HttpAccess | undefined
  #failure: unknown
  /** Monotonic time. */
  #checked = -Infinity
  #checking: Promise<HttpAccess> | undefined
  #parts = ''

  constructor(env: Env, config: HttpClientConfig) {
    const { tls, basicAuth, authorization, oauth2, headers } = config
    this.config = config
    this.#env = env
    this.#secrets = new SecretReader(env)
    this.#tls = tls && new TlsMaterial(this.#secrets, tls)
    this.#token = oauth2 && new OAuth2Token(env, oauth2, tokenEndpoint(env, oauth2))
    const sources = [
      basicAuth?.username,
      basicAuth?.password,
      authorization?.credentials,
      oauth2 && clientSecret(oauth2),
      ...headers.flatMap(({ values }) => values),
    ]
    this.#readsFiles = (this.#tls?.mayChange ?? false) || sources.some(isFile)
  }

  /**
   * What goes with requests: the same object while nothing changes, and no promise while it is known. Files are looked at again after a
   * second. Rejects in upstream's words when files cannot be read, or there is no token; not before that second is over is it tried again.
   */
  access(): HttpAccess | Promise<HttpAccess> {
    if (this.#isKnown()) return this.#access ?? Promise.reject(this.#failure)
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  #isKnown(): boolean {
    if (this.#checked === -Infinity) return false
    const isFresh = this.#env.clock.monotonic() - this.#checked < FRESH_MS
    if (this.#access === undefined) return isFresh
    return (isFresh || !this.#readsFiles) && (this.#token === undefined || this.#token.current !== undefined)
  }

  async #check(): Promise<HttpAccess> {
    try {
      this.#access = await this.#read()
      return this.#access
    } catch (error) {
      this.#access = undefined
      this.#failure = error
      throw error
    } finally {
      this.#checked = this.#env.clock.monotonic()
    }
  }

  async #read(): Promise<HttpAccess> {
    const tls = (await this.#tls?.read()) ?? NO_TLS
    const headers: RequestHeader[] = []
    for (const header of this.config.headers) headers.push(await this.#header(header))
    const authorization = await this.#authorization()
    if (authorization !== undefined) headers.push({ name: 'Authorization', values: [authorization], isSensitive: true })
    for (const { name, values } of headers)
      if (values.some((value) => FORBIDDEN.test(value))) throw new Error(`net/http: invalid header field value for ${quote(name)}`)
    const parts = JSON.stringify(headers)
    const last = this.#access
    if (last !== undefined && last.tls === tls && parts === this.#parts) return last
    this.#parts = parts
    if (last !== undefined && last.tls === tls) return { ...last, headers }
    const { http2, proxy } = this.config
    const proxied = new Map<string, HttpTransport>()
    for (const url of new Set([proxy?.httpProxy, proxy?.httpsProxy]))
      if (url) proxied.set(url, { tls, http2, proxy: parseProxy(url, proxy!.connectHeaders, tls) })
    return { headers, tls, direct: { tls, http2 }, proxied }
  }

  async #header({ name, values, isSecret }: HeaderConfig): Promise<RequestHeader> {
    const texts: string[] = []
    for (const source of values)
      texts.push(await this.#secret('headers', source, (fault) => fault.replace('read file', 'read headers file')))
    return { name, values: texts, isSensitive: isSecret || SENSITIVE_HEADERS.has(name.toLowerCase()) }
  }

  async #authorization(): Promise<string | undefined> {
    const { basicAuth, authorization, oauth2 } = this.config
    if (basicAuth !== undefined) {
      const username = await this.#secret('basic auth username', basicAuth.username)
      const password = await this.#secret('basic auth password', basicAuth.password)
      return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    }
    if (authorization !== undefined)
      return `${authorization.type} ${await this.#secret('authorization credentials', authorization.credentials)}`
    if (oauth2 === undefined) return undefined
    const what = oauth2.grant === 'jwt_bearer' ? 'oauth2 client certificate key' : 'oauth2 client secret'
    return await this.#token!.read(await this.#secret(what, clientSecret(oauth2)))
  }

  async #secret(what: string, source: SecretSource, words = (fault: string) => `unable to read ${what}: ${fault}`): Promise<string> {
    if ('text' in source) return source.text
    try {
      return await this.#secrets.read(source)
    } catch (error) {
      throw new Error(words((error as Error).message))
    }
  }

  /** How a server is reached. Throws when what is configured for it is no proxy. */
  transport(access: HttpAccess, place: ServerPlace): HttpTransport {
    const { proxy } = this.config
    const url = proxy && proxyUrlFor(proxy, place)
    return url === undefined ? access.direct : access.proxied.get(url)!
  }

  /**
   * Sends a request, over redirects where they are followed. What is secret goes to the host that is asked, and to hosts below it; after
   * a redirect elsewhere to none. Rejects in Go's words: `Get "URL": what`.
   */
  async send(request: ClientRequest): Promise<HttpStream> {
    const { signal } = request
    let { url, method = 'GET', body } = request
    const first = new URL(url).hostname
    let shown = url
    let isTrusted = true
    try {
      for (let requests = 1; ; requests++) {
        const response = await this.#sendOne({ ...request, url, method, body }, isTrusted)
        const { location } = response.headers
        if (!this.config.followRedirects || !isRedirect(response.status, location)) return response
        if (request.keepsMethod && response.status < 307) return response
        await readBody(response, REDIRECT_BODY_BYTES_MAX)
        const next = URL.parse(location, url)
        if (next === null) throw new Error(`failed to parse Location header ${quote(location.slice(0, 100))}`)
        next.hash = ''
        url = next.href
        shown = requests === REDIRECTS_MAX ? location : url
        if (requests === REDIRECTS_MAX) throw new Error(`stopped after ${REDIRECTS_MAX} redirects`)
        isTrusted &&= keepsCredentials(first, next.hostname)
        if (response.status < 307 && method !== 'HEAD') {
          method = 'GET'
          body = undefined
        }
      }
    } catch (error) {
      if (signal?.aborted) throw error
      const verb = `${method[0]}${method.slice(1).toLowerCase()}`
      throw new Error(`${verb} ${quote(redactUrl(shown, '***'))}: ${networkFault(error, formatAddress(placeOf(url)))}`)
    }
  }

  async #sendOne(request: ClientRequest, isTrusted: boolean): Promise<HttpStream> {
    const access = await this.access()
    const place = placeOf(request.url)
    if (place.scheme !== 'http' && place.scheme !== 'https') throw new Error(`unsupported protocol scheme ${quote(place.scheme)}`)
    const headers: Record<string, string | readonly string[]> = { 'user-agent': USER_AGENT }
    for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value
    for (const { name, values, isSensitive } of access.headers) {
      if (isSensitive && !isTrusted) continue
      const key = name.toLowerCase()
      const given = headers[key] ?? []
      // What the caller says of who asks goes before what is configured.
      if (key === 'authorization' && given.length > 0) continue
      headers[key] = [...(typeof given === 'string' ? [given] : given), ...values]
    }
    if (isTrusted) Object.assign(headers, request.secretHeaders)
    else for (const name of SENSITIVE_HEADERS) delete headers[name]
    // What a URL says of who asks is for whoever the URL names.
    const own = credentialsOf(request.url)
    if (own !== undefined && !request.headers?.authorization) headers.authorization = own
    return this.#env.http.stream({ ...request, headers, transport: this.transport(access, place) })
  }
}

const NO_TLS: TlsOptions = {}
/** What no value of a header holds: it would end it. */
const FORBIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f]/
const USER_AGENT = 'Promontory'

/** Source: Go net/http, send. */
function credentialsOf(url: string): string | undefined {
  const own = urlCredentials(new URL(url))
  return own && `Basic ${Buffer.from(`${own.username}:${own.password}`).toString('base64')}`
}

function placeOf(url: string): ServerPlace {
  const { protocol, hostname, port } = new URL(url)
  return {
    scheme: protocol.slice(0, -1),
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  }
}

function clientSecret(config: OAuth2Config): SecretSource {
  return config.grant === 'jwt_bearer' ? config.key : config.clientSecret
}

function tokenEndpoint(env: Env, { tokenUrl, tls, proxy }: OAuth2Config) {
  const client = new HttpClient(env, { ...PLAIN_HTTP_CLIENT, tls, proxy, http2: false })
  return async (form: URLSearchParams, authorization: string | undefined): Promise<TokenAnswer> => {
    const timeout = new AbortController()
    const timer = env.clock.setTimer(TOKEN_TIMEOUT_MS, () =>
      timeout.abort(new Error(`Post ${quote(redactUrl(tokenUrl, '***'))}: context deadline exceeded`)),
    )
    try {
      const response = await client.send({
        url: tokenUrl,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...(authorization === undefined ? {} : { authorization }) },
        body: form.toString(),
        signal: timeout.signal,
      })
      const body = Buffer.from(await readBody(response, TOKEN_BYTES_MAX)).toString()
      return { status: response.status, contentType: response.headers['content-type'] ?? '', body }
    } catch (error) {
      throw timeout.signal.aborted ? timeout.signal.reason : error
    } finally {
      timer.cancel()
    }
  }
}

/** The whole body. Rejects when it is longer than `bytesMax`. */
export async function readBody({ body }: HttpStream, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of body) {
    sizeBytes += part.length
    if (sizeBytes > bytesMax) throw new Error(`body is over ${bytesMax} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts, sizeBytes)
}
