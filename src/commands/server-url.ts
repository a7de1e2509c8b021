import type { Env, HttpResponse } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import { redactUrl } from '../base/redact-url.ts'
import { urlCredentials } from '../base/url-credentials.ts'
import { HttpClient, readBody } from '../http-client/client.ts'
import type { HttpClientConfig } from '../http-client/client-config.ts'

/** A server that a tool asks: its address, and how to reach it. */
export interface ServerAccess {
  /** Without credentials, without a slash at the end. */
  readonly url: string
  readonly client: HttpClientConfig
}

/** `http://user:password@host:port/prefix`, or `host:port`. Throws `bad_data`. */
export function serverAccess(text: string, client: HttpClientConfig): ServerAccess {
  const full = text.includes('://') ? text : `http://${text.replace(/^\/\//, '')}`
  const parsed = URL.parse(full)
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new CodedError('bad_data', `found ${JSON.stringify(redactUrl(text))}, want a URL such as http://localhost:9090`)
  const own = urlCredentials(parsed)
  if (own !== undefined && (client.basicAuth || client.authorization || client.oauth2))
    throw new CodedError('bad_data', 'cannot set base auth in the server URL and use a http.config.file at the same time')
  const basicAuth = own && { username: { text: own.username }, password: { text: own.password } }
  return {
    url: `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`,
    client: basicAuth === undefined ? client : { ...client, basicAuth },
  }
}

export interface ServerRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly timeoutMs: number
}

/** Asks a server. Rejects, in Go's words where it has some, when there is no answer. Answers may be large: they are for people and scripts. */
export async function askServer(env: Env, { client }: ServerAccess, request: ServerRequest): Promise<HttpResponse> {
  const response = await new HttpClient(env, client).send(request)
  return { status: response.status, headers: response.headers, body: await readBody(response, 2 ** 31) }
}
