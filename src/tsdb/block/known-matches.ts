import type { Matcher } from '../../model/matcher.ts'
import type { BlockCache, CacheEntry } from './block-cache.ts'
import type { MatchedSeries } from './match-series.ts'

/** What an entry takes beside its key and its numbers. */
const SELF_BYTES = 400
/** One takes such a part of the cache at most: what selects much costs more to read than to find. */
const CACHE_PART = 512

class KnownMatch implements CacheEntry {
  readonly series: Uint32Array
  /** Places of the late ones among the matchers. Kept themselves, they would keep their compiled expressions, which are larger than all else here. */
  readonly late: readonly number[]
  readonly sizeBytes: number
  isUsed = true
  slot = -1
  readonly #key: string
  readonly #all: Map<string, KnownMatch>

  constructor(key: string, series: Uint32Array, late: readonly number[], sizeBytes: number, all: Map<string, KnownMatch>) {
    this.#key = key
    this.series = series
    this.late = late
    this.sizeBytes = sizeBytes
    this.#all = all
  }

  drop(): void {
    this.#all.delete(this.#key)
  }
}

/**
 * Which series of a block fulfil matchers, as it was found: a block does not change, and dashboards and rules ask the same again and again. Reading the
 * postings of each matcher, comparing their checksums and joining them is most of what a query of few series costs a block.
 */
export class KnownMatches {
  readonly #cache: BlockCache
  readonly #all = new Map<string, KnownMatch>()

  constructor(cache: BlockCache) {
    this.#cache = cache
  }

  find(matchers: readonly Matcher[]): MatchedSeries | undefined {
    const known = this.#all.get(matchersKey(matchers))
    if (known === undefined) return undefined
    known.isUsed = true
    return { series: known.series, late: known.late.map((place) => matchers[place]) }
  }

  /** Keeps what was found, where it is little. */
  keep(matchers: readonly Matcher[], { series, late }: MatchedSeries): void {
    const key = matchersKey(matchers)
    const sizeBytes = SELF_BYTES + 2 * key.length + series.byteLength
    if (sizeBytes > this.#cache.bytesMax / CACHE_PART || this.#all.has(key)) return
    const places = late.map((matcher) => matchers.indexOf(matcher))
    // What was found may lie in a part of the memory of more.
    const known = new KnownMatch(key, series.slice(), places, sizeBytes, this.#all)
    this.#all.set(key, known)
    this.#cache.add(known)
  }

  close(): void {
    for (const known of this.#all.values()) this.#cache.remove(known)
    this.#all.clear()
  }
}

const keys = new WeakMap<readonly Matcher[], string>()

/** The same for matchers that are the same, in the same order. Plans are kept, and with them their matchers. */
function matchersKey(matchers: readonly Matcher[]): string {
  let key = keys.get(matchers)
  if (key === undefined) {
    key = JSON.stringify(matchers.map(({ name, operator, value }) => [name, operator, value]))
    keys.set(matchers, key)
  }
  return key
}
