import type { Metric } from '../../../src/api/types/query.ts'
import type { TargetsData } from '../../../src/api/types/targets.ts'

/** What discovery found, and what became of it. */
export interface FoundTarget {
  readonly discoveredLabels: Metric
  /** Undefined: relabeling dropped it. */
  readonly labels: Metric | undefined
}

/** Counts are of all targets of the pool, `found` of those that pass the filter. */
export interface DiscoveryPool {
  readonly name: string
  readonly found: readonly FoundTarget[]
  readonly activeCount: number
  readonly droppedCount: number
}

export type Fate = 'all' | 'active' | 'dropped'

/** Pools in order of name; every word of `text` must occur in a label or the pool's name. */
export function toDiscoveryPools(data: TargetsData, filter: { readonly fate: Fate; readonly text: string }): readonly DiscoveryPool[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  const pools = new Map<string, { found: FoundTarget[]; activeCount: number; droppedCount: number }>()
  const poolOf = (name: string) => {
    let pool = pools.get(name)
    if (pool === undefined) pools.set(name, (pool = { found: [], activeCount: 0, droppedCount: 0 }))
    return pool
  }
  const passes = (pool: string, { discoveredLabels, labels }: FoundTarget) => {
    if (filter.fate !== 'all' && (filter.fate === 'active') !== (labels !== undefined)) return false
    if (words.length === 0) return true
    const text = [
      pool,
      ...[discoveredLabels, labels ?? {}].flatMap((set) => Object.entries(set).map(([name, value]) => `${name}="${value}"`)),
    ]
      .join('\n')
      .toLowerCase()
    return words.every((word) => text.includes(word))
  }
  for (const { scrapePool, discoveredLabels, labels } of data.activeTargets) {
    const pool = poolOf(scrapePool)
    pool.activeCount++
    if (passes(scrapePool, { discoveredLabels, labels })) pool.found.push({ discoveredLabels, labels })
  }
  for (const { scrapePool, discoveredLabels } of data.droppedTargets) {
    const target = { discoveredLabels, labels: undefined }
    if (passes(scrapePool, target)) poolOf(scrapePool).found.push(target)
  }
  for (const [name, count] of Object.entries(data.droppedTargetCounts ?? {})) poolOf(name).droppedCount = count
  return [...pools].map(([name, pool]) => ({ name, ...pool })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

export interface LabelChange {
  readonly name: string
  readonly before: string | undefined
  readonly after: string | undefined
}

/** Labels that differ, in order of names. */
export function labelChanges(before: Metric, after: Metric): readonly LabelChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ name, before: before[name], after: after[name] }))
}
