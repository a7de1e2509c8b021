import { spawn } from 'node:child_process'
import { lookup, Resolver } from 'node:dns/promises'
import { createServer, type Server } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { type Socket as NetSocket, connect as netConnect } from 'node:net'
import { createInterface } from 'node:readline'
import { Registry } from 'prom-client'
import type {
  Child,
  ChildExit,
  ConnectOptions,
  Dns,
  DnsRecord,
  DnsRecordType,
  Env,
  Http,
  HttpHandler,
  HttpListener,
  HttpRequest,
  HttpStream,
  ProxyServer,
  SecureOptions,
  Socket,
  SocketHandler,
  Spawner,
  Tcp,
} from './env.ts'
import type { Log } from './log.ts'
import { realClock } from './real/clock.ts'
import { realFileSystem } from './real/file-system.ts'
import { PasswordWorker } from './real/password-worker.ts'
import { isPlain, openPlainStream } from './real/plain-http-client.ts'
import { realRandom } from './real/random.ts'
import { secureConnect } from './real/secure-connect.ts'
import { listenTcp } from './real/tcp-listener.ts'
import { realThreads } from './real/threads.ts'
import { type Listening, REQUEST_HEAD_BYTES_MAX, tlsListener } from './real/tls-listener.ts'
import { openTunnel } from './real/tunnel.ts'
import { realUdp } from './real/udp.ts'

/** The name of the variable that tells a child which file descriptor is its stop channel. */
export const STOP_FD_VARIABLE = 'PROMONTORY_STOP_FD'

/** The Env of production: this process' clock, disk, network and children. */
export function realEnv(log: Log): Env {
  return {
    clock: realClock,
    random: realRandom,
    fs: realFileSystem,
    tcp: realTcp,
    udp: realUdp,
    dns: realDns,
    http: realHttp,
    passwords: new PasswordWorker(),
    spawn: realSpawner,
    threads: realThreads(log),
    log,
    metrics: new Registry(),
  }
}

/** One buffer for all plain connections: each read is handed on before the next one happens. */
const sharedReadBuffer = new Uint8Array(256 * 1024)

const realTcp: Tcp = {
  connect(options: ConnectOptions, handler: SocketHandler): Socket {
    if (options.through !== undefined) return connectThrough(options, options.through, handler)
    const { host, port, tls, protocols } = options
    const socket: NetSocket =
      tls === undefined
        ? netConnect(
            {
              host,
              port,
              noDelay: true,
              onread: {
                buffer: sharedReadBuffer,
                callback(length, buffer) {
                  handler.data(buffer.subarray(0, length))
                  return true
                },
              },
            },
            () => handler.connected(),
          )
        : secureConnect({ host, port, tls, protocols }, () => handler.connected())
    return handled(socket, handler, tls !== undefined)
  },
  secure(plain: Socket, { host, tls }: SecureOptions, handler: SocketHandler): Socket {
    const { socket, letGo } = opened.get(plain)!
    letGo()
    return handled(
      secureConnect({ host, port: 0, tls, socket }, () => handler.connected()),
      handler,
      true,
    )
  },
  listen: listenTcp,
}

/** Connections that TLS may begin on; after `letGo` nothing more is told of one. */
const opened = new WeakMap<Socket, { readonly socket: NetSocket; letGo(): void }>()

/** Hands on what comes from a connection; `hasEvents` where bytes come as events. */
function handled(socket: NetSocket, handler: SocketHandler, hasEvents: boolean): Socket {
  let failure: Error | undefined
  const onData = (bytes: Uint8Array) => handler.data(bytes)
  const onEnd = () => void socket.destroy()
  const onClose = () => handler.closed(failure)
  if (hasEvents) socket.on('data', onData).resume()
  socket.on('error', (error: Error) => {
    failure = error
  })
  socket.on('end', onEnd)
  socket.on('close', onClose)
  const own: Socket = {
    write: (bytes) => void socket.write(bytes),
    destroy: () => void socket.destroy(),
  }
  const letGo = () => void socket.off('data', onData).off('end', onEnd).off('close', onClose)
  opened.set(own, { socket, letGo })
  return own
}

function connectThrough({ host, port, tls, protocols }: ConnectOptions, proxy: ProxyServer, handler: SocketHandler): Socket {
  const ended = new AbortController()
  let socket: Socket | undefined
  openTunnel(proxy, host, port, ended.signal).then(
    (over) => {
      if (ended.signal.aborted) {
        over.destroy()
        handler.closed()
      } else if (tls === undefined) {
        socket = handled(over, handler, true)
        handler.connected()
      } else
        socket = handled(
          secureConnect({ host, port, tls, protocols, socket: over }, () => handler.connected()),
          handler,
          true,
        )
    },
    (error: Error) => handler.closed(ended.signal.aborted ? undefined : error),
  )
  return {
    write: (bytes) => socket?.write(bytes),
    destroy() {
      if (socket === undefined) ended.abort(new Error('closed'))
      else socket.destroy()
    },
  }
}

const realDns: Dns = {
  async lookup(host) {
    return (await lookup(host, { all: true })).map((found) => found.address)
  },
  async resolve(name, type, signal) {
    signal?.throwIfAborted()
    // A new resolver reads the system's list of servers, which may have changed.
    const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES })
    const onAbort = () => resolver.cancel()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await resolveRecords(resolver, name, type)
    } catch (error) {
      if (errorNumber(error) === 'ENODATA') return []
      if (errorNumber(error) === 'ENOTFOUND') return undefined
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  },
}

