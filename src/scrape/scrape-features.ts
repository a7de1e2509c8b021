/** What scraping does in the whole process when it is asked to, by feature flags. Source: Prometheus scrape/manager.go, Options. */
export interface ScrapeFeatures {
  /** `exemplar-storage`: exemplars are read and stored. */
  readonly exemplars: boolean
  /** `created-timestamp-zero-ingestion`: a sample of zero is stored at the start time of a counter. */
  readonly startTimeZeros: boolean
  /** `st-storage`: start times are stored with the samples. */
  readonly startTimes: boolean
  /** `metadata-wal-records`: type, help and unit are stored with the series. */
  readonly metadata: boolean
  /** `type-and-unit-labels`: type and unit become labels of the series. */
  readonly typeAndUnitLabels: boolean
  /** `extra-scrape-metrics`: every job reports as with extra_scrape_metrics. */
  readonly extraMetrics: boolean
}

export function scrapeFeatures(enabled: ReadonlySet<string>): ScrapeFeatures {
  return {
    exemplars: enabled.has('exemplar-storage'),
    startTimeZeros: enabled.has('created-timestamp-zero-ingestion'),
    startTimes: enabled.has('st-storage'),
    metadata: enabled.has('metadata-wal-records'),
    typeAndUnitLabels: enabled.has('type-and-unit-labels'),
    extraMetrics: enabled.has('extra-scrape-metrics'),
  }
}
