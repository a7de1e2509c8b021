// Targets that ask who scrapes them, over plain connections, TLS and HTTP/2.
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { CLIENT_CA } from './client-certificates.ts'
import {
  COMMON_NAME,
  COMMON_NAME_KEY,
  EARLY_SERVER,
  EARLY_SERVER_KEY,
  ELSEWHERE,
  ELSEWHERE_KEY,
  EXPIRED_SERVER,
  EXPIRED_SERVER_KEY,
  GOOD,
  GOOD_KEY,
  NAME_ONLY,
  NAME_ONLY_KEY,
} from './server-certificates.ts'

const PAGE = 'x 1\n'

export interface SecuredTargets {
  /** Ports by name. */
  readonly ports: Readonly<Record<SecuredName, number>>
  /** Heads of requests, such as `http /path` with the headers that were sent, by who asked: `Prometheus` or `Promontory`. */
  readonly seen: { readonly by: string; readonly target: string; readonly url: string; readonly headers: IncomingMessage['headers'] }[]
  close(): void
}

const SECURED = {
  good: { cert: GOOD, key: GOOD_KEY },
  expired: { cert: EXPIRED_SERVER, key: EXPIRED_SERVER_KEY },
  early: { cert: EARLY_SERVER, key: EARLY_SERVER_KEY },
  elsewhere: { cert: ELSEWHERE, key: ELSEWHERE_KEY },
  nameOnly: { cert: NAME_ONLY, key: NAME_ONLY_KEY },
  commonName: { cert: COMMON_NAME, key: COMMON_NAME_KEY },
  old: { cert: GOOD, key: GOOD_KEY, maxVersion: 'TLSv1.2' },
  older: { cert: GOOD, key: GOOD_KEY, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
  clients: { cert: GOOD, key: GOOD_KEY, ca: CLIENT_CA, requestCert: true, rejectUnauthorized: true },
  oldClients: { cert: GOOD, key: GOOD_KEY, ca: CLIENT_CA, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' },
} as const satisfies Readonly<Record<string, ServerOptions>>

export type SecuredName = keyof typeof SECURED | 'plain' | 'http2' | 'both'

/**
 * `plain` answers by path: `/basic` wants `ann:open sesame`, `/bearer` a token that begins with `token`, `/redirect?URL` leads elsewhere, others are
 * open. `http2` speaks nothing but HTTP/2, `both` speaks HTTP/1.1 as well.
 */
export async function startSecuredTargets(): Promise<SecuredTargets> {
  const seen: SecuredTargets['seen'] = []
  const servers: Server[] = []
  const ports: Partial<Record<SecuredName, number>> = {}
  const listen = async (name: SecuredName, server: Server & { closeAllConnections?(): void }) => {
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports[name] = (server.address() as AddressInfo).port
  }
  const handler = (target: string) => (request: IncomingMessage, response: ServerResponse) => {
    const [path, query] = (request.url ?? '').split('?')
    seen.push({ by: (request.headers['user-agent'] ?? '').split('/')[0], target, url: request.url ?? '', headers: request.headers })
    const { authorization = '' } = request.headers
    if (path === '/basic' && authorization !== `Basic ${Buffer.from('ann:open sesame').toString('base64')}`)
      return response.writeHead(401).end()
    if (path === '/bearer' && !/^(?:Bearer|MAC) token/.test(authorization)) return response.writeHead(403).end()
    if (path === '/redirect') return response.writeHead(302, { location: new URLSearchParams(query).get('to')! }).end()
    return response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(PAGE)
  }
  for (const name of Object.keys(SECURED) as (keyof typeof SECURED)[]) await listen(name, createServer(SECURED[name], handler(name)))
  await listen('plain', createPlain(handler('plain')))
  for (const [name, allowHTTP1] of [
    ['http2', false],
    ['both', true],
  ] as const)
    await listen(name, createSecureServer({ cert: GOOD, key: GOOD_KEY, allowHTTP1 }, handler(name) as never))
  return {
    ports: ports as Record<SecuredName, number>,
    seen,
    close() {
      for (const server of servers) {
        ;(server as { closeAllConnections?(): void }).closeAllConnections?.()
        server.close()
      }
    },
  }
}
