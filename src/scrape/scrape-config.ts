import type { DiscovererConfig } from '../discovery/discoverer.ts'
import type { HttpClientConfig } from '../http-client/client-config.ts'
import type { Labels } from '../model/labels.ts'
import type { EscapingScheme } from '../model/name-escaping.ts'
import type { RelabelConfig } from '../model/relabel.ts'
import type { NameValidationScheme } from './name-schemes.ts'
import type { ScrapeProtocol } from './scrape-protocol.ts'

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
  /** Series with timestamps of their own are marked stale as well when they go. */
  readonly trackTimestampsStaleness: boolean
  /** What is asked for, the most wanted first. */
  readonly scrapeProtocols: readonly ScrapeProtocol[]
  /** What a page is taken for whose type says nothing. */
  readonly fallbackProtocol: ScrapeProtocol | undefined
  readonly nameValidation: NameValidationScheme
  readonly nameEscaping: EscapingScheme
  readonly nativeHistograms: boolean
  /** Also where there is a native one. */
  readonly alwaysClassicHistograms: boolean
  /** Classic histograms become native ones with custom buckets. */
  readonly convertClassicHistograms: boolean
  /** Most buckets of a native histogram. */
  readonly bucketLimit: number
  /** Histograms of a finer schema are stored in this one. */
  readonly schemaMax: number
  /** Timeout, sample limit and size of the body are reported of every scrape. */
  readonly extraMetrics: boolean
  /** Path of a file that gets a line for every failed scrape; empty: none. */
  readonly failureLogFile: string
  readonly discoverers: readonly DiscovererConfig[]
  /** Added to what leaves this server (federation, remote write), not to stored series. */
  readonly externalLabels: Labels
  /** Equal exactly when nothing that matters to a running scrape pool differs. */
  readonly fingerprint: string
}
