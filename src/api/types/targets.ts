// Answers of /api/v1/targets and /api/v1/scrape_pools.
// Source: Prometheus docs/querying/api.md, "Targets"; web/api/v1/api.go, TargetDiscovery.

import type { Metric } from './query.ts'

export type TargetHealthJson = 'up' | 'down' | 'unknown'

export interface ActiveTarget {
  /** Before relabeling. */
  readonly discoveredLabels: Metric
  readonly labels: Metric
  readonly scrapePool: string
  readonly scrapeUrl: string
  /** The same as others reach it. */
  readonly globalUrl: string
  readonly lastError: string
  /** RFC 3339; the year 1 when never scraped. */
  readonly lastScrape: string
  /** Seconds. */
  readonly lastScrapeDuration: number
  readonly health: TargetHealthJson
  readonly scrapeInterval: string
  readonly scrapeTimeout: string
}

export interface DroppedTargetJson {
  readonly discoveredLabels: Metric
  readonly scrapePool: string
}

export interface TargetsData {
  readonly activeTargets: readonly ActiveTarget[]
  readonly droppedTargets: readonly DroppedTargetJson[]
  /** By scrape pool; null when dropped targets were not asked for. */
  readonly droppedTargetCounts: Readonly<Record<string, number>> | null
}

export interface ScrapePoolsData {
  readonly scrapePools: readonly string[]
}
