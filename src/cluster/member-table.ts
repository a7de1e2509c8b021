// What is known of the members, and what news of one changes. docs/protocols/memberlist.md, "Membership".
//
// 1. An older incarnation is never believed; with the same one suspect beats alive, and dead beats suspect.
// 2. Only a member itself raises its incarnation: this one does when it hears it were suspect or dead.
// 3. A name belongs to an address until the member is dead or has left.

import { formatAddress } from '../base/address.ts'
import type { Clock, Random } from '../base/env.ts'
import type { Log } from '../base/log.ts'
import type { Health } from './health.ts'
import { ipText } from './ip-bytes.ts'
import { type Alive, type Dead, encodeMessage, type Message, type Suspect } from './messages.ts'
import { MEMBERS_MAX, type MemberState, type PushedMember } from './stream-codec.ts'
import { leastSuspicionMs, SUSPICION_MOST_MULT, SUSPICION_MULT, Suspicion } from './suspicion.ts'

/** Lowest, highest and spoken version of the protocol; the same of what it carries. */
export const VERSIONS = Uint8Array.of(1, 5, 2, 0, 0, 0)
/** The dead hear of the others for so long, since they may not be. */
export const GOSSIP_TO_THE_DEAD_MS = 30_000

export interface Member extends PushedMember {
  readonly host: string
  /** `host:port`. */
  readonly at: string
  /** By the monotonic clock, ms. */
  readonly stateSince: number
}

export interface MemberEvents {
  joined(member: Member): void
  /** It is dead, or has left. */
  gone(member: Member): void
  /** What it says of itself has changed. */
  updated(member: Member): void
  /** Somebody else uses a member's name. */
  conflicting(member: Member, at: string): void
}

export interface MemberTableOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly health: Health
  readonly events: MemberEvents
  readonly self: { readonly name: string; readonly address: Uint8Array; readonly port: number; readonly meta: Uint8Array }
  readonly probeIntervalMs: number
  /** Tells the others; a later message about the same member takes its place. */
  readonly broadcast: (message: Uint8Array, about: string, onFinished?: () => void) => void
}

export class MemberTable {
  readonly #options: MemberTableOptions
  readonly #members = new Map<string, Member>()
  readonly #suspicions = new Map<string, Suspicion>()
  #incarnation: number
  #isLeaving = false

