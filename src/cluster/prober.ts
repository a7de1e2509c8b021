import type { Clock, NetworkAddress } from '../base/env.ts'
import type { Log } from '../base/log.ts'
import { AckBook } from './ack-book.ts'
import type { Health } from './health.ts'
import { ipText } from './ip-bytes.ts'
import { isGone, type Member, type MemberTable, shuffled } from './member-table.ts'
import type { Ack, IndirectPing, Message, Nack, Ping, Source } from './messages.ts'

/** So many others are asked to ping a member that does not answer. Source: hashicorp/memberlist config.go, IndirectChecks. */
const HELPERS = 3
/** Since these versions of the protocol a member answers a ping over a connection, and says when an indirect one failed. */
const TCP_PING_VERSION = 3
const NACK_VERSION = 4

export interface ProberOptions {
  readonly clock: Clock
  readonly random: { next(): number; bytes(count: number): Uint8Array }
  readonly log: Log
  readonly table: MemberTable
  readonly health: Health
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly send: (message: Message, to: NetworkAddress) => void
  /** Several as one datagram to a member. */
  readonly sendTogether: (messages: readonly Message[], to: Member) => void
  /** A ping over a connection; whether it was answered. */
  readonly pingByTcp: (message: Ping, to: Member, timeoutMs: number) => Promise<boolean>
  readonly answered: (member: Member, roundTripMs: number) => void
}

/** Finds out who does not answer: all members in turn, in an order of its own each round. */
export class Prober {
  readonly #options: ProberOptions
  readonly #acks: AckBook
  #round: string[] = []
  #isProbing = false
  #isClosed = false

  constructor(options: ProberOptions) {
    this.#options = options
    this.#acks = new AckBook(options.clock)
  }

  /** Probes the next member; nothing while the last one is still waited for. */
  async probeNext(): Promise<void> {
    if (this.#isProbing) return
    const member = this.#next()
    if (member === undefined) return
    this.#isProbing = true
    await this.#probe(member)
    this.#isProbing = false
  }

  handlePing({ sequence, node, source }: Ping, from: NetworkAddress): void {
    const { table, send } = this.#options
    if (node !== '' && node !== table.self.name) return
    send({ type: 'ack', sequence }, sourceAddress(source) ?? from)
  }

  handleIndirectPing({ sequence, target, port, node, wantsNack, source }: IndirectPing, from: NetworkAddress): void {
    const { send, timeoutMs, table } = this.#options
    const asker = sourceAddress(source) ?? from
    const own = this.#acks.expect(timeoutMs, {
      acked: () => send({ type: 'ack', sequence }, asker),
      ended: () => {
        if (wantsNack) send({ type: 'nack', sequence }, asker)
      },
    })
    send({ type: 'ping', sequence: own, node, source: this.#source() }, { host: ipText(target), port: port === 0 ? table.self.port : port })
  }

  handleAck({ sequence }: Ack): void {
    this.#acks.ack(sequence)
  }

  handleNack({ sequence }: Nack): void {
    this.#acks.nack(sequence)
  }

  close(): void {
    this.#isClosed = true
    this.#acks.close()
  }

  #next(): Member | undefined {
    const { table, random } = this.#options
    for (let rounds = 0; rounds < 2; rounds++) {
      for (let name = this.#round.pop(); name !== undefined; name = this.#round.pop()) {
        const member = table.get(name)
        if (member !== undefined && !isGone(member) && name !== table.self.name) return member
      }
      table.reap()
      this.#round = shuffled(
        table.all().map(({ name }) => name),
        random,
      )
    }
    return undefined
  }

  async #probe(member: Member): Promise<void> {
    const { clock, health, table, send, sendTogether, timeoutMs, log } = this.#options
    const intervalMs = health.scale(this.#options.intervalMs)
    const start = clock.monotonic()
    let nacks = 0
    let isAcked = false
    let wake = () => {}
    const ended = new Promise<void>((resolve) => {
      wake = resolve
    })
    const sequence = this.#acks.expect(intervalMs, {
      acked: () => {
        isAcked = true
        this.#options.answered(member, clock.monotonic() - start)
        wake()
      },
      nacked: () => nacks++,
      ended: wake,
    })
    const ping: Ping = { type: 'ping', sequence, node: member.name, source: this.#source() }
    // A suspect member learns of it with the ping, so that it can say otherwise at once.
    if (member.state === 'alive') send(ping, member)
    else sendTogether([ping, { type: 'suspect', incarnation: member.incarnation, node: member.name, from: table.self.name }], member)

    await Promise.race([ended, this.#after(Math.min(timeoutMs, intervalMs))])
    if (isAcked) return health.change(-1)
    if (this.#isClosed) return

    const helpers = table.some(HELPERS, ({ name, state }) => state === 'alive' && name !== member.name && name !== table.self.name)
    const nacksExpected = helpers.filter(({ versions }) => versions[1] >= NACK_VERSION).length
    for (const helper of helpers)
      send(
        {
          type: 'indirectPing',
          sequence,
          target: member.address,
          port: member.port,
          node: member.name,
          wantsNack: helper.versions[1] >= NACK_VERSION,
          source: this.#source(),
        },
        helper,
      )
    const leftMs = Math.max(1, start + intervalMs - clock.monotonic())
    const byTcp = member.versions[1] >= TCP_PING_VERSION ? this.#options.pingByTcp(ping, member, leftMs) : Promise.resolve(false)
    await ended
    if (isAcked) return health.change(-1)
    if (this.#isClosed) return
    if (await byTcp) {
      log.warn('cluster member answers over TCP and not over UDP', { member: member.name, address: member.at })
      return health.change(-1)
    }
    health.change(nacksExpected > 0 ? Math.max(0, nacksExpected - nacks) : 1)
    const { incarnation } = member
    if (!this.#isClosed) table.suspect({ type: 'suspect', incarnation, node: member.name, from: table.self.name })
  }

  #after(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.setTimer(delayMs, resolve))
  }

  #source(): Source {
    const { address, port, name } = this.#options.table.self
    return { address, port, name }
  }
}

function sourceAddress(source: Source | undefined): NetworkAddress | undefined {
  return source === undefined ? undefined : { host: ipText(source.address), port: source.port }
}
