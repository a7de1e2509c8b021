import type { Labels } from '../model/labels.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { type Appender, AppendStatus } from '../storage/appender.ts'
import { reportLabels } from './sample-labels.ts'

/** What is reported of every scrape, good or failed. Source: Prometheus docs/concepts/jobs_instances.md. */
export interface ScrapeReport {
  readonly isUp: boolean
  readonly durationMs: number
  /** Samples on the page. */
  readonly scrapedCount: number
  /** Of them, those that metric relabeling left. */
  readonly addedCount: number
  readonly seriesAddedCount: number
}

const NAMES = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
] as const

/** The report series of one target. A sample of theirs that the storage refuses is not missed: another loop has the target now. */
export class ReportSeries {
  readonly #refs = new Float64Array(NAMES.length).fill(-1)

  append(appender: Appender, timestamp: Timestamp, target: Labels, report: ScrapeReport): void {
    const { isUp, durationMs, scrapedCount, addedCount, seriesAddedCount } = report
    const values = [isUp ? 1 : 0, durationMs / 1000, scrapedCount, addedCount, seriesAddedCount]
    for (let i = 0; i < NAMES.length; i++) {
      const ref = this.#refs[i]
      if (ref >= 0 && appender.append(ref, timestamp, values[i]) !== AppendStatus.unknownSeries) continue
      this.#refs[i] = appender.series(reportLabels(NAMES[i], target))
      appender.append(this.#refs[i], timestamp, values[i])
    }
  }

  markStale(appender: Appender, timestamp: Timestamp): void {
    for (const ref of this.#refs) if (ref >= 0) appender.append(ref, timestamp, STALE_MARKER)
  }
}
