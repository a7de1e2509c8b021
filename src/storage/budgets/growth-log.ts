import { type Clock, sleep } from '../../base/env.ts'
import type { Timestamp } from '../../model/time.ts'

/** When counting begins after the start: the first scrapes have come by then. */
const FIRST_MS = 60_000
const INTERVAL_MS = 10 * 60_000
/** The oldest count is an hour old, or a little more. */
const KEPT = 7

export const GROWTH_KINDS = ['metrics', 'labels', 'jobs', 'owners'] as const
export type GrowthKind = (typeof GROWTH_KINDS)[number]

/** By metric, job and owner its series; by label its values. Those with the most may be all there are. */
export type SeriesCounts = Readonly<Record<GrowthKind, ReadonlyMap<string, number>>>

export interface Grown {
  readonly name: string
  readonly count: number
  readonly before: number
}

export interface Growth {
  /** When `before` was. */
  readonly since: Timestamp
  /** What grew most stands first; what has not is not there. */
  readonly grown: Readonly<Record<GrowthKind, readonly Grown[]>>
}

/** Remembers for an hour how many series there were, so that what grew can be told. */
export class GrowthLog {
  readonly #clock: Clock
  readonly #count: (signal: AbortSignal) => Promise<SeriesCounts>
  #kept: { readonly time: Timestamp; readonly counts: SeriesCounts }[] = []

  constructor(clock: Clock, count: (signal: AbortSignal) => Promise<SeriesCounts>) {
    this.#clock = clock
    this.#count = count
  }

  /** Counts until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for (let waitMs = FIRST_MS; ; waitMs = INTERVAL_MS) {
      await sleep(this.#clock, waitMs, signal)
      if (signal.aborted) return
      try {
        const counts = await this.#count(signal)
        this.#kept.push({ time: this.#clock.now(), counts })
      } catch (error) {
        if (!signal.aborted) throw error
      }
      if (this.#kept.length > KEPT) this.#kept.shift()
    }
  }

  /** What has grown since the oldest count that is kept; undefined: nothing was counted yet. At most `countMax` of each kind. */
  async growth(countMax: number, signal: AbortSignal): Promise<Growth | undefined> {
    const oldest = this.#kept.at(0)
    if (oldest === undefined) return undefined
    const now = await this.#count(signal)
    const grownOf = (kind: GrowthKind): readonly Grown[] => {
      const grown: Grown[] = []
      for (const [name, count] of now[kind]) {
        const before = oldest.counts[kind].get(name) ?? 0
        if (count > before) grown.push({ name, count, before })
      }
      grown.sort((a, b) => b.count - b.before - (a.count - a.before) || (a.name < b.name ? -1 : 1))
      return grown.slice(0, countMax)
    }
    const [metrics, labels, jobs, owners] = GROWTH_KINDS.map(grownOf)
    return { since: oldest.time, grown: { metrics, labels, jobs, owners } }
  }
}