const DNS_TIMEOUT_MS = 2000
const DNS_TRIES = 2

async function resolveRecords(resolver: Resolver, name: string, type: DnsRecordType): Promise<readonly DnsRecord[]> {
  switch (type) {
    case 'A':
      return (await resolver.resolve4(name)).map((address) => ({ type, address }))
    case 'AAAA':
      return (await resolver.resolve6(name)).map((address) => ({ type, address }))
    case 'SRV':
      return (await resolver.resolveSrv(name)).map((record) => ({ type, target: record.name, port: record.port }))
    case 'MX':
      return (await resolver.resolveMx(name)).map((record) => ({ type, target: record.exchange }))
    case 'NS':
      return (await resolver.resolveNs(name)).map((target) => ({ type, target }))
  }
}

const realHttp: Http = {
  async request(request) {
    const bodyBytesMax = request.bodyBytesMax ?? 64 * 1024 * 1024
    const { status, headers, body } = await openStream(request)
    const parts: Uint8Array[] = []
    let sizeBytes = 0
    for await (const part of body) {
      sizeBytes += part.length
      if (sizeBytes > bodyBytesMax) throw new Error(`${request.url}: body is over ${bodyBytesMax} bytes`)
      parts.push(part)
    }
    return { status, headers, body: Buffer.concat(parts, sizeBytes) }
  },

  stream: openStream,

  listen({ host, port, connectionsMax, readTimeoutMs, tls }, handler) {
    const prepare = (server: Server | HttpsServer) => {
      if (readTimeoutMs === undefined) return
      server.requestTimeout = readTimeoutMs
      server.headersTimeout = Math.min(readTimeoutMs, 60_000)
      server.keepAliveTimeout = readTimeoutMs
    }
    return new Promise((resolve, reject) => {
      const listening = tls === undefined ? plainListener(handler, prepare) : tlsListener(tls, prepare, handler)
      const { server } = listening
      if (connectionsMax !== undefined) server.maxConnections = connectionsMax
      server.once('error', reject)
      server.listen({ host, port, backlog: 4096 }, () => {
        server.off('error', reject)
        const address = server.address()
        const boundPort = typeof address === 'object' && address !== null ? address.port : port
        resolve(listenerOf(listening, host, boundPort))
      })
    })
  },
}

function plainListener(handler: HttpHandler, prepare: (server: Server) => void): Listening {
  const server = createServer({ maxHeaderSize: REQUEST_HEAD_BYTES_MAX }, handler)
  prepare(server)
  return {
    server,
    closeIdleConnections: () => server.closeIdleConnections(),
    closeAllConnections: () => server.closeAllConnections(),
  }
}

/** The client for TLS and proxies is loaded by the first request that needs it: 8 MB. */
async function openStream(request: HttpRequest): Promise<HttpStream> {
  if (isPlain(request)) return await openPlainStream(request)
  const client = await import('./real/http-client.ts')
  return await client.openStream(request)
}

/** How soon after its last answer a connection is closed at the stop. */
const IDLE_LOOK_MS = 50

function listenerOf(listening: Listening, host: string, port: number): HttpListener {
  return {
    host,
    port,
    close(graceMs) {
      return new Promise((resolve) => {
        const cut = setTimeout(() => listening.closeAllConnections(), graceMs)
        // One that has its answer now would be kept for another request.
        const idle = setInterval(() => listening.closeIdleConnections(), IDLE_LOOK_MS)
        listening.server.close(() => {
          clearTimeout(cut)
          clearInterval(idle)
          resolve()
        })
        listening.closeIdleConnections()
      })
    },
  }
}

/** How long the last lines of a process that has ended may take to arrive. */
const PIPES_GRACE_MS = 500

const realSpawner: Spawner = {
  start({ command, args, cwd, variables, onLine }): Child {
    const child = spawn(command, args, {
      cwd,
      detached: true,
      // 3 is the stop channel: a pipe that ends when we end it, or when this process is gone.
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...variables, [STOP_FD_VARIABLE]: '3' },
    })
    createInterface({ input: child.stdout! }).on('line', (line) => onLine(line, 'out'))
    createInterface({ input: child.stderr! }).on('line', (line) => onLine(line, 'err'))
    const channel = child.stdio[3] as NetSocket
    channel.on('error', () => {})
    const exited = new Promise<ChildExit>((resolve) => {
      child.once('error', (error) => {
        onLine(`${command}: ${error.message}`, 'err')
        resolve({ code: 127, signal: null })
      })
      // `close` comes when its pipes have been read to their end; a process of its own that keeps them open must not hide the exit.
      child.once('exit', (code, signal) => {
        const timeout = setTimeout(() => resolve({ code, signal }), PIPES_GRACE_MS)
        child.once('close', () => {
          clearTimeout(timeout)
          resolve({ code, signal })
        })
      })
    })
    const pid = child.pid ?? 0
    return {
      pid,
      exited,
      stop: () => void channel.destroy(),
      kill(signal) {
        if (pid === 0) return
        try {
          process.kill(-pid, signal)
        } catch (error) {
          if (errorNumber(error) !== 'ESRCH') throw error
        }
      },
    }
  },
}

function errorNumber(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
