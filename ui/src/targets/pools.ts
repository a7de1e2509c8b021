import type { ActiveTarget, TargetHealthJson, TargetsData } from '../../../src/api/types/targets.ts'

/** The targets of one scrape configuration. Counts are of all its targets, `targets` of those that pass the filter. */
export interface Pool {
  readonly name: string
  readonly targets: readonly ActiveTarget[]
  readonly counts: Readonly<Record<TargetHealthJson, number>>
  readonly droppedCount: number
}

export interface TargetFilter {
  readonly health: TargetHealthJson | 'all'
  /** Every word must occur in the address, a label, the pool's name or the error; case does not matter. */
  readonly text: string
}

/** Pools in order of name, their targets with trouble first, then in order of address. */
export function toPools(data: TargetsData, filter: TargetFilter): readonly Pool[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  const pools = new Map<string, { targets: ActiveTarget[]; counts: Record<TargetHealthJson, number>; droppedCount: number }>()
  const poolOf = (name: string) => {
    let pool = pools.get(name)
    if (pool === undefined) {
      pool = { targets: [], counts: { up: 0, down: 0, unknown: 0 }, droppedCount: 0 }
      pools.set(name, pool)
    }
    return pool
  }
  for (const target of data.activeTargets) {
    const pool = poolOf(target.scrapePool)
    pool.counts[target.health] += 1
    if (passes(target, filter.health, words)) pool.targets.push(target)
  }
  for (const [name, count] of Object.entries(data.droppedTargetCounts ?? {})) poolOf(name).droppedCount = count
  for (const pool of pools.values()) pool.targets.sort(byTroubleThenAddress)
  return [...pools].map(([name, pool]) => ({ name, ...pool })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Targets of all pools by health. */
export function countHealth(data: TargetsData): Readonly<Record<TargetHealthJson, number>> {
  const counts = { up: 0, down: 0, unknown: 0 }
  for (const target of data.activeTargets) counts[target.health] += 1
  return counts
}

/** Unix ms of the last scrape; undefined before the first, which the API gives as the year 1. */
export function lastScrapeTime(target: ActiveTarget): number | undefined {
  const time = Date.parse(target.lastScrape)
  return Number.isNaN(time) || time <= 0 ? undefined : time
}

function passes(target: ActiveTarget, health: TargetFilter['health'], words: readonly string[]): boolean {
  if (health !== 'all' && target.health !== health) return false
  if (words.length === 0) return true
  const labels = Object.entries(target.labels).map(([name, value]) => `${name}="${value}"`)
  const text = [target.scrapePool, target.scrapeUrl, target.lastError, ...labels].join('\n').toLowerCase()
  return words.every((word) => text.includes(word))
}

const troubleRank: Readonly<Record<TargetHealthJson, number>> = { down: 0, unknown: 1, up: 2 }

function byTroubleThenAddress(a: ActiveTarget, b: ActiveTarget): number {
  const rank = troubleRank[a.health] - troubleRank[b.health]
  if (rank !== 0) return rank
  return a.scrapeUrl < b.scrapeUrl ? -1 : a.scrapeUrl > b.scrapeUrl ? 1 : 0
}
