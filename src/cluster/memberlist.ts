import { formatAddress } from '../base/address.ts'
import type { Env, NetworkAddress, Timer } from '../base/env.ts'
import { sleep } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { BroadcastQueue, type RoundOptions } from './broadcast-queue.ts'
import { Health } from './health.ts'
import { GOSSIP_TO_THE_DEAD_MS, type Member, type MemberEvents, MemberTable, versionFault } from './member-table.ts'
import { encodeMessage, type Message, type Ping, TYPE } from './messages.ts'
import { COMPOUND_OVERHEAD, COMPOUND_OVERHEAD_EACH, compounds, labelHeader, openPacket, PACKET_BYTES_MAX, sealPacket } from './packet.ts'
import { Prober } from './prober.ts'
import { encodePushPull, encodeStreamUser, type PushPull, type StreamMessage } from './stream-codec.ts'
import type { Transport, TransportHandler, TransportOptions } from './transport.ts'

/** Source: hashicorp/memberlist config.go, DefaultLANConfig. */
const RETRANSMIT_MULT = 4
/** Since this version of the protocol a datagram may have a checksum. */
const CHECKSUM_VERSION = 5
/** So many datagrams of news, and of what is carried, go to each member in a round. */
const ROUND_PACKETS_MAX = 20
/** From so many members on push-pulls become rarer. */
const PUSH_PULL_SCALE_FROM = 32

/** What members carry for those above. */
export interface Cargo {
  /** Bytes that one member sent to all. */
  received(bytes: Uint8Array): void
  /** What is to be told to all next. */
  broadcasts(round: RoundOptions): Uint8Array[][]
  /** All there is, for a full exchange. */
  localState(): Uint8Array
  mergeState(remote: Uint8Array): void
}

export interface MemberlistEvents extends MemberEvents {
  aliveMessage(name: string): void
  pinged(member: Member, roundTripMs: number): void
  /** Something came that could not be used. */
  refused(why: string, from: NetworkAddress): void
}

export interface MemberlistOptions {
  readonly env: Env
  readonly name: string
  readonly label: string
  /** What this member says of itself, up to 512 bytes. */
  readonly meta: Uint8Array
  /** Where others reach this member: 4 or 16 bytes. The port, if it is 0, is that of the transport. */
  readonly advertise: { readonly address: Uint8Array; readonly port: number }
  readonly openTransport: (options: TransportOptions) => Promise<Transport>
  readonly cargo: Cargo
  readonly events: MemberlistEvents
  readonly gossipNodes: number
  readonly gossipIntervalMs: number
  readonly pushPullIntervalMs: number
  readonly probeIntervalMs: number
  readonly probeTimeoutMs: number
  readonly tcpTimeoutMs: number
}

/** Membership as hashicorp/memberlist has it. docs/protocols/memberlist.md. */
export class Memberlist {
  readonly #options: MemberlistOptions
  readonly #transport: Transport
  readonly #queue: BroadcastQueue
  readonly #health = new Health()
  readonly #table: MemberTable
  readonly #prober: Prober
  readonly #timers = new Set<Timer>()
  readonly #labelBytes: number
  /** Push-pulls that this member began, one after the other. */
  #exchanges: Promise<unknown> = Promise.resolve()
  #isClosed = false

  static async open(options: MemberlistOptions): Promise<Memberlist> {
    let list: Memberlist | undefined
    const handler: TransportHandler = {
      packet: (bytes, from) => list?.handlePacket(bytes, from),
      request(message, from) {
        if (list === undefined) throw new Error('member is only starting')
        return list.handleRequest(message, from)
      },
    }
    const { label, tcpTimeoutMs } = options
    const transport = await options.openTransport({ label, tcpTimeoutMs, handler })
    list = new Memberlist(options, transport)
    return list
  }

