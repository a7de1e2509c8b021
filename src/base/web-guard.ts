import type { ServerResponse } from 'node:http'
import type { Env, HttpHandler, TlsServerOptions } from './env.ts'
import { errorMessage } from './errors.ts'
import { PasswordCheck, type PasswordVerdict } from './password-check.ts'

/** Whom a server serves, and how: what a web configuration file says. */
export interface WebSettings {
  /** Undefined: plain HTTP. */
  readonly tls: TlsServerOptions | undefined
  /** Bcrypt hashes of passwords by user name; empty: everybody is served. */
  readonly users: ReadonlyMap<string, string>
  /** Headers of every answer. */
  readonly headers: Readonly<Record<string, string>>
  /** At most `burst` requests at once, and one more every `intervalMs`. */
  readonly rateLimit: RateLimit | undefined
}

export interface RateLimit {
  readonly burst: number
  readonly intervalMs: number
}

/**
 * A handler in front of another: headers, rate limit and basic authentication. `settings` is asked for every request.
 * Source: exporter-toolkit web/handler.go.
 */
export function guarded(env: Env, settings: () => WebSettings, handler: HttpHandler): HttpHandler {
  const passwords = new PasswordCheck(env)
  const allows = rateLimiter(env)
  return (request, response) => {
    const { users, headers, rateLimit } = settings()
    if (rateLimit !== undefined && !allows(rateLimit)) return refuse(response, 429, 'Too Many Requests')
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (users.size === 0) return handler(request, response)
    const credentials = basicCredentials(request.headers.authorization)
    if (credentials === undefined) return unauthorized(response)
    const serve = (verdict: PasswordVerdict) => {
      // Who has gone meanwhile needs no answer.
      if (response.destroyed) return
      if (verdict === 'right') handler(request, response)
      else if (verdict === 'wrong') unauthorized(response)
      else refuse(response, 503, 'Service Unavailable')
    }
    const known = passwords.known(users, credentials)
    if (known !== undefined) return serve(known)
    passwords.verify(users, credentials).then(serve, (error: unknown) => {
      env.log.error('password not checked', { error: errorMessage(error) })
      if (!response.destroyed) refuse(response, 500, 'Internal Server Error')
    })
  }
}

function unauthorized(response: ServerResponse): void {
  response.setHeader('WWW-Authenticate', 'Basic')
  refuse(response, 401, 'Unauthorized')
}

/** Answers with an error in the form of Go's http.Error, beside all routes. */
export function refuse(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.end(`${text}\n`)
}

/** User and password of a request. Source of the form: RFC 7617. */
function basicCredentials(header: string | undefined): { user: string; password: string } | undefined {
  const [, encoded] = /^basic ([A-Za-z0-9+/]*={0,2})$/i.exec(header ?? '') ?? []
  if (encoded === undefined || encoded.length % 4 !== 0) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** A bucket that begins full; its limits may change with every call. */
function rateLimiter({ clock }: Env): (limit: RateLimit) => boolean {
  let tokens: number | undefined
  let filledAt = clock.monotonic()
  return ({ burst, intervalMs }) => {
    const now = clock.monotonic()
    tokens = Math.min(burst, (tokens ?? burst) + (now - filledAt) / intervalMs)
    filledAt = now
    if (tokens < 1) return false
    tokens--
    return true
  }
}
