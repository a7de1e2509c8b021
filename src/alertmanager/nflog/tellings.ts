import type { PreciseTime } from '../state/precise-time.ts'

/** That a member told a receiver some news. */
export interface Telling {
  /** Names the news (stages/idempotency-key.ts). */
  readonly key: string
  readonly time: PreciseTime
  /** The member's name. */
  readonly sender: string
}

/** So many of a group's are known at most: after a partition that lasted for longer, older ones are not compared. */
const KNOWN_MAX = 16
/** So much of what was told before goes with each entry in any case. */
const EARLIER_MAX = 3

/**
 * Who told which news of a group: of several that told the same, each but the first finds out that it did so again. Entries of the log alone
 * would not do, since a later one takes the place of an earlier.
 */
export class Tellings {
  readonly #member: string
  /** By group and receiver, in no order. */
  readonly #known = new Map<string, Telling[]>()
  /** Those of this member that were found to be duplicates. */
  readonly #found = new WeakSet<Telling>()

  /** `member`: the name of this one. */
  constructor(member: string) {
    this.#member = member
  }

  of(id: string): readonly Telling[] {
    return this.#known.get(id) ?? []
  }

  /** What goes with the next entry: the last few, and all that two have told, of which one may not have heard yet. */
  toPassOn(id: string): readonly Telling[] {
    const known = this.of(id)
    const isToldTwice = (telling: Telling) => known.some(({ key, sender }) => key === telling.key && sender !== telling.sender)
    return known.filter((telling, i) => i >= known.length - EARLIER_MAX || isToldTwice(telling))
  }

  /**
   * Answers the keys of what this member, as shows now, has told after another; each telling once. What it hears of itself from others, and did not
   * know, it told in an earlier life, and counted there.
   */
  learn(id: string, news: readonly Telling[], from: 'here' | 'others'): readonly string[] {
    const known = this.#known.get(id) ?? []
    for (const one of news) {
      if (one.key === '' || known.some(({ key, time, sender }) => key === one.key && time === one.time && sender === one.sender)) continue
      known.push(one)
      if (from === 'others') this.#found.add(one)
    }
    known.sort((a, b) => (isEarlier(a, b) ? -1 : 1))
    known.splice(0, known.length - KNOWN_MAX)
    if (known.length > 0) this.#known.set(id, known)
    const duplicates: string[] = []
    for (const [at, one] of known.entries()) {
      if (one.sender !== this.#member || this.#found.has(one)) continue
      if (!known.slice(0, at).some(({ key, sender }) => key === one.key && sender !== one.sender)) continue
      this.#found.add(one)
      duplicates.push(one.key)
    }
    return duplicates
  }

  /** Whether one that is among these came after what this member had told with the same key: that one's sender is to know. */
  toldBefore(id: string, news: readonly Telling[]): boolean {
    const own = this.of(id).filter(({ sender }) => sender === this.#member)
    return own.some(({ key, time }) =>
      news.some((one) => one.key === key && one.sender !== this.#member && isEarlier({ time, sender: this.#member }, one)),
    )
  }

  forget(id: string): void {
    this.#known.delete(id)
  }
}

/** Two sides of a partition may tell the same at the same time: then the first by name is the earlier, for everybody. */
export function isEarlier(a: Pick<Telling, 'time' | 'sender'>, b: Pick<Telling, 'time' | 'sender'>): boolean {
  return a.time === b.time ? a.sender < b.sender : a.time < b.time
}