  private constructor(options: MemberlistOptions, transport: Transport) {
    this.#options = options
    this.#transport = transport
    const { env, events, probeIntervalMs } = options
    const { clock, random, log } = env
    this.#labelBytes = labelHeader(options.label).length
    this.#queue = new BroadcastQueue({ retransmitMult: RETRANSMIT_MULT, memberCount: () => this.#table?.count ?? 1 })
    const { address, port } = options.advertise
    this.#table = new MemberTable({
      clock,
      random,
      log,
      health: this.#health,
      events,
      self: { name: options.name, address, port: port === 0 ? transport.port : port, meta: options.meta },
      probeIntervalMs,
      broadcast: (message, about, onFinished) => this.#queue.add(message, about, onFinished),
    })
    this.#prober = new Prober({
      clock,
      random,
      log,
      table: this.#table,
      health: this.#health,
      intervalMs: probeIntervalMs,
      timeoutMs: options.probeTimeoutMs,
      send: (message, to) => this.#send(message, to),
      sendTogether: (messages, to) => this.#sendPackets(compounds(messages.map(encodeMessage)), to),
      pingByTcp: (ping, to, timeoutMs) => this.#pingByTcp(ping, to, timeoutMs),
      answered: events.pinged,
    })
    this.#every(probeIntervalMs, () => void this.#prober.probeNext())
    this.#every(options.gossipIntervalMs, () => this.#gossip())
    if (options.pushPullIntervalMs > 0) this.#pushPullLater(random.next() * options.pushPullIntervalMs)
  }

  get self(): Member {
    return this.#table.self
  }

  /** The alive and the suspect, this one too. */
  members(): readonly Member[] {
    return this.#table.living()
  }

  get healthScore(): number {
    return this.#health.score
  }

  /** Exchanges everything with whoever is there, and so becomes a member with them. */
  async join(to: NetworkAddress): Promise<void> {
    await this.#exchange(to, true)
  }

  /** Sends bytes to one member over a connection. */
  async sendReliably(bytes: Uint8Array, to: Member): Promise<void> {
    await this.#transport.request(encodeStreamUser(bytes), to, { timeoutMs: this.#options.tcpTimeoutMs, wantsAnswer: false })
  }

  /** Tells the others that this member goes, for so long at most. */
  async leave(timeoutMs: number): Promise<void> {
    const isAlone = this.members().length <= 1
    const controller = new AbortController()
    this.#table.leave(() => controller.abort())
    if (!isAlone) await sleep(this.#options.env.clock, timeoutMs, controller.signal)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) timer.cancel()
    this.#prober.close()
    this.#table.close()
    await this.#transport.close()
  }

  handlePacket(bytes: Uint8Array, from: NetworkAddress): void {
    try {
      const { messages, faults } = openPacket(bytes, this.#options.label)
      for (const fault of faults) this.#options.events.refused(fault, from)
      for (const message of messages) this.#handle(message, from)
    } catch (error) {
      this.#options.events.refused(errorMessage(error), from)
    }
  }

  handleRequest(request: StreamMessage, from: NetworkAddress): Uint8Array | null {
    switch (request.type) {
      case 'user':
        this.#options.cargo.received(request.bytes)
        return null
      case 'ping':
        if (request.node !== '' && request.node !== this.self.name)
          throw new Error(`found a ping for member ${request.node}, this is ${this.self.name}`)
        return encodeMessage({ type: 'ack', sequence: request.sequence })
      case 'pushPull': {
        const ours = this.#localState(request.isJoin)
        this.#merge(request)
        return ours
      }
      default:
        throw new Error(`found a message of type ${TYPE[request.type]} from ${formatAddress(from)}, want a request`)
    }
  }

  #handle(message: Message, from: NetworkAddress): void {
    switch (message.type) {
      case 'ping':
        return void this.#prober.handlePing(message, from)
      case 'indirectPing':
        return void this.#prober.handleIndirectPing(message, from)
      case 'ack':
        return void this.#prober.handleAck(message)
      case 'nack':
        return void this.#prober.handleNack(message)
      case 'alive':
        this.#table.take(this.#withPort(message))
        if (this.#table.get(message.node) !== undefined) this.#options.events.aliveMessage(message.node)
        return
      case 'suspect':
      case 'dead':
        return void this.#table.take(message)
      case 'user':
        return void this.#options.cargo.received(message.bytes)
    }
  }

  /** Members of the first version of the protocol say no port: all used the same. */
  #withPort<T extends { readonly port: number }>(of: T): T {
    return of.port === 0 ? { ...of, port: this.#transport.port } : of
  }

  /** One message as a datagram, with news of members as far as they fit. */
  #send(message: Message, to: NetworkAddress): void {
    const encoded = encodeMessage(message)
    const room = PACKET_BYTES_MAX - encoded.length - COMPOUND_OVERHEAD - COMPOUND_OVERHEAD_EACH - this.#labelBytes
    for (const packet of compounds([encoded, ...this.#queue.peek(COMPOUND_OVERHEAD_EACH, room)]))
      this.#transport.send(sealPacket(packet, { label: this.#options.label, hasChecksum: false }), to)
  }

  #sendPackets(packets: readonly Uint8Array[], to: Member): void {
    const sealing = { label: this.#options.label, hasChecksum: to.versions[1] >= CHECKSUM_VERSION }
    for (const packet of packets) this.#transport.send(sealPacket(packet, sealing), to)
  }

  /**
   * All that is new goes to the same members. Upstream sends each item to one member at a time: where one of three is gone and not yet known
   * to be, the other misses one of eight.
   */
  #gossip(): void {
    const now = this.#options.env.clock.monotonic()
    const targets = this.#table.some(
      this.#options.gossipNodes,
      ({ name, state, stateSince }) =>
        name !== this.self.name && state !== 'left' && (state !== 'dead' || now - stateSince <= GOSSIP_TO_THE_DEAD_MS),
    )
    if (targets.length === 0) return
    const round = {
      overheadBytes: COMPOUND_OVERHEAD_EACH,
      bytesMax: PACKET_BYTES_MAX - COMPOUND_OVERHEAD - this.#labelBytes,
      partsMax: ROUND_PACKETS_MAX,
    }
    const own = this.#queue.takeRound(round)
    const carried = this.#options.cargo.broadcasts({ ...round, overheadBytes: COMPOUND_OVERHEAD_EACH + 1 })
    const packets = [...own, ...carried.map((part) => part.map((bytes) => encodeMessage({ type: 'user', bytes })))].flatMap(compounds)
    for (const target of targets) this.#sendPackets(packets, target)
  }

  #pushPullLater(delayMs: number): void {
    this.#later(delayMs, () => {
      const { pushPullIntervalMs, env } = this.#options
      const [partner] = this.#table.some(1, ({ name, state }) => name !== this.self.name && state === 'alive')
      if (partner !== undefined)
        this.#exchange(partner, false).catch((error: unknown) =>
          env.log.debug('cluster exchange', { member: partner.name, address: partner.at, error: errorMessage(error) }),
        )
      const { count } = this.#table
      const scale = count <= PUSH_PULL_SCALE_FROM ? 1 : Math.ceil(Math.log2(count) - Math.log2(PUSH_PULL_SCALE_FROM)) + 1
      this.#pushPullLater(pushPullIntervalMs * scale)
    })
  }

  #exchange(to: NetworkAddress, isJoin: boolean): Promise<void> {
    const run = async () => {
      if (this.#isClosed) throw new Error('member is closed')
      const answer = await this.#transport.request(this.#localState(isJoin), to, {
        timeoutMs: this.#options.tcpTimeoutMs,
        wantsAnswer: true,
      })
      if (answer?.type !== 'pushPull') throw new Error(`${formatAddress(to)}: found an answer that is no state`)
      this.#merge(answer)
    }
    const done = this.#exchanges.then(run)
    this.#exchanges = done.catch(() => {})
    return done
  }

  #localState(isJoin: boolean): Uint8Array {
    return encodePushPull({ isJoin, members: this.#table.all(), state: this.#options.cargo.localState() })
  }

  #merge({ members, state }: PushPull): void {
    if (this.#isClosed) return
    const fault = versionFault([...members, ...this.#table.all()])
    if (fault !== undefined) throw new Error(fault)
    this.#table.merge(members.map((member) => this.#withPort(member)))
    if (state.length > 0) this.#options.cargo.mergeState(state)
  }

  async #pingByTcp(ping: Ping, to: Member, timeoutMs: number): Promise<boolean> {
    try {
      const answer = await this.#transport.request(encodeMessage(ping), to, { timeoutMs, wantsAnswer: true })
      return answer?.type === 'ack' && answer.sequence === ping.sequence
    } catch {
      // Not to be reached is what was asked.
      return false
    }
  }

  /** Again and again, from a time by chance on, so that members do not do it all at once. */
  #every(intervalMs: number, act: () => void): void {
    if (intervalMs <= 0) return
    const next = () => {
      act()
      this.#later(intervalMs, next)
    }
    this.#later(this.#options.env.random.next() * intervalMs, next)
  }

  #later(delayMs: number, act: () => void): void {
    if (this.#isClosed) return
    const timer = this.#options.env.clock.setTimer(delayMs, () => {
      this.#timers.delete(timer)
      act()
    })
    this.#timers.add(timer)
  }
}
