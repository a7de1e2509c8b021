// Members over TLS: datagrams go over connections that stay, requests over ones of their own. docs/protocols/memberlist.md, "TLS".
import { formatAddress } from '../base/address.ts'
import type { ConnectionHandler, Env, NetworkAddress, Socket, TlsListening, TlsOptions } from '../base/env.ts'
import { errorMessage, wrapError } from '../base/errors.ts'
import { answer, ask, ConnectionLimit } from './exchange.ts'
import { decodeTlsMessage, encodeTlsMessage } from './state-parts.ts'
import type { Transport, TransportOptions } from './transport.ts'

export interface ClusterTls {
  readonly server: TlsListening
  /** Asked for each connection; the same object as long as nothing has changed. */
  client(): TlsOptions
}

/** Source: Alertmanager cluster/tls_connection.go. */
const VERSION = 'v0.1.0'
const LENGTH_BYTES = 4
const MESSAGE_BYTES_MAX = 1024 * 1024
/** What waits for a connection that is being made; beyond it datagrams are lost, as they may be. */
const WAITING_MAX = 64
const CONNECT_TIMEOUT_MS = 10_000

export async function openTlsTransport(env: Env, bind: NetworkAddress, tls: ClusterTls, options: TransportOptions): Promise<Transport> {
  const limit = new ConnectionLimit()
  const listener = await env.tcp
    .listen({ ...bind, tls: tls.server }, (connection, from) => limit.guard(connection, () => receive(connection, env, from, options)))
    .catch((error: unknown) => {
      throw wrapError(`listen on ${formatAddress(bind)} for cluster members`, error)
    })
  const own = formatAddress({ host: bind.host, port: listener.port })
  const senders = new Map<string, PacketSender>()
  const stream = framed({ kind: 'stream', from: '', message: new Uint8Array(0) })
  return {
    host: bind.host,
    port: listener.port,
    send(bytes, to) {
      const key = formatAddress(to)
      let sender = senders.get(key)
      if (sender === undefined || sender.isClosed) {
        sender = new PacketSender(env, { ...to, tls: tls.client() })
        senders.set(key, sender)
      }
      sender.send(framed({ kind: 'packet', from: own, message: bytes }))
    },
    request: (message, to, { timeoutMs, wantsAnswer }) =>
      ask((handler) => env.tcp.connect({ ...to, tls: tls.client() }, handler), env.clock, message, to, {
        label: options.label,
        before: stream,
        timeoutMs,
        wantsAnswer,
      }),
    async close() {
      for (const sender of senders.values()) sender.close()
      await listener.close()
    },
  }
}

function framed(message: { kind: 'stream' | 'packet'; from: string; message: Uint8Array }): Uint8Array {
  const body = encodeTlsMessage({ version: VERSION, ...message })
  const head = Buffer.alloc(LENGTH_BYTES)
  head.writeUInt32LE(body.length)
  return Buffer.concat([head, body])
}

/** A connection to one member for datagrams. */
class PacketSender {
  readonly #socket: Socket
  readonly #waiting: Uint8Array[] = []
  #isConnected = false
  isClosed = false

  constructor(env: Env, to: Parameters<Env['tcp']['connect']>[0]) {
    const timer = env.clock.setTimer(CONNECT_TIMEOUT_MS, () => this.#socket.destroy())
    this.#socket = env.tcp.connect(to, {
      connected: () => {
        timer.cancel()
        this.#isConnected = true
        for (const bytes of this.#waiting.splice(0)) this.#socket.write(bytes)
      },
      data: () => {},
      closed: (error) => {
        timer.cancel()
        this.isClosed = true
        if (error !== undefined) env.log.debug('send to cluster member', { address: formatAddress(to), error: errorMessage(error) })
      },
    })
  }

  send(bytes: Uint8Array): void {
    if (this.#isConnected) this.#socket.write(bytes)
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(bytes)
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** A connection of another member: datagrams one after the other, or after a first message a request. */
function receive(socket: Socket, env: Env, from: NetworkAddress, options: TransportOptions): ConnectionHandler {
  let pending: Uint8Array = new Uint8Array(0)
  let stream: ConnectionHandler | undefined
  const refuse = () => socket.destroy()
  // One that never says what it is; those for datagrams stay.
  const timer = env.clock.setTimer(options.tcpTimeoutMs, refuse)
  return {
    data(bytes) {
      if (stream !== undefined) return void stream.data(bytes)
      pending = Buffer.concat([pending, bytes])
      while (stream === undefined && pending.length >= LENGTH_BYTES) {
        const length = new DataView(pending.buffer, pending.byteOffset).getUint32(0, true)
        if (length > MESSAGE_BYTES_MAX) return void refuse()
        if (pending.length < LENGTH_BYTES + length) return
        const body = pending.subarray(LENGTH_BYTES, LENGTH_BYTES + length)
        pending = pending.subarray(LENGTH_BYTES + length)
        try {
          const { version, kind, message } = decodeTlsMessage(body)
          if (version !== VERSION) throw new Error(`found version "${version}", want ${VERSION}`)
          timer.cancel()
          if (kind === 'packet') options.handler.packet(message, from)
          else stream = answer(socket, env.clock, from, options)
        } catch (error) {
          env.log.debug('cluster connection refused', { from: formatAddress(from), reason: errorMessage(error) })
          return void refuse()
        }
      }
      if (stream !== undefined && pending.length > 0) stream.data(pending)
    },
    closed(error) {
      timer.cancel()
      stream?.closed(error)
    },
  }
}
