import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect as netConnect, type Socket } from 'node:net'
import type { HttpRequest, HttpStream, HttpTransport } from '../env.ts'

// What is asked without TLS and without a proxy: most of what an Alertmanager sends, and all of what it is asked for here. The client that
// speaks the rest is eight times the code (http-client.ts).

/** Of every step: connecting has a limit of its own. */
const TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 10_000
/** A server may end a connection that nobody uses after a few seconds; what is on its way then would be lost. */
const IDLE_MS = 4000

/** Whether a request is one for this client. */
export function isPlain({ url, transport }: HttpRequest): boolean {
  return transport?.proxy === undefined && url.slice(0, 5).toLowerCase() === 'http:'
}

/** Sends a request; resolves with the head of the answer, whose body is still to come. */
export function openPlainStream({ url, method = 'GET', headers, body, signal, timeoutMs, transport }: HttpRequest): Promise<HttpStream> {
  const { hostname, port, pathname, search } = new URL(url)
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const outgoing = httpRequest({
      agent: agentOf(transport ?? PLAIN),
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? 80 : Number(port),
      path: `${pathname}${search}`,
      method,
      headers: sentHeaders(headers ?? {}),
    })
    // A text of ASCII goes as it is: bytes of it would stay in memory until the collector comes. Any other would make the library take the head
    // for UTF-8 as well.
    const sent = typeof body === 'string' && Buffer.byteLength(body) !== body.length ? Buffer.from(body) : body
    // The library tells it of some methods only.
    if (sent !== undefined && sent.length > 0) outgoing.setHeader('content-length', sent.length)
    const limits = new Limits(timeoutMs ?? TIMEOUT_MS, signal, (reason) => outgoing.destroy(reason))
    outgoing.once('response', (incoming) => {
      limits.restart()
      resolve({ status: incoming.statusCode ?? 0, headers: receivedHeaders(incoming), body: bodyOf(incoming, limits) })
    })
    outgoing.once('error', (error) => {
      limits.end()
      reject(limits.reason ?? readable(error))
    })
    outgoing.once('close', () => {
      limits.end()
      // Where the answer was one to something else, such as a change of the protocol, there is neither an answer nor an error.
      reject(limits.reason ?? new Error('EOF'))
    })
    if (typeof sent === 'string') outgoing.end(sent, 'latin1')
    else outgoing.end(sent)
  })
}

/** Ends a request that is no longer wanted, or whose next part does not come. */
class Limits {
  readonly #timeoutMs: number
  readonly #signal: AbortSignal | undefined
  readonly #destroy: (reason: Error) => void
  #timer: NodeJS.Timeout
  #reason: unknown

  constructor(timeoutMs: number, signal: AbortSignal | undefined, destroy: (reason: Error) => void) {
    this.#timeoutMs = timeoutMs
    this.#signal = signal
    this.#destroy = destroy
    this.#timer = this.#begin()
    signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Why it was ended; undefined: it was not. */
  get reason(): unknown {
    return this.#reason
  }

  restart(): void {
    clearTimeout(this.#timer)
    this.#timer = this.#begin()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = () => this.#stop(this.#signal?.reason)

  #begin(): NodeJS.Timeout {
    return setTimeout(() => this.#stop(new Error('context deadline exceeded')), this.#timeoutMs)
  }

  #stop(reason: unknown): void {
    this.#reason = reason
    this.#destroy(reason instanceof Error ? reason : new Error('aborted'))
  }
}

async function* bodyOf(incoming: IncomingMessage, limits: Limits): AsyncGenerator<Uint8Array> {
  try {
    for await (const part of incoming as AsyncIterable<Uint8Array>) {
      limits.restart()
      yield part
    }
  } catch (error) {
    throw limits.reason ?? readable(error as Error)
  } finally {
    limits.end()
  }
}

/** A connection that was closed is told as one that was reset, but by no system call. */
function readable(error: NodeJS.ErrnoException): Error {
  return error.code === 'ECONNRESET' && error.syscall === undefined ? new Error('EOF') : error
}

/** A character for each byte: the library sends no others. */
function sentHeaders(headers: NonNullable<HttpRequest['headers']>): Record<string, string | string[]> {
  const sent: Record<string, string | string[]> = {}
  const bytesOf = (text: string) => Buffer.from(text).toString('latin1')
  for (const [name, value] of Object.entries(headers)) sent[name] = typeof value === 'string' ? bytesOf(value) : value.map(bytesOf)
  return sent
}

function receivedHeaders({ headers }: IncomingMessage): Record<string, string> {
  const received: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) received[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
  return received
}

const PLAIN: HttpTransport = {}
const agents = new WeakMap<HttpTransport, Agent>()
/** A transport that is used no more has no more connections than are in use. */
const unused = new FinalizationRegistry<Agent>((agent) => {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
})

function agentOf(transport: HttpTransport): Agent {
  let agent = agents.get(transport)
  if (agent === undefined) {
    agent = new PlainAgent(transport.socketPath)
    agents.set(transport, agent)
    unused.register(transport, agent)
  }
  return agent
}

class PlainAgent extends Agent {
  readonly #socketPath: string | undefined

  constructor(socketPath: string | undefined) {
    super({ keepAlive: true, timeout: IDLE_MS })
    this.#socketPath = socketPath
  }

  override createConnection(options: { readonly host?: string | null; readonly port?: string | number | null }): Socket {
    const path = this.#socketPath
    const place = path === undefined ? { host: options.host!, port: Number(options.port), noDelay: true } : { path }
    const connected = () => clearTimeout(timer)
    const socket = netConnect(place, connected)
    const timer = setTimeout(() => socket.destroy(new Error('context deadline exceeded')), CONNECT_TIMEOUT_MS)
    return socket.once('close', connected)
  }
}
