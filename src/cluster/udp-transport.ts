import { formatAddress } from '../base/address.ts'
import type { Env, NetworkAddress, TcpListener, UdpSocket } from '../base/env.ts'
import { wrapError } from '../base/errors.ts'
import { answer, ask, ConnectionLimit } from './exchange.ts'
import type { Transport, TransportOptions } from './transport.ts'

/** A port chosen by the system for connections may be taken for datagrams. */
const PORT_TRIES = 10

/** Datagrams over UDP and connections over TCP, both on one port. */
export async function openUdpTransport(env: Env, bind: NetworkAddress, options: TransportOptions): Promise<Transport> {
  const limit = new ConnectionLimit()
  const { listener, socket } = await bindBoth()
  return {
    host: bind.host,
    port: listener.port,
    send: (bytes, { host, port }) => socket.send(bytes, host, port),
    request: (message, to, { timeoutMs, wantsAnswer }) =>
      ask((handler) => env.tcp.connect(to, handler), env.clock, message, to, { label: options.label, timeoutMs, wantsAnswer }),
    async close() {
      socket.close()
      await listener.close()
    },
  }

  async function bindBoth(): Promise<{ listener: TcpListener; socket: UdpSocket }> {
    for (let tries = 1; ; tries++) {
      const listener = await env.tcp
        .listen(bind, (connection, from) => limit.guard(connection, () => answer(connection, env.clock, from, options)))
        .catch((error: unknown) => {
          throw wrapError(`listen on ${formatAddress(bind)} for cluster members`, error)
        })
      try {
        const socket = await env.udp.bind({ host: bind.host, port: listener.port }, (bytes, from) => options.handler.packet(bytes, from))
        return { listener, socket }
      } catch (error) {
        await listener.close()
        if (bind.port !== 0 || tries === PORT_TRIES)
          throw wrapError(`listen on ${formatAddress(bind)} for datagrams of cluster members`, error)
      }
    }
  }
}
