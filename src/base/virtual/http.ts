import { createServer, request as httpRequest, type OutgoingHttpHeaders } from 'node:http'
import type { Http, HttpHandler, HttpListener, HttpListenOptions, HttpRequest, HttpResponse, HttpStream, Timer } from '../env.ts'
import type { NetworkSide } from './network.ts'
import { inUse, refused } from './tcp.ts'

/** HTTP over connections in memory. */
export class VirtualHttp implements Http {
  readonly #side: NetworkSide

  constructor(side: NetworkSide) {
    this.#side = side
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const { status, headers, body } = await this.stream(request)
    const parts: Uint8Array[] = []
    for await (const part of body) parts.push(part)
    return { status, headers, body: Buffer.concat(parts) }
  }

  async listen({ host, port, tls }: HttpListenOptions, handler: HttpHandler): Promise<HttpListener> {
    const side = this.#side
    const { network } = side
    if (tls !== undefined) throw new Error(`listen on ${host}:${port}: this environment has no TLS`)
    if (port === 0) port = network.freePort()
    const at = side.global({ host, port })
    const address = `${at.host}:${at.port}`
    if (network.hears(address)) throw inUse('listen', address)
    const server = createServer({ keepAliveTimeout: 0, connectionsCheckingInterval: 2 ** 31 - 1 }, handler)
    const close = () => {
      network.unaccept(address)
      server.closeAllConnections()
    }
    const forget = side.hold(close)
    network.accept(address, (stream) => void server.emit('connection', stream))
    return {
      host,
      port,
      close: async () => {
        forget()
        close()
      },
    }
  }

  stream(request: HttpRequest): Promise<HttpStream> {
    return new Promise((resolve, reject) => {
      const url = new URL(request.url)
      if (request.transport?.proxy !== undefined) return reject(new Error(`${request.url}: this environment has no proxies`))
      const port = Number(url.port || 80)
      const side = this.#side
      const opened = side.network.open(side.newSource(), side.global({ host: url.hostname, port }))
      if (opened === 'refused') return reject(refused(url.hostname, port))
      if (opened === 'swallowed') return this.#neverAnswered(request, reject)
      const [stream] = opened
      const forget = side.hold(() => void stream.destroy())
      stream.once('close', forget)
      const outgoing = httpRequest(
        {
          createConnection: () => stream,
          method: request.method ?? 'GET',
          path: url.pathname + url.search,
          headers: { host: url.host, ...(request.headers as OutgoingHttpHeaders) },
          signal: request.signal,
        },
        (incoming) => {
          const timed = () => {
            timer?.cancel()
            timer = this.#after(request.timeoutMs, () => incoming.destroy(new Error('request timed out')))
          }
          timed()
          incoming.on('close', () => timer?.cancel())
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers as Record<string, string>, body: parts(incoming, timed) })
        },
      )
      let timer = this.#after(request.timeoutMs, () => outgoing.destroy(new Error('request timed out')))
      outgoing.on('error', (error) => {
        timer?.cancel()
        reject(error)
      })
      outgoing.end(request.body)
    })
  }

  #neverAnswered({ signal, timeoutMs }: HttpRequest, reject: (reason: Error) => void): void {
    const timer = this.#after(timeoutMs, () => reject(new Error('request timed out')))
    const abort = () => {
      timer?.cancel()
      reject(new Error('aborted'))
    }
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  }

  #after(delayMs: number | undefined, callback: () => void): Timer | undefined {
    return delayMs === undefined ? undefined : this.#side.clock.setTimer(delayMs, callback)
  }
}

async function* parts(body: AsyncIterable<Uint8Array>, onPart: () => void): AsyncGenerator<Uint8Array> {
  for await (const part of body) {
    onPart()
    yield part
  }
}
