import { connect as netConnect, type Socket } from 'node:net'
import { Agent, type buildConnector, type Dispatcher } from 'undici'
import { formatAddress } from '../address.ts'
import type { HttpRequest, HttpStream, HttpTransport, ProxyServer } from '../env.ts'
import { networkFault } from '../network-fault.ts'
import { isForwarded, proxyAuthorization } from '../proxy.ts'
import { plainConnect, secureConnect } from './secure-connect.ts'
import { openTunnel } from './tunnel.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** Sends a request; resolves with the head of the answer, whose body is still to come. */
export async function openStream(request: HttpRequest): Promise<HttpStream> {
  const { transport = PLAIN } = request
  const timeout = request.timeoutMs ?? 30_000
  const url = new URL(request.url)
  const path = `${url.pathname}${url.search}`
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(request.headers ?? {}))
    headers[name] = typeof value === 'string' ? bytesOf(value) : value.map(bytesOf)
  const { proxy } = transport
  const forwarded = proxy !== undefined && isForwarded(proxy, url.protocol.slice(0, -1)) ? proxy : undefined
  if (forwarded !== undefined) {
    const authorization = proxyAuthorization(forwarded)
    if (authorization !== undefined) headers['proxy-authorization'] = authorization
    headers.host ??= url.host
  }
  const options: Dispatcher.RequestOptions = {
    origin: forwarded === undefined ? url.origin : `${forwarded.scheme}://${formatAddress(forwarded)}`,
    path: forwarded === undefined ? path : `${url.origin}${path}`,
    method: (request.method ?? 'GET') as 'GET',
    headers,
    body: request.body,
    signal: request.signal,
    headersTimeout: timeout,
    bodyTimeout: timeout,
  }
  const response = await agentOf(transport, forwarded).request(options)
  const received: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers)) received[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
  return { status: response.statusCode, headers: received, body: response.body }
}

/** A character for each byte: the library sends no others. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

const PLAIN: HttpTransport = {}
const agents = new WeakMap<HttpTransport, Agent>()
/** Of transports whose proxy is sent the requests themselves: connected to it. */
const forwardingAgents = new WeakMap<HttpTransport, Agent>()
/** A transport that is used no more has no more connections. */
const unused = new FinalizationRegistry<Agent>((agent) => void agent.close().catch(() => {}))

function agentOf(transport: HttpTransport, forwarded: ProxyServer | undefined): Agent {
  const known = forwarded === undefined ? agents : forwardingAgents
  let agent = known.get(transport)
  if (agent === undefined) {
    // The copy lets the transport go while connections live.
    agent =
      forwarded === undefined
        ? new Agent({ connect: connector({ ...transport }), allowH2: transport.http2 ?? false })
        : new Agent({ connect: proxyConnector(forwarded), allowH2: false })
    known.set(transport, agent)
    unused.register(transport, agent)
  }
  return agent
}

/** Connects to a proxy that is sent the requests themselves. */
function proxyConnector(proxy: ProxyServer): buildConnector.connector {
  const connect = connector({ tls: proxy.tls })
  return (options, callback) =>
    connect(options, (error, socket) => {
      if (socket !== null) callback(null, socket)
      else callback(new Error(`proxyconnect tcp: ${networkFault(error, formatAddress(proxy))}`), null)
    })
}

function connector({ tls = {}, http2 = false, proxy, socketPath }: HttpTransport): buildConnector.connector {
  const protocols = http2 ? ['h2', 'http/1.1'] : []
  return (options, callback) => {
    const host = options.hostname.replace(/^\[(.*)\]$/, '$1')
    const isSecure = options.protocol === 'https:'
    const port = Number(options.port) || (isSecure ? 443 : 80)
    const tunnel = new AbortController()
    let isDone = false
    let current: Socket | undefined
    const timeout = setTimeout(() => failed(new Error('context deadline exceeded')), CONNECT_TIMEOUT_MS)
    const succeeded = (socket: Socket) => {
      clearTimeout(timeout)
      isDone = true
      callback(null, socket)
    }
    const failed = (error: Error) => {
      if (isDone) return
      clearTimeout(timeout)
      isDone = true
      tunnel.abort(error)
      current?.destroy()
      callback(error, null)
    }
    const connect = (over?: Socket) => {
      if (isSecure) current = secureConnect({ host, port, tls, protocols, socket: over }, succeeded)
      else if (over !== undefined) return succeeded(over)
      else if (socketPath !== undefined) current = netConnect(socketPath, () => succeeded(current!))
      else current = plainConnect(host, port, () => succeeded(current!))
      current.on('error', failed)
    }
    if (proxy === undefined) connect()
    else openTunnel(proxy, host, port, tunnel.signal).then(connect, failed)
  }
}
