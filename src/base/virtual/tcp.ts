import type { Duplex } from 'node:stream'
import type {
  ConnectionHandler,
  ConnectOptions,
  NetworkAddress,
  SecureOptions,
  Socket,
  SocketHandler,
  Tcp,
  TcpListener,
  TcpListenOptions,
} from '../env.ts'
import type { NetworkSide } from './network.ts'

/** Raw connections in memory. */
export class VirtualTcp implements Tcp {
  readonly #side: NetworkSide
  readonly #streams = new WeakMap<Socket, Duplex>()

  constructor(side: NetworkSide) {
    this.#side = side
  }

  connect({ host, port, through }: ConnectOptions, handler: SocketHandler): Socket {
    if (through !== undefined) throw new Error(`connect to ${host}:${port}: this environment has no proxies`)
    const side = this.#side
    const { network, clock } = side
    const opened = network.open(side.newSource(), side.global({ host, port }))
    if (opened === 'refused') {
      clock.setTimer(network.latencyMs, () => {
        if (!side.isOver) handler.closed(refused(host, port))
      })
      return { write: () => {}, destroy: () => {} }
    }
    if (opened === 'swallowed') {
      let isClosed = false
      return {
        write: () => {},
        destroy() {
          if (isClosed || side.isOver) return
          isClosed = true
          clock.setTimer(0, () => handler.closed())
        },
      }
    }
    const [stream] = opened
    const socket = this.#handled(stream, handler)
    clock.setTimer(network.latencyMs, () => {
      if (!side.isOver && !stream.destroyed) handler.connected()
    })
    return socket
  }

  /** Speaks as plainly as before: there is no TLS in memory. */
  secure(plain: Socket, _options: SecureOptions, handler: SocketHandler): Socket {
    const { network, clock } = this.#side
    const stream = this.#streams.get(plain)!
    for (const event of ['data', 'error', 'end', 'close']) stream.removeAllListeners(event)
    const socket = this.#handled(stream, handler)
    clock.setTimer(network.latencyMs, () => {
      if (!this.#side.isOver && !stream.destroyed) handler.connected()
    })
    return socket
  }

  async listen(options: TcpListenOptions, accept: (socket: Socket, client: NetworkAddress) => ConnectionHandler): Promise<TcpListener> {
    const { network } = this.#side
    const { host } = options
    const port = options.port === 0 ? network.freePort() : options.port
    if (options.tls !== undefined) throw new Error(`listen on ${host}:${port}: this environment has no TLS`)
    const at = this.#side.global({ host, port })
    const address = `${at.host}:${at.port}`
    if (network.hears(address)) throw inUse('listen', address)
    const streams = new Set<Duplex>()
    const close = () => {
      network.unaccept(address)
      for (const stream of streams) stream.destroy()
    }
    const forget = this.#side.hold(close)
    network.accept(address, (stream, client) => {
      streams.add(stream)
      stream.once('close', () => streams.delete(stream))
      const handler: ConnectionHandler = accept(
        { write: (bytes) => void stream.write(bytes), destroy: () => void stream.destroy() },
        client,
      )
      this.#handled(stream, handler)
    })
    return {
      host,
      port,
      close: async () => {
        forget()
        close()
      },
    }
  }

  #handled(stream: Duplex, handler: ConnectionHandler): Socket {
    const side = this.#side
    const forget = side.hold(() => void stream.destroy())
    let failure: Error | undefined
    stream.on('data', (bytes: Uint8Array) => {
      if (!side.isOver) handler.data(bytes)
    })
    stream.on('error', (error) => {
      failure = error
    })
    stream.on('end', () => stream.destroy())
    stream.on('close', () => {
      forget()
      if (!side.isOver) handler.closed(failure)
    })
    const socket: Socket = {
      write(bytes) {
        if (!stream.destroyed && !side.isOver) stream.write(bytes)
      },
      destroy: () => void stream.destroy(),
    }
    this.#streams.set(socket, stream)
    return socket
  }
}

export function refused(host: string, port: number): Error {
  return Object.assign(new Error(`connect ECONNREFUSED ${host}:${port}`), { code: 'ECONNREFUSED' })
}

export function inUse(call: 'listen' | 'bind', address: string): Error {
  return Object.assign(new Error(`${call} EADDRINUSE: ${address}`), { code: 'EADDRINUSE' })
}
