import type { Socket } from 'node:net'
import { formatAddress } from '../address.ts'
import type { ProxyServer } from '../env.ts'
import { errorMessage } from '../errors.ts'
import { parseIp, sharePrefix } from '../ip-address.ts'
import { networkFault } from '../network-fault.ts'
import { proxyAuthorization } from '../proxy.ts'
import { plainConnect, secureConnect } from './secure-connect.ts'

// Connections through a proxy, by CONNECT or SOCKS 5, to be used by whoever asked as if they were direct.
// Source: RFC 9110, 9.3.6; RFC 1928 and 1929; error texts: Go net/http transport.go, x/net internal/socks.

const ANSWER_BYTES_MAX = 64 * 1024

/** Rejects in Go's words; once `signal` aborts, with its reason. */
export async function openTunnel(proxy: ProxyServer, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted()
  const wanted = formatAddress({ host, port })
  const socket = await connectProxy(proxy, signal)
  const onAbort = () => socket.destroy(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const reader = new SocketReader(socket)
    if (proxy.scheme === 'socks5') await askSocks(socket, reader, proxy, host, port)
    else await askConnect(socket, reader, proxy, wanted)
    reader.release()
    return socket
  } catch (error) {
    socket.destroy()
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function connectProxy(proxy: ProxyServer, signal: AbortSignal): Promise<Socket> {
  const { scheme, host, port, tls = {} } = proxy
  return new Promise((resolve, reject) => {
    const connected = () => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', onError)
      resolve(socket)
    }
    const socket: Socket = scheme === 'https' ? secureConnect({ host, port, tls }, connected) : plainConnect(host, port, connected)
    const onAbort = () => socket.destroy(signal.reason)
    const onError = (error: Error) => {
      signal.removeEventListener('abort', onAbort)
      if (signal.aborted) return reject(signal.reason)
      reject(new Error(`proxyconnect tcp: ${networkFault(error, formatAddress(proxy))}`))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('error', onError)
    // Whatever happens after somebody has it is theirs; until then, an error must not end the process.
    socket.on('error', () => {})
  })
}

async function askConnect(socket: Socket, reader: SocketReader, proxy: ProxyServer, wanted: string): Promise<void> {
  const lines = [`CONNECT ${wanted} HTTP/1.1`, `Host: ${wanted}`]
  for (const [name, value] of proxy.connectHeaders) lines.push(`${name}: ${value}`)
  const authorization = proxyAuthorization(proxy)
  if (authorization !== undefined) lines.push(`Proxy-Authorization: ${authorization}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const head = (await reader.readHead()).toString('latin1')
  const [, status, text] = /^HTTP\/1\.[01] (\d{3}) ?([^\r\n]*)/.exec(head) ?? []
  if (status === undefined) throw new Error(`malformed HTTP response ${JSON.stringify(head.split(/\r?\n/)[0].slice(0, 100))}`)
  if (status !== '200') throw new Error(text.slice(0, 100) || 'unknown status code')
}

const SOCKS_REPLIES = [
  'succeeded',
  'general SOCKS server failure',
  'connection not allowed by ruleset',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'TTL expired',
  'command not supported',
  'address type not supported',
]

async function askSocks(socket: Socket, reader: SocketReader, proxy: ProxyServer, host: string, port: number): Promise<void> {
  const { credentials } = proxy
  const where = `socks connect tcp ${formatAddress(proxy)}->${formatAddress({ host, port })}`
  const fail = (what: string): never => {
    throw new Error(`${where}: ${what}`)
  }
  socket.write(credentials === undefined ? Uint8Array.of(5, 1, 0) : Uint8Array.of(5, 2, 0, 2))
  const [version, method] = await reader.read(2)
  if (version !== 5) fail(`unexpected protocol version ${version}`)
  if (method === 2 && credentials !== undefined) {
    const [user, password] = [Buffer.from(credentials.username), Buffer.from(credentials.password)]
    if (user.length === 0 || user.length > 255 || password.length > 255) fail('invalid username/password')
    socket.write(Buffer.concat([Uint8Array.of(1, user.length), user, Uint8Array.of(password.length), password]))
    const [, status] = await reader.read(2)
    if (status !== 0) fail('username/password authentication failed')
  } else if (method !== 0) fail('no acceptable authentication methods')
  socket.write(Buffer.concat([Uint8Array.of(5, 1, 0), socksAddress(host), Uint8Array.of(port >> 8, port & 255)]))
  const [, reply, , kind] = await reader.read(4)
  if (reply !== 0) fail(`unknown error ${SOCKS_REPLIES[reply] ?? `unknown code: ${reply}`}`)
  if (kind !== 1 && kind !== 3 && kind !== 4) fail(`unknown address type ${kind}`)
  await reader.read((kind === 3 ? (await reader.read(1))[0] : kind === 1 ? 4 : 16) + 2)
}

/** A name is for the proxy to look up. */
function socksAddress(host: string): Uint8Array {
  const address = parseIp(host)
  if (address !== undefined) return isV4(address) ? Uint8Array.of(1, ...address.subarray(12)) : Uint8Array.of(4, ...address)
  const name = Buffer.from(host)
  if (name.length > 255) throw new Error('FQDN too long')
  return Buffer.concat([Uint8Array.of(3, name.length), name])
}

const V4 = parseIp('0.0.0.0')!

function isV4(address: Uint8Array): boolean {
  return sharePrefix(address, V4, 96)
}

/** Takes bytes of a connection as they are asked for, and leaves the rest in it. */
class SocketReader {
  readonly #socket: Socket
  #held: Buffer = Buffer.alloc(0)
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.on('close', this.#onClose)
    socket.on('error', this.#onError)
    socket.on('end', this.#onClose)
  }

  readonly #onData = (bytes: Buffer) => {
    this.#held = Buffer.concat([this.#held, bytes])
    this.#wake?.()
  }

  readonly #onError = (error: Error) => {
    this.#failure = new Error(errorMessage(error))
    this.#wake?.()
  }

  readonly #onClose = () => {
    this.#failure ??= new Error('unexpected EOF')
    this.#wake?.()
  }

  async read(count: number): Promise<Buffer> {
    while (this.#held.length < count) await this.#more()
    return this.#take(count)
  }

  /** Up to and with the empty line. */
  async readHead(): Promise<Buffer> {
    for (;;) {
      const end = this.#held.indexOf('\r\n\r\n')
      if (end >= 0) return this.#take(end + 4)
      if (this.#held.length > ANSWER_BYTES_MAX) throw new Error(`response headers exceeded ${ANSWER_BYTES_MAX} bytes`)
      await this.#more()
    }
  }

  release(): void {
    this.#socket.pause()
    this.#socket.off('data', this.#onData)
    this.#socket.off('close', this.#onClose)
    this.#socket.off('error', this.#onError)
    this.#socket.off('end', this.#onClose)
    if (this.#held.length > 0) this.#socket.unshift(this.#held)
  }

  #take(count: number): Buffer {
    const taken = this.#held.subarray(0, count)
    this.#held = this.#held.subarray(count)
    return taken
  }

  async #more(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = undefined
  }
}
