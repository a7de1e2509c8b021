import type { Labels } from '../model/labels.ts'
import type { Metadata } from '../model/metadata.ts'
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
  /** With extra_scrape_metrics. */
  readonly extra: ExtraReport | undefined
}

export interface ExtraReport {
  readonly timeoutMs: number
  /** 0: none. */
  readonly sampleLimit: number
  /** Decoded; 0 when there was none, -1 when it was above body_size_limit. */
  readonly bodyBytes: number
}

const about = (name: string, unit: string, help: string): readonly [string, Metadata] => [name, { type: 'gauge', unit, help }]

/** Names in the order of the values. Source of the texts: Prometheus scrape/scrape.go, reportSample. */
const SERIES = [
  about('up', 'targets', 'Health of the scrape target. 1 means the target is healthy, 0 if the scrape failed.'),
  about('scrape_duration_seconds', 'seconds', 'Duration of the last scrape in seconds.'),
  about('scrape_samples_scraped', 'samples', 'Number of samples last scraped.'),
  about('scrape_samples_post_metric_relabeling', 'samples', 'Number of samples remaining after metric relabeling was applied.'),
  about('scrape_series_added', 'series', 'Number of series in the last scrape.'),
  about('scrape_timeout_seconds', 'seconds', 'The configured scrape timeout for a target.'),
  about('scrape_sample_limit', 'samples', 'The configured sample limit for a target. Returns zero if there is no limit configured.'),
  about(
    'scrape_body_size_bytes',
    'bytes',
    'The uncompressed size of the last scrape response, if successful. Scrapes failing because body_size_limit is exceeded report -1, other scrape failures report 0.',
  ),
]

/** The report series of one target. A sample of theirs that the storage refuses is not missed: another loop has the target now. */
export class ReportSeries {
  readonly #refs = new Float64Array(SERIES.length).fill(-1)

  /** `withMetadata`: what the series mean is stored with them. */
  append(appender: Appender, timestamp: Timestamp, target: Labels, report: ScrapeReport, withMetadata: boolean): void {
    const { isUp, durationMs, scrapedCount, addedCount, seriesAddedCount, extra } = report
    const values = [isUp ? 1 : 0, durationMs / 1000, scrapedCount, addedCount, seriesAddedCount]
    if (extra !== undefined) values.push(extra.timeoutMs / 1000, extra.sampleLimit, extra.bodyBytes)
    for (let i = 0; i < values.length; i++) {
      const ref = this.#refs[i]
      if (ref >= 0 && appender.append(ref, timestamp, values[i]) !== AppendStatus.unknownSeries) continue
      const [name, metadata] = SERIES[i]
      this.#refs[i] = appender.series(reportLabels(name, target), true)
      appender.append(this.#refs[i], timestamp, values[i])
      if (withMetadata) appender.setMetadata(this.#refs[i], metadata)
    }
    // A job that no longer asks for more leaves what it had.
    appender.takesLate = false
    for (let i = values.length; i < SERIES.length; i++) {
      if (this.#refs[i] < 0) continue
      appender.append(this.#refs[i], timestamp, STALE_MARKER)
      this.#refs[i] = -1
    }
    appender.takesLate = true
  }

  markStale(appender: Appender, timestamp: Timestamp): void {
    appender.takesLate = false
    for (const ref of this.#refs) if (ref >= 0) appender.append(ref, timestamp, STALE_MARKER)
    appender.takesLate = true
  }
}
