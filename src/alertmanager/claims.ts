import { createHash } from 'node:crypto'
import type { Clock } from '../base/env.ts'
import type { Channel, ClusterView, ReplicatedState } from '../cluster/replicated-state.ts'
import type { LogReceiver } from './nflog/entry-message.ts'

export interface Claim {
  readonly holder: string
  /** Names the news that its holder is about to tell (stages/idempotency-key.ts). */
  readonly news: string
  /** The holder's later claims have higher ones. */
  readonly number: number
  /** When it came to be known here, Unix ms. */
  readonly since: number
  /** By the monotonic clock, ms. */
  readonly until: number
  /** What it took the place of: news of that is old. */
  readonly before: Pick<Claim, 'holder' | 'number'> | undefined
}

/** So long a claim holds, if its holder does not die before: shorter than the wait for one member, so that who comes after is not held up. */
const CLAIM_MS = 12_000
/** How often a claim is made anew while a receiver takes its time, and for how long: others may reach it. */
const RENEW_MS = 4_000
const HOLD_MS_MAX = 30_000
/** Claims that come so soon after each other were made without knowing of each other. */
const AT_ONCE_MS = 1600
const CLAIMS_MAX = 100_000

/**
 * Which member is about to notify whom of which group. Members tell each other before they do, so that no two do at the same time. Claims are
 * news only: they are gossiped, and take no part in full exchanges. docs/protocols/memberlist.md, "Claims".
 */
export class Claims implements ReplicatedState {
  readonly key = 'promontory-claims'
  readonly #clock: Clock
  readonly #cluster: ClusterView
  readonly #claims = new Map<string, Claim>()
  /**
   * The first claim of the news that another member was the last to claim, or this one in an earlier life: whoever made it may have told that, and died
   * before it said so.
   */
  readonly #begun = new Map<string, Pick<Claim, 'holder' | 'number' | 'news'>>()
  readonly #channel: Channel
  /** Claims of an earlier life of this member have lower ones than all of this. */
  readonly #firstNumber: number
  #lastNumber: number

  constructor(clock: Clock, cluster: ClusterView) {
    this.#clock = clock
    this.#cluster = cluster
    this.#channel = cluster.addState(this)
    this.#firstNumber = Math.floor(clock.now())
    this.#lastNumber = this.#firstNumber - 1
  }

  /** Tells the others that this member is about to notify. */
  claim(id: string, news: string): void {
    const holder = this.#cluster.status().name
    const number = Math.max(Math.floor(this.#clock.now()), this.#lastNumber + 1)
    this.#lastNumber = number
    this.#keep(id, { holder, number, news })
    this.#channel.broadcast(messageOf(id, { holder, number, news }))
  }

  /** Keeps up a claim of this member, if there is one, until that is cancelled, or for half a minute. */
  hold(id: string): { cancel(): void } {
    const claim = this.#claims.get(id)
    if (claim === undefined || claim.holder !== this.#cluster.status().name) return { cancel: () => {} }
    const ends = this.#clock.monotonic() + HOLD_MS_MAX
    return this.#clock.setTicker(RENEW_MS, () => {
      if (this.#clock.monotonic() < ends) this.claim(id, claim.news)
    })
  }

  /** Whether another member, or this one in an earlier life, was about to tell this: who tells it now may tell it a second time. */
  mayHaveBeenTold(id: string, news: string): boolean {
    return this.#begun.get(id)?.news === news
  }

  /** Another member's, while it lives and the claim holds. */
  byOther(id: string): Claim | undefined {
    const claim = this.#claims.get(id)
    if (claim === undefined || claim.holder === this.#cluster.status().name) return undefined
    return claim.until > this.#clock.monotonic() && this.#cluster.hasMember(claim.holder) ? claim : undefined
  }

  snapshot(): Uint8Array {
    return new Uint8Array(0)
  }

  merge(remote: Uint8Array): Uint8Array | null {
    const [, id, digits, news, holder, reminder] =
      /^([0-9a-f]{32}) (\d{1,15}) ([0-9a-f]{32}) (\S{1,1024})( begun)?$/.exec(Buffer.from(remote).toString()) ?? []
    if (id === undefined) throw new Error('found a claim that is none')
    const claim = { holder, number: Number(digits), news }
    const isOwn = holder === this.#cluster.status().name
    if (isOwn && claim.number >= this.#firstNumber) return null
    if (reminder !== undefined || isOwn) return this.#begin(id, claim) ? remote : null
    return this.#takeLive(id, claim) ? remote : null
  }

  /** Whether it is news. */
  #takeLive(id: string, claim: Pick<Claim, 'holder' | 'number' | 'news'>): boolean {
    const { holder, number } = claim
    const known = this.#claims.get(id)
    if ([known, known?.before].some((one) => one?.holder === holder && number <= one.number)) return false
    // Of two at once that of the first by name holds.
    const isAtOnce = known !== undefined && this.#clock.monotonic() - (known.until - CLAIM_MS) < AT_ONCE_MS
    if (isAtOnce && known.holder < holder) return false
    this.#keep(id, claim)
    // Who was not there when the same was claimed before, be it by itself, does not know that it was.
    const first = this.#begun.get(id)
    if (!this.#begin(id, claim)) this.#channel.broadcast(messageOf(id, first!, ' begun'))
    return true
  }

  /** Remembers the first claim of some news; false where there is one. Not deleted with the claim: a notification comes long after its sender's death. */
  #begin(id: string, claim: Pick<Claim, 'holder' | 'number' | 'news'>): boolean {
    if (this.#begun.get(id)?.news === claim.news) return false
    this.#begun.delete(id)
    this.#begun.set(id, claim)
    if (this.#begun.size > CLAIMS_MAX) this.#begun.delete(this.#begun.keys().next().value!)
    return true
  }

  #keep(id: string, claim: Pick<Claim, 'holder' | 'number' | 'news'>): void {
    const now = this.#clock.monotonic()
    const before = this.#claims.get(id)
    // Deleted, so that the oldest come first.
    this.#claims.delete(id)
    this.#claims.set(id, {
      ...claim,
      since: this.#clock.now(),
      until: now + CLAIM_MS,
      before: before && { holder: before.holder, number: before.number },
    })
    for (const [oldest, { until }] of this.#claims) {
      if (until > now && this.#claims.size <= CLAIMS_MAX) break
      this.#claims.delete(oldest)
    }
  }
}

function messageOf(id: string, { number, news, holder }: Pick<Claim, 'holder' | 'number' | 'news'>, end = ''): Uint8Array {
  return Buffer.from(`${id} ${number} ${news} ${holder}${end}`)
}

/** Names what is claimed: a group, for an entry of a receiver. */
export function claimId(groupKey: string, { name, integration, index }: LogReceiver): string {
  return createHash('sha256').update([groupKey, name, integration, index].join('\0')).digest('hex').slice(0, 32)
}
