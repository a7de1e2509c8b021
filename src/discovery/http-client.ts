import type { Env, HttpRequest, HttpStream, TlsOptions } from '../base/env.ts'

/** How to reach an HTTP server. Only what this release supports; the rest is ignored with a warning when the file is loaded. */
export interface HttpClientConfig {
  readonly tls: TlsOptions | undefined
  readonly basicAuth: { readonly username: string; readonly password: string } | undefined
  /** Sent as `Authorization: TYPE TOKEN`. */
  readonly bearerToken: string | undefined
  /** What stands before the token; `Bearer` when undefined. */
  readonly authorizationType?: string
  readonly followRedirects: boolean
}

export const PLAIN_HTTP_CLIENT: HttpClientConfig = {
  tls: undefined,
  basicAuth: undefined,
  bearerToken: undefined,
  followRedirects: true,
}

// Source: Go net/http, Client.CheckRedirect's default and redirectBehavior.
const REDIRECTS_MAX = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** GET with credentials, over redirects; credentials go to the server that is configured and to no other. */
export async function openGet(
  env: Env,
  client: HttpClientConfig,
  { url, headers = {}, signal, timeoutMs }: Pick<HttpRequest, 'url' | 'headers' | 'signal' | 'timeoutMs'>,
): Promise<HttpStream> {
  const origin = new URL(url).origin
  for (let redirects = 0, next = url; ; redirects++) {
    const own = new URL(next).origin === origin ? authorization(client) : {}
    const sent = { 'user-agent': 'Promontory', ...headers, ...own }
    const response = await env.http.stream({ url: next, headers: sent, signal, timeoutMs, tls: client.tls })
    const { location } = response.headers
    if (!client.followRedirects || !REDIRECTS.has(response.status) || location === undefined) return response
    if (redirects === REDIRECTS_MAX) throw new Error(`get ${url}: stopped after ${REDIRECTS_MAX} redirects`)
    await readBody(response, REDIRECT_BODY_BYTES_MAX)
    const target = URL.parse(location, next)
    if (target === null || !/^https?:$/.test(target.protocol))
      throw new Error(`get ${url}: redirect to ${JSON.stringify(location)}, want an http URL`)
    next = target.href
  }
}

const REDIRECT_BODY_BYTES_MAX = 1 << 20

/** The header of the credentials, where there are some. */
export function authorization({
  basicAuth,
  bearerToken,
  authorizationType = 'Bearer',
}: HttpClientConfig): Readonly<Record<string, string>> {
  if (basicAuth) return { authorization: `Basic ${Buffer.from(`${basicAuth.username}:${basicAuth.password}`).toString('base64')}` }
  return bearerToken === undefined ? {} : { authorization: `${authorizationType} ${bearerToken}` }
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
