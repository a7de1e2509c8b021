import { hash } from 'node:crypto'
import { printable } from '../base/schema.ts'
import type { Labels } from '../model/labels.ts'
import { toRelabelConfigs } from '../model/relabel-schema.ts'
import { schemaOfFactor } from '../scrape/bucket-limits.ts'
import { nameSchemes } from '../scrape/name-schemes.ts'
import type { ScrapeConfig } from '../scrape/scrape-config.ts'
import { type ScrapeSection, scrapeConfigSchema } from '../scrape/scrape-config-schema.ts'
import { DEFAULT_SCRAPE_PROTOCOLS, PROTOBUF_FIRST_SCRAPE_PROTOCOLS } from '../scrape/scrape-protocol.ts'
import { discoverers } from './discoverers.ts'
import { toHttpClientConfig } from './http-client.ts'
import type { GlobalSection } from './prometheus-schema.ts'
import { DEFAULT_INTERVAL_MS, DEFAULT_TIMEOUT_MS } from './prometheus-schema.ts'

const INHERITED = [
  'body_size_limit',
  'sample_limit',
  'target_limit',
  'label_limit',
  'label_name_length_limit',
  'label_value_length_limit',
  'keep_dropped_targets',
] as const

/** What `global` says where the file says nothing, by the feature flags. */
export interface ConfigDefaults {
  /** Native histograms are scraped. */
  readonly nativeHistograms?: boolean
  /** Protobuf is asked for first: it brings start times. */
  readonly protobufFirst?: boolean
}

/** `global` with its intervals and what follows from the defaults filled in, its paths complete. */
export function effectiveGlobal(global: GlobalSection, defaults: ConfigDefaults, resolve: (path: string) => string): GlobalSection {
  const interval = global.scrape_interval || DEFAULT_INTERVAL_MS
  const isEmpty = Object.keys(global).length === 0
  return {
    ...global,
    ...(defaults.protobufFirst ? { scrape_protocols: global.scrape_protocols ?? [...PROTOBUF_FIRST_SCRAPE_PROTOCOLS] } : {}),
    ...(defaults.nativeHistograms ? { scrape_native_histograms: global.scrape_native_histograms ?? true } : {}),
    ...(global.query_log_file ? { query_log_file: resolve(global.query_log_file) } : {}),
    ...(global.scrape_failure_log_file ? { scrape_failure_log_file: resolve(global.scrape_failure_log_file) } : {}),
    metric_name_validation_scheme: global.metric_name_validation_scheme || 'utf8',
    ...(isEmpty ? { metric_name_escaping_scheme: 'allow-utf-8' } : {}),
    scrape_interval: interval,
    scrape_timeout: global.scrape_timeout || Math.min(DEFAULT_TIMEOUT_MS, interval),
    evaluation_interval: global.evaluation_interval || DEFAULT_INTERVAL_MS,
  }
}

/**
 * The job with what it takes from `global` where it says nothing, its paths complete. A limit of 0 says nothing, as upstream.
 * Newer fields are there only when they are set: an older Prometheus still reads what we print.
 */
