import type { Log } from '../base/log.ts'
import type { Appendable } from '../storage/appender.ts'
import type { CommitGroup } from './commit-group.ts'
import type { FailureLogs } from './failure-log.ts'
import type { FirstScrapes } from './first-scrapes.ts'
import type { ScrapeMetrics } from './metrics.ts'
import type { MetadataPool } from './page-metadata.ts'
import type { PageTexts } from './page-texts.ts'
import type { ScrapeClientContext } from './scrape-client.ts'
import type { ScrapeFeatures } from './scrape-features.ts'
import type { PageBuilders } from './series-page.ts'
import type { StorageOpening } from './storage-opening.ts'
import type { SyncTurns } from './sync-turns.ts'

/** What all loops of a process share. */
export interface ScrapeContext extends ScrapeClientContext {
  readonly appendable: Appendable
  readonly opening: StorageOpening
  readonly commits: CommitGroup
  readonly firstScrapes: FirstScrapes
  readonly syncTurns: SyncTurns
  readonly texts: PageTexts
  readonly builders: PageBuilders
  readonly metrics: ScrapeMetrics
  readonly metadata: MetadataPool
  readonly features: ScrapeFeatures
  readonly failureLogs: FailureLogs
  readonly log: Log
  /** Salts hashes of what targets send. */
  readonly salt: number
}
