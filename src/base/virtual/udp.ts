import type { NetworkAddress, Udp, UdpSocket } from '../env.ts'
import type { NetworkSide } from './network.ts'
import { inUse } from './tcp.ts'

/** Datagrams in memory. What becomes of them on the way is the network's. */
export class VirtualUdp implements Udp {
  readonly #side: NetworkSide

  constructor(side: NetworkSide) {
    this.#side = side
  }

  async bind(options: NetworkAddress, received: (bytes: Uint8Array, from: NetworkAddress) => void): Promise<UdpSocket> {
    const side = this.#side
    const { network } = side
    const { host } = options
    const port = options.port === 0 ? network.freePort() : options.port
    const at = side.global({ host, port })
    const address = `${at.host}:${at.port}`
    const isFree = network.receive(address, (bytes, from) => {
      if (!side.isOver) received(bytes, from)
    })
    if (!isFree) throw inUse('bind', address)
    let isOpen = true
    const close = () => {
      if (isOpen) network.receive(address, undefined)
      isOpen = false
    }
    const forget = side.hold(close)
    return {
      host,
      port,
      send(bytes, toHost, toPort) {
        if (isOpen) network.send(new Uint8Array(bytes), at, side.global({ host: toHost, port: toPort }))
      },
      close() {
        forget()
        close()
      },
    }
  }

  addresses(): readonly string[] {
    return this.#side.addresses()
  }
}