  constructor(options: MemberTableOptions) {
    this.#options = options
    const { name, address, port, meta } = options.self
    // A name that lasts has a past: what was said of it before is older than now.
    this.#incarnation = Math.floor(options.clock.now() / 1000)
    const self = this.#record({
      type: 'alive',
      node: name,
      incarnation: this.#incarnation,
      address,
      port,
      meta,
      versions: VERSIONS,
    })
    this.#members.set(name, self)
    this.#announce(self)
    options.events.joined(self)
  }

  get self(): Member {
    return this.#members.get(this.#options.self.name)!
  }

  get isLeaving(): boolean {
    return this.#isLeaving
  }

  /** All that are known, the dead too. */
  all(): Member[] {
    return [...this.#members.values()]
  }

  /** The alive and the suspect. */
  living(): Member[] {
    return this.all().filter((member) => !isGone(member))
  }

  /** How many are known: what decides how often things are told, and how long suspicion lasts. */
  get count(): number {
    return this.#members.size
  }

  get(name: string): Member | undefined {
    return this.#members.get(name)
  }

  take(message: Alive | Suspect | Dead): void {
    if (message.type === 'alive') this.alive(message)
    else if (message.type === 'suspect') this.suspect(message)
    else this.dead(message)
  }

  alive(message: Alive): void {
    const isSelf = message.node === this.#options.self.name
    if (isSelf && this.#isLeaving) return
    const [lowest, highest] = message.versions
    if (message.versions.length > 0 && (lowest === 0 || highest === 0 || lowest > highest)) return
    const known = this.#members.get(message.node)
    const next = this.#record(message)
    if (known === undefined && this.#members.size >= MEMBERS_MAX) return
    const isElsewhere = known !== undefined && known.at !== next.at
    if (isElsewhere && (isSelf || !isGone(known))) return void this.#options.events.conflicting(known, next.at)
    if (isSelf) return void this.#aboutSelf(message)
    if (known !== undefined && message.incarnation <= known.incarnation && !isElsewhere) return
    this.#forgetSuspicion(message.node)
    this.#members.set(next.name, known?.state === 'alive' ? { ...next, stateSince: known.stateSince } : next)
    this.#options.broadcast(encodeMessage(message), message.node)
    if (known === undefined || isGone(known)) this.#options.events.joined(next)
    else if (Buffer.compare(known.meta, next.meta) !== 0) this.#options.events.updated(next)
  }

  suspect(message: Suspect): void {
    const known = this.#members.get(message.node)
    if (known === undefined || message.incarnation < known.incarnation) return
    const suspicion = this.#suspicions.get(message.node)
    if (suspicion !== undefined) {
      if (suspicion.confirm(message.from)) this.#options.broadcast(encodeMessage(message), message.node)
      return
    }
    if (known.state !== 'alive') return
    if (known.name === this.#options.self.name) return void this.#refute(message.incarnation)
    this.#options.log.debug('cluster member is suspect', { member: known.name, address: known.at, from: message.from })
    this.#options.broadcast(encodeMessage(message), message.node)
    this.#change(known, 'suspect', message.incarnation)
    const leastMs = leastSuspicionMs(this.count, this.#options.probeIntervalMs)
    const confirmationsMax = SUSPICION_MULT - 2
    this.#suspicions.set(
      message.node,
      new Suspicion({
        clock: this.#options.clock,
        from: message.from,
        // This member and the suspect one confirm nothing.
        confirmationsMax: this.count - 2 < confirmationsMax ? 0 : confirmationsMax,
        leastMs,
        mostMs: leastMs * SUSPICION_MOST_MULT,
        expired: () => this.#suspicionEnds(message.node),
      }),
    )
  }

  dead(message: Dead): void {
    const known = this.#members.get(message.node)
    if (known === undefined || message.incarnation < known.incarnation) return
    this.#forgetSuspicion(message.node)
    if (isGone(known)) return
    if (known.name === this.#options.self.name) return void this.#refute(message.incarnation)
    this.#options.broadcast(encodeMessage(message), message.node)
    const gone = this.#change(known, message.node === message.from ? 'left' : 'dead', message.incarnation)
    this.#options.events.gone(gone)
  }

  /** What another member knows of all. Whom that one has for dead, this one suspects: it may have heard since. */
  merge(members: readonly PushedMember[]): void {
    for (const { name: node, state, incarnation, address, port, meta, versions } of members) {
      if (state === 'alive') this.alive({ type: 'alive', node, incarnation, address, port, meta, versions })
      else if (state === 'left') this.dead({ type: 'dead', incarnation, node, from: node })
      else this.suspect({ type: 'suspect', incarnation, node, from: this.#options.self.name })
    }
  }

  /** Says that this member goes; `onTold` when enough have heard of it. */
  leave(onTold: () => void): void {
    this.#isLeaving = true
    const { name } = this.#options.self
    const message: Message = { type: 'dead', incarnation: this.#incarnation, node: name, from: name }
    this.#change(this.self, 'left', this.#incarnation)
    this.#options.broadcast(encodeMessage(message), name, onTold)
  }

  /** Forgets who is gone for so long that nobody needs to hear of it. */
  reap(): void {
    const before = this.#options.clock.monotonic() - GOSSIP_TO_THE_DEAD_MS
    for (const member of this.all())
      if (isGone(member) && member.stateSince < before && member.name !== this.#options.self.name) this.#members.delete(member.name)
  }

  /** So many by chance of those for which it holds. */
  some(count: number, suits: (member: Member) => boolean): Member[] {
    return shuffled(this.all().filter(suits), this.#options.random).slice(0, count)
  }

  close(): void {
    for (const suspicion of this.#suspicions.values()) suspicion.cancel()
    this.#suspicions.clear()
  }

  /** The same incarnation with the same content is our own message, coming back. */
  #aboutSelf(message: Alive): void {
    const { self } = this
    if (message.incarnation < self.incarnation) return
    const isOurs = Buffer.compare(message.meta, self.meta) === 0 && Buffer.compare(message.versions, self.versions) === 0
    if (message.incarnation > self.incarnation || !isOurs) this.#refute(message.incarnation)
  }

  #refute(incarnation: number): void {
    if (this.#isLeaving) return
    this.#incarnation = Math.max(this.#incarnation, incarnation) + 1
    this.#options.health.change(1)
    const self = { ...this.self, incarnation: this.#incarnation }
    this.#members.set(self.name, self)
    this.#announce(self)
  }

  #announce({ name, incarnation, address, port, meta, versions }: Member): void {
    this.#options.broadcast(encodeMessage({ type: 'alive', node: name, incarnation, address, port, meta, versions }), name)
  }

  #suspicionEnds(name: string): void {
    this.#suspicions.delete(name)
    const member = this.#members.get(name)
    if (member?.state === 'suspect') this.dead({ type: 'dead', incarnation: member.incarnation, node: name, from: this.#options.self.name })
  }

  #forgetSuspicion(name: string): void {
    this.#suspicions.get(name)?.cancel()
    this.#suspicions.delete(name)
  }

  #change(member: Member, state: MemberState, incarnation: number): Member {
    const changed: Member = { ...member, state, incarnation, stateSince: this.#options.clock.monotonic() }
    this.#members.set(member.name, changed)
    return changed
  }

  #record({ node, address, port, meta, incarnation, versions }: Alive): Member {
    const host = ipText(address)
    return {
      name: node,
      address,
      port,
      meta,
      incarnation,
      state: 'alive',
      versions: versions.length === 0 ? new Uint8Array(6) : versions,
      host,
      at: formatAddress({ host, port }),
      stateSince: this.#options.clock.monotonic(),
    }
  }
}

export function isGone({ state }: Pick<Member, 'state'>): boolean {
  return state === 'dead' || state === 'left'
}

export function shuffled<T>(values: readonly T[], random: Random): T[] {
  const out = [...values]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1))
    ;[out[i], out[j]] = [out[j], out[i]]
  }
  return out
}

/** Why members could not understand each other; undefined: they can. Source: hashicorp/memberlist state.go, verifyProtocol. */
export function versionFault(members: readonly Pick<PushedMember, 'name' | 'state' | 'versions'>[]): string | undefined {
  const spoken = members.filter(({ state, versions }) => state === 'alive' && versions.length === 6)
  for (const [what, at] of [
    ['protocol', 0],
    ['delegate protocol', 3],
  ] as const) {
    const lowest = Math.max(0, ...spoken.map(({ versions }) => versions[at]))
    const highest = Math.min(255, ...spoken.map(({ versions }) => versions[at + 1]))
    for (const { name, versions } of spoken) {
      const current = versions[at + 2]
      if (current < lowest || current > highest)
        return `member ${name} speaks ${what} version ${current}, want one from ${lowest} to ${highest}`
    }
  }
  return undefined
}
