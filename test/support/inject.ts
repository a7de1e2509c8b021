import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HttpApp } from '../../src/base/http-server.ts'

export interface InjectedRequest {
  readonly method?: string | undefined
  readonly url: string
  readonly payload?: string | Uint8Array | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface InjectedAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly text: string
}

/** Sends one request to an app, which serves it on a port of its own for as long. */
export async function inject(app: Pick<HttpApp, 'handle'>, request: InjectedRequest | string): Promise<InjectedAnswer> {
  const { url, method = 'GET', payload, headers = {} } = typeof request === 'string' ? { url: request } : request
  const server = createServer({ maxHeaderSize: 256 * 1024 }, app.handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const length = payload === undefined || headers['transfer-encoding'] ? {} : { 'content-length': Buffer.byteLength(payload) }
  try {
    return await new Promise((resolve, reject) => {
      const outgoing = httpRequest({ port, method, path: url, agent: false, headers: { ...length, ...headers } }, (incoming) => {
        const parts: Buffer[] = []
        incoming.on('data', (part: Buffer) => parts.push(part))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const bytes = Buffer.concat(parts)
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes, text: bytes.toString() })
        })
      })
      outgoing.on('error', reject)
      outgoing.end(payload)
    })
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
