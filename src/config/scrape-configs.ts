import { hash } from 'node:crypto'
import { printable } from '../base/schema.ts'
import { fileDiscoverer, toFileSdConfig } from '../discovery/file.ts'
import { staticDiscoverer } from '../discovery/static.ts'
import type { Labels } from '../model/labels.ts'
import { toRelabelConfigs } from '../model/relabel-schema.ts'
import type { DiscovererConfig, ScrapeConfig } from '../scrape/scrape-config.ts'
import { type ScrapeSection, scrapeConfigSchema } from '../scrape/scrape-config-schema.ts'
import type { SectionFile } from './http-client.ts'
import { readHttpClient } from './http-client.ts'
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

/** `global` with its intervals filled in. */
export function effectiveGlobal(global: GlobalSection): GlobalSection {
  const interval = global.scrape_interval || DEFAULT_INTERVAL_MS
  return {
    ...global,
    scrape_interval: interval,
    scrape_timeout: global.scrape_timeout || Math.min(DEFAULT_TIMEOUT_MS, interval),
    evaluation_interval: global.evaluation_interval || DEFAULT_INTERVAL_MS,
  }
}

/** The job with what it takes from `global` where it says nothing. A limit of 0 says nothing, as upstream. */
export function effectiveJob(job: ScrapeSection, global: GlobalSection): ScrapeSection {
  const interval = job.scrape_interval || global.scrape_interval!
  const effective: { -readonly [K in keyof ScrapeSection]: ScrapeSection[K] } = {
    ...job,
    scrape_interval: interval,
    scrape_timeout: job.scrape_timeout || Math.min(global.scrape_timeout!, interval),
  }
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
  readFile: SectionFile
  readonly externalLabels: Labels
}

export async function toScrapeConfig(job: ScrapeSection, { resolve, readFile, externalLabels }: JobContext): Promise<ScrapeConfig> {
  const http = await readHttpClient(job, readFile)
  // Paths of discovery files are resolved, so that the same file read from elsewhere is another job.
  const fingerprint = hash('sha256', JSON.stringify([printable(scrapeConfigSchema, job), resolve('.'), http]))
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
    discoverers: discoverers(job, resolve),
    externalLabels,
    fingerprint,
  }
}

function discoverers(job: ScrapeSection, resolve: (path: string) => string): readonly DiscovererConfig[] {
  const out: DiscovererConfig[] = []
  const groups = job.static_configs
  if (groups !== undefined && groups.length > 0) {
    out.push({ mechanism: 'static', fingerprint: JSON.stringify(groups), create: () => staticDiscoverer(groups) })
  }
  for (const section of job.file_sd_configs ?? []) {
    const config = toFileSdConfig(section, resolve)
    out.push({ mechanism: 'file', fingerprint: JSON.stringify(config), create: (env) => fileDiscoverer(env, config) })
  }
  return out
}
