import type { Env } from '../base/env.ts'
import type { Discoverer } from '../discovery/discoverer.ts'
import type { HttpClientConfig } from '../discovery/http-client.ts'
import type { Labels } from '../model/labels.ts'
import type { RelabelConfig } from '../model/relabel.ts'

/** One `scrape_configs` entry, defaults of `global` filled in. A limit of 0 is no limit. */
export interface ScrapeConfig {
  readonly jobName: string
  readonly scrapeIntervalMs: number
  readonly scrapeTimeoutMs: number
  readonly metricsPath: string
  readonly scheme: 'http' | 'https'
  readonly params: ReadonlyMap<string, readonly string[]>
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  readonly enableCompression: boolean
  /** Credentials that could not be read are undefined: the target refuses, and shows as down. */
  readonly http: HttpClientConfig
  readonly relabelConfigs: readonly RelabelConfig[]
  readonly metricRelabelConfigs: readonly RelabelConfig[]
  readonly bodyBytesMax: number
  readonly sampleLimit: number
  readonly labelLimit: number
  readonly labelNameLengthLimit: number
  readonly labelValueLengthLimit: number
  readonly targetLimit: number
  readonly keepDroppedTargets: number
  readonly discoverers: readonly DiscovererConfig[]
  /** Added to what leaves this server (federation, remote write), not to stored series. */
  readonly externalLabels: Labels
  /** Equal exactly when nothing that matters to a running scrape pool differs. */
  readonly fingerprint: string
}

/** A mechanism as configured: how to make its Discoverer, and what makes it the same as before a reload. */
export interface DiscovererConfig {
  /** The mechanism's name, such as `static` or `file`. */
  readonly mechanism: string
  readonly fingerprint: string
  create(env: Env): Discoverer
}
