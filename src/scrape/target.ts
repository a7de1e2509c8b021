import type { Labels } from '../model/labels.ts'

export type TargetHealth = 'unknown' | 'up' | 'down'

/** A target as the API shows it. Source: Prometheus docs/querying/api.md, targets. */
export interface TargetStatus {
  readonly discoveredLabels: Labels
  /** After relabeling, without names that begin with `__`. */
  readonly labels: Labels
  readonly scrapePool: string
  readonly scrapeUrl: string
  readonly lastError: string
  /** Unix ms, 0 before the first scrape. */
  readonly lastScrape: number
  readonly lastScrapeDurationMs: number
  readonly health: TargetHealth
  readonly scrapeIntervalMs: number
  readonly scrapeTimeoutMs: number
}

export interface DroppedTarget {
  readonly discoveredLabels: Labels
  readonly scrapePool: string
}

/** What a scrape manager lets others see. */
export interface TargetsView {
  active(): readonly TargetStatus[]
  dropped(): readonly DroppedTarget[]
  /** Dropped targets by pool, those beyond keep_dropped_targets included. */
  droppedCounts(): ReadonlyMap<string, number>
}