export function effectiveJob(job: ScrapeSection, global: GlobalSection, resolve: (path: string) => string): ScrapeSection {
  const interval = job.scrape_interval || global.scrape_interval!
  const native = job.scrape_native_histograms ?? global.scrape_native_histograms
  const extra = job.extra_scrape_metrics ?? global.extra_scrape_metrics
  const failureLog = job.scrape_failure_log_file ? resolve(job.scrape_failure_log_file) : global.scrape_failure_log_file
  const { validation, escaping } = nameSchemes(job, global)
  const protocols = native ? PROTOBUF_FIRST_SCRAPE_PROTOCOLS : DEFAULT_SCRAPE_PROTOCOLS
  const effective: { -readonly [K in keyof ScrapeSection]: ScrapeSection[K] } = {
    ...job,
    scrape_interval: interval,
    scrape_timeout: job.scrape_timeout || Math.min(global.scrape_timeout!, interval),
    scrape_protocols: job.scrape_protocols ?? global.scrape_protocols ?? [...protocols],
    ...(native === undefined ? {} : { scrape_native_histograms: native }),
    always_scrape_classic_histograms: job.always_scrape_classic_histograms ?? global.always_scrape_classic_histograms ?? false,
    convert_classic_histograms_to_nhcb: job.convert_classic_histograms_to_nhcb ?? global.convert_classic_histograms_to_nhcb ?? false,
    metric_name_validation_scheme: validation,
    metric_name_escaping_scheme: escaping,
    ...(extra === undefined ? {} : { extra_scrape_metrics: extra }),
    ...(failureLog ? { scrape_failure_log_file: failureLog } : {}),
  }
  if (!effective.fallback_scrape_protocol) delete effective.fallback_scrape_protocol
  for (const field of INHERITED) {
    const value = job[field] || global[field]
    if (value) effective[field] = value
    else delete effective[field]
  }
  return effective
}

export interface JobContext {
  /** Makes a path complete. */
  resolve(path: string): string
  /** The complete path of a file of secrets or certificates; `field` is where it stands in the job. */
  file(field: readonly (string | number)[], name: string): string
  readonly externalLabels: Labels
  /** Of the environment. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

export function toScrapeConfig(job: ScrapeSection, context: JobContext): ScrapeConfig {
  const { resolve, externalLabels } = context
  const http = toHttpClientConfig(job, context)
  const found = discoverers(job, { ...context, name: job.job_name! })
  // Printing hides secrets, and discoverers resolve paths: with theirs it is another job when one of them is another.
  const parts = [printable(scrapeConfigSchema, job), resolve('.'), http, found.map(({ fingerprint }) => fingerprint)]
  const fingerprint = hash('sha256', JSON.stringify(parts))
  return {
    jobName: job.job_name!,
    scrapeIntervalMs: job.scrape_interval!,
    scrapeTimeoutMs: job.scrape_timeout!,
    metricsPath: job.metrics_path || '/metrics',
    scheme: job.scheme ?? 'http',
    params: new Map(Object.entries(job.params ?? {})),
    honorLabels: job.honor_labels ?? false,
    honorTimestamps: job.honor_timestamps ?? true,
    enableCompression: job.enable_compression ?? true,
    http,
    relabelConfigs: toRelabelConfigs(job.relabel_configs),
    metricRelabelConfigs: toRelabelConfigs(job.metric_relabel_configs),
    bodyBytesMax: job.body_size_limit ?? 0,
    sampleLimit: job.sample_limit ?? 0,
    labelLimit: job.label_limit ?? 0,
    labelNameLengthLimit: job.label_name_length_limit ?? 0,
    labelValueLengthLimit: job.label_value_length_limit ?? 0,
    targetLimit: job.target_limit ?? 0,
    keepDroppedTargets: job.keep_dropped_targets ?? 0,
    trackTimestampsStaleness: job.track_timestamps_staleness ?? false,
    scrapeProtocols: job.scrape_protocols!,
    fallbackProtocol: job.fallback_scrape_protocol || undefined,
    nameValidation: job.metric_name_validation_scheme || 'utf8',
    nameEscaping: job.metric_name_escaping_scheme || 'allow-utf-8',
    nativeHistograms: job.scrape_native_histograms ?? false,
    alwaysClassicHistograms: job.always_scrape_classic_histograms ?? false,
    convertClassicHistograms: job.convert_classic_histograms_to_nhcb ?? false,
    bucketLimit: job.native_histogram_bucket_limit ?? 0,
    schemaMax: schemaOfFactor(job.native_histogram_min_bucket_factor ?? 0),
    extraMetrics: job.extra_scrape_metrics ?? false,
    failureLogFile: job.scrape_failure_log_file ?? '',
    discoverers: found,
    externalLabels,
    fingerprint,
  }
}
