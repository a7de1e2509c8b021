import { Counter, Gauge, Histogram, type Registry, Summary } from 'prom-client'
import { ConsumerMetrics } from '../discovery/consumer-metrics.ts'

/** What scraping tells about itself, by upstream's names where the meaning is the same. Source: Prometheus scrape/metrics.go. */
export type ScrapeMetrics = ReturnType<typeof scrapeMetrics>

const QUANTILES = [0.01, 0.05, 0.5, 0.9, 0.99]

/** Upstream's summaries forget after 10 minutes, in five steps. */
const SUMMARY_WINDOW = { percentiles: QUANTILES, maxAgeSeconds: 600, ageBuckets: 5 }

export function scrapeMetrics(registry: Registry) {
  const registers = [registry]
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  return {
    poolsTotal: counter('prometheus_target_scrape_pools_total', 'Total number of scrape pool creation attempts.'),
    poolReloads: counter('prometheus_target_scrape_pool_reloads_total', 'Total number of scrape pool reloads.'),
    poolTargets: new Gauge({
      name: 'prometheus_target_scrape_pool_targets',
      help: 'Current number of targets in this scrape pool.',
      labelNames: ['scrape_job'],
      registers,
    }),
    poolTargetLimit: new Gauge({
      name: 'prometheus_target_scrape_pool_target_limit',
      help: 'Maximum number of targets allowed in this scrape pool.',
      labelNames: ['scrape_job'],
      registers,
    }),
    poolSyncs: new Counter({
      name: 'prometheus_target_scrape_pool_sync_total',
      help: 'Total number of syncs that were executed on a scrape pool.',
      labelNames: ['scrape_job'],
      registers,
    }),
    syncFailed: new Counter({
      name: 'prometheus_target_sync_failed_total',
      help: 'Total number of target sync failures.',
      labelNames: ['scrape_job'],
      registers,
    }),
    syncLength: new Summary({
      name: 'prometheus_target_sync_length_seconds',
      help: 'Actual interval to sync the scrape pool.',
      labelNames: ['scrape_job'],
      registers,
      ...SUMMARY_WINDOW,
    }),
    discovery: new ConsumerMetrics(registry, 'scrape'),
    intervalLength: new Summary({
      name: 'prometheus_target_interval_length_seconds',
      help: 'Actual intervals between scrapes.',
      labelNames: ['interval'],
      registers,
      ...SUMMARY_WINDOW,
    }),
    notStored: counter('promontory_scrapes_not_stored_total', 'Scrapes whose samples the storage did not take, nor the report.'),
    exceededTargetLimit: counter(
      'prometheus_target_scrape_pool_exceeded_target_limit_total',
      'Total number of times scrape pools hit the target limit, during sync or config reload.',
    ),
    exceededLabelLimits: counter(
      'prometheus_target_scrape_pool_exceeded_label_limits_total',
      'Total number of times scrape pools hit the label limits, during sync or config reload.',
    ),
    exceededBodySize: counter(
      'prometheus_target_scrapes_exceeded_body_size_limit_total',
      'Total number of scrapes that hit the body size limit',
    ),
    exceededSampleLimit: counter(
      'prometheus_target_scrapes_exceeded_sample_limit_total',
      'Total number of scrapes that hit the sample limit and were rejected.',
    ),
    exceededBucketLimit: counter(
      'prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total',
      'Total number of scrapes that hit the native histogram bucket limit and were rejected.',
    ),
    exemplarOutOfOrder: counter(
      'prometheus_target_scrapes_exemplar_out_of_order_total',
      'Total number of exemplar rejected due to not being out of the expected order.',
    ),
    outOfOrder: counter(
      'prometheus_target_scrapes_sample_out_of_order_total',
      'Total number of samples rejected due to not being out of the expected order.',
    ),
    duplicateTimestamp: counter(
      'prometheus_target_scrapes_sample_duplicate_timestamp_total',
      'Total number of samples rejected due to duplicate timestamps but different values.',
    ),
    outOfBounds: counter(
      'prometheus_target_scrapes_sample_out_of_bounds_total',
      'Total number of samples rejected due to timestamp falling outside of the time bounds.',
    ),
    samplesScraped: counter('promontory_scrape_samples_total', 'Samples that targets exposed, before metric relabeling.'),
    slotsMissed: counter('promontory_scrape_slots_missed_total', 'Scrape slots that went by without a scrape.'),
    lateness: new Histogram({
      name: 'promontory_scrape_lateness_seconds',
      help: 'How long after the time of its slot a scrape began.',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
      registers,
    }),
  }
}
