import type { Labels } from '../model/labels.ts'
import type { RelabelConfig } from '../model/relabel.ts'
import type { PageMetadata } from './page-metadata.ts'

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
  /** Of its last good page; targets that say the same have the same object. */
  readonly metadata: PageMetadata
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
  /** What becomes of a target of a pool on its way to be scraped; undefined: there is no such pool. */
  relabelConfigs(scrapePool: string): readonly RelabelConfig[] | undefined
}
