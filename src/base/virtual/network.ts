import { createServer, request as httpRequest, type OutgoingHttpHeaders, type Server } from 'node:http'
import { Duplex } from 'node:stream'
import type { Clock, Http, HttpListener, HttpRequest, HttpStream, Socket, SocketHandler, Tcp, Timer } from '../env.ts'

/** The server's side of a virtual connection. */
export interface VirtualPeer {
  write(bytes: Uint8Array | string): void
  end(): void
}

/** What a raw virtual server does with a connection: returns what to do with the bytes that arrive. */
export type VirtualAcceptor = (peer: VirtualPeer) => { data(bytes: Uint8Array): void; closed?(): void }

/** Connections in memory: HTTP listeners and raw ones, reached by address; a partition refuses or swallows. */
export class VirtualNetwork {
  readonly #clock: Clock
  readonly #acceptors = new Map<string, (stream: Duplex) => void>()
  readonly #servers = new Map<string, Server>()
  #nextPort = 20_000
  /** One way, in ms. */
  latencyMs = 0
  /** Asked for every connection; true refuses it. */
  refuses: (address: string) => boolean = () => false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A raw server, for hostile and broken peers. */
  listenRaw(address: string, acceptor: VirtualAcceptor): void {
    this.#acceptors.set(address, (stream) => {
      const handler = acceptor({ write: (bytes) => void stream.write(bytes), end: () => void stream.end() })
      stream.on('data', (bytes: Uint8Array) => handler.data(bytes))
      stream.on('close', () => handler.closed?.())
    })
  }

  readonly tcp: Tcp = {
    connect: ({ host, port, through }, handler: SocketHandler): Socket => {
      if (through !== undefined) throw new Error(`connect to ${host}:${port}: this environment has no proxies`)
      const stream = this.#open(`${host}:${port}`)
      if (stream === undefined) {
        this.#clock.setTimer(this.latencyMs, () => handler.closed(refused(host, port)))
        return { write: () => {}, destroy: () => {} }
      }
      let failure: Error | undefined
      stream.on('data', (bytes: Uint8Array) => handler.data(bytes))
      stream.on('error', (error) => {
        failure = error
      })
      stream.on('end', () => stream.destroy())
      stream.on('close', () => handler.closed(failure))
      this.#clock.setTimer(this.latencyMs, () => handler.connected())
      return { write: (bytes) => void stream.write(bytes), destroy: () => void stream.destroy() }
    },
  }

  readonly http: Http = {
    request: async (request) => {
      const { status, headers, body } = await this.#stream(request)
      const parts: Uint8Array[] = []
      for await (const part of body) parts.push(part)
      return { status, headers, body: Buffer.concat(parts) }
    },

    stream: (request) => this.#stream(request),

    listen: async ({ host, port, tls }, handler): Promise<HttpListener> => {
      if (tls !== undefined) throw new Error(`listen on ${host}:${port}: this environment has no TLS`)
      if (port === 0) port = this.#nextPort++
      const address = `${host}:${port}`
      if (this.#acceptors.has(address)) throw Object.assign(new Error(`listen EADDRINUSE: ${address}`), { code: 'EADDRINUSE' })
      const server = createServer({ keepAliveTimeout: 0, connectionsCheckingInterval: 2 ** 31 - 1 }, handler)
      this.#servers.set(address, server)
      this.#acceptors.set(address, (stream) => void server.emit('connection', stream))
      return {
        host,
        port,
        close: async () => {
          this.#acceptors.delete(address)
          this.#servers.delete(address)
          server.closeAllConnections()
        },
      }
    },
  }

  #stream(request: HttpRequest): Promise<HttpStream> {
    return new Promise((resolve, reject) => {
      const url = new URL(request.url)
      if (request.transport?.proxy !== undefined) return reject(new Error(`${request.url}: this environment has no proxies`))
      const port = Number(url.port || 80)
      const stream = this.#open(`${url.hostname}:${port}`)
      if (stream === undefined) return reject(refused(url.hostname, port))
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

  #after(delayMs: number | undefined, callback: () => void): Timer | undefined {
    return delayMs === undefined ? undefined : this.#clock.setTimer(delayMs, callback)
  }

  #open(address: string): Duplex | undefined {
    const accept = this.#acceptors.get(address)
    if (accept === undefined || this.refuses(address)) return undefined
    const [client, server] = duplexPair(this.#clock, () => this.latencyMs)
    accept(server)
    return client
  }
}

async function* parts(body: AsyncIterable<Uint8Array>, onPart: () => void): AsyncGenerator<Uint8Array> {
  for await (const part of body) {
    onPart()
    yield part
  }
}

function refused(host: string, port: number): Error {
  return Object.assign(new Error(`connect ECONNREFUSED ${host}:${port}`), { code: 'ECONNREFUSED' })
}

/** Two ends of one connection; what is written to one is read from the other after the latency. */
function duplexPair(clock: Clock, latencyMs: () => number): [Duplex, Duplex] {
  const ends: Duplex[] = []
  const end = (self: number): Duplex => {
    const other = () => ends[1 - self]
    return new Duplex({
      allowHalfOpen: true,
      read() {},
      write(bytes: Uint8Array, _encoding, done) {
        clock.setTimer(latencyMs(), () => {
          if (!other().destroyed) other().push(bytes)
          done()
        })
      },
      final(done) {
        clock.setTimer(latencyMs(), () => {
          if (!other().destroyed) other().push(null)
          done()
        })
      },
      destroy(error, done) {
        clock.setTimer(latencyMs(), () => {
          if (!other().destroyed) other().push(null)
        })
        done(error)
      },
    })
  }
  ends.push(end(0), end(1))
  for (const stream of ends)
    Object.assign(stream, {
      setTimeout: () => stream,
      setNoDelay: () => stream,
      setKeepAlive: () => stream,
      ref: () => stream,
      unref: () => stream,
    })
  return [ends[0], ends[1]]
}
