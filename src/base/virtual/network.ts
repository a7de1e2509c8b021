import type { Duplex } from 'node:stream'
import type { Clock, Http, NetworkAddress, Random, Tcp, Udp } from '../env.ts'
import { duplexPair } from './duplex-pair.ts'
import { VirtualHttp } from './http.ts'
import { VirtualTcp } from './tcp.ts'
import { VirtualUdp } from './udp.ts'

/** The server's side of a virtual connection. */
export interface VirtualPeer {
  write(bytes: Uint8Array | string): void
  end(): void
}

/** What a raw virtual server does with a connection: returns what to do with the bytes that arrive. */
export type VirtualAcceptor = (peer: VirtualPeer) => { data(bytes: Uint8Array): void; closed?(): void }

type StreamAcceptor = (stream: Duplex, client: NetworkAddress) => void
type DatagramReceiver = (bytes: Uint8Array, from: NetworkAddress) => void

/** The machine of an environment that is alone. */
const LOCAL = ''
const LOCAL_NAMES: ReadonlySet<string> = new Set(['0.0.0.0', '127.0.0.1', '::', '::1', 'localhost'])

/** Connections and datagrams in memory: listeners are reached by address; a partition refuses or swallows. */
export class VirtualNetwork {
  readonly #clock: Clock
  readonly #random: Random
  readonly #acceptors = new Map<string, StreamAcceptor>()
  readonly #receivers = new Map<string, DatagramReceiver>()
  #nextPort = 20_000
  /** One way, in ms. */
  latencyMs = 0
  /** A datagram takes up to so much longer, by chance: so one may overtake another. */
  datagramJitterMs = 0
  /** What share of datagrams is lost, and what share comes twice. */
  datagramLoss = 0
  datagramTwice = 0
  /** Asked for every connection; true refuses it. */
  refuses: (address: string) => boolean = () => false
  /** Asked for what goes from one machine to another; true swallows it: a connection that is not made yet never is. */
  swallows: (fromHost: string, toHost: string) => boolean = () => false
  readonly #local: NetworkSide

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
    this.#local = this.side(LOCAL)
  }

  get tcp(): Tcp {
    return this.#local.tcp
  }

  get udp(): Udp {
    return this.#local.udp
  }

  get http(): Http {
    return this.#local.http
  }

  /** What a process on a machine with this IP address has of the network. */
  side(host: string): NetworkSide {
    return new NetworkSide(this, this.#clock, host)
  }

  /** A raw server, for hostile and broken peers. */
  listenRaw(address: string, acceptor: VirtualAcceptor): void {
    this.accept(address, (stream) => {
      const handler = acceptor({ write: (bytes) => void stream.write(bytes), end: () => void stream.end() })
      stream.on('data', (bytes: Uint8Array) => handler.data(bytes))
      stream.on('close', () => handler.closed?.())
    })
  }

  freePort(): number {
    return this.#nextPort++
  }

  hears(address: string): boolean {
    return this.#acceptors.has(address)
  }

  accept(address: string, acceptor: StreamAcceptor): void {
    this.#acceptors.set(address, acceptor)
  }

  unaccept(address: string): void {
    this.#acceptors.delete(address)
  }

  /** A connection to `to`, or why there is none: nobody hears it, or it is never answered. */
  open(from: NetworkAddress, to: NetworkAddress): [Duplex, Duplex] | 'refused' | 'swallowed' {
    const address = `${to.host}:${to.port}`
    if (this.swallows(from.host, to.host)) return 'swallowed'
    const accept = this.#acceptors.get(address)
    if (accept === undefined || this.refuses(address)) return 'refused'
    const pair = duplexPair({
      clock: this.#clock,
      latencyMs: () => this.latencyMs,
      passes: (sender) => !(sender === 0 ? this.swallows(from.host, to.host) : this.swallows(to.host, from.host)),
    })
    accept(pair[1], from)
    return pair
  }

  receive(address: string, receiver: DatagramReceiver | undefined): boolean {
    if (receiver === undefined) return this.#receivers.delete(address)
    if (this.#receivers.has(address)) return false
    this.#receivers.set(address, receiver)
    return true
  }

  send(bytes: Uint8Array, from: NetworkAddress, to: NetworkAddress): void {
    if (this.#random.next() < this.datagramLoss) return
    const copies = this.#random.next() < this.datagramTwice ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      this.#clock.setTimer(this.latencyMs + this.#random.next() * this.datagramJitterMs, () => {
        if (this.swallows(from.host, to.host)) return
        this.#receivers.get(`${to.host}:${to.port}`)?.(new Uint8Array(bytes), from)
      })
    }
  }
}

/** One process' part of the network. */
export class NetworkSide {
  readonly network: VirtualNetwork
  readonly clock: Clock
  readonly tcp: Tcp
  readonly udp: VirtualUdp
  readonly http: VirtualHttp
  readonly #host: string
  readonly #held = new Set<() => void>()
  #isOver = false

  constructor(network: VirtualNetwork, clock: Clock, host: string) {
    this.network = network
    this.clock = clock
    this.#host = host
    this.tcp = new VirtualTcp(this)
    this.udp = new VirtualUdp(this)
    this.http = new VirtualHttp(this)
  }

  /** Where a connection of this process comes from. */
  newSource(): NetworkAddress {
    return { host: this.#host, port: this.network.freePort() }
  }

  /** The machine's IP addresses. */
  addresses(): readonly string[] {
    return this.#host === LOCAL ? [] : [this.#host]
  }

  /** An address as the network knows it: on a machine with an address of its own, the local ones mean that. */
  global({ host, port }: NetworkAddress): NetworkAddress {
    return this.#host !== LOCAL && LOCAL_NAMES.has(host) ? { host: this.#host, port } : { host, port }
  }

  /** Remembers how to take back what this process holds of the network; the answer forgets it. */
  hold(release: () => void): () => void {
    this.#held.add(release)
    return () => void this.#held.delete(release)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** The process is gone: nothing comes to it any more, and its connections end. */
  kill(): void {
    this.#isOver = true
    for (const release of this.#held) release()
    this.#held.clear()
  }
}
