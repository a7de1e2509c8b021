// The answers of the HTTP API v1 as far as the console reads them.
// Source: Prometheus documentation, querying/api.

export type Metric = Readonly<Record<string, string>>

/** `[Unix seconds, value as text]`; text because JSON knows neither NaN nor infinities. */
export type SampleJson = readonly [number, string]

export interface HistogramJson {
  readonly count: string
  readonly sum: string
  /** `[boundary rule, lower, upper, count]` */
  readonly buckets?: readonly (readonly [number, string, string, string])[]
}

export interface VectorElement {
  readonly metric: Metric
  readonly value?: SampleJson
  readonly histogram?: readonly [number, HistogramJson]
}

export interface MatrixElement {
  readonly metric: Metric
  readonly values?: readonly SampleJson[]
  readonly histograms?: readonly (readonly [number, HistogramJson])[]
}

export type QueryData =
  | { readonly resultType: 'vector'; readonly result: readonly VectorElement[] }
  | { readonly resultType: 'matrix'; readonly result: readonly MatrixElement[] }
  | { readonly resultType: 'scalar' | 'string'; readonly result: SampleJson }

export type Envelope<Data> =
  | { readonly status: 'success'; readonly data: Data; readonly warnings?: readonly string[]; readonly infos?: readonly string[] }
  | { readonly status: 'error'; readonly errorType: string; readonly error: string }

export type TargetHealth = 'up' | 'down' | 'unknown'

export interface ActiveTarget {
  readonly discoveredLabels: Metric
  readonly labels: Metric
  readonly scrapePool: string
  readonly scrapeUrl: string
  readonly globalUrl: string
  readonly lastError: string
  /** RFC 3339; the year 1 when never scraped. */
  readonly lastScrape: string
  /** Seconds. */
  readonly lastScrapeDuration: number
  readonly health: TargetHealth
  readonly scrapeInterval: string
  readonly scrapeTimeout: string
}

export interface TargetsData {
  readonly activeTargets: readonly ActiveTarget[]
  readonly droppedTargets: readonly { readonly discoveredLabels: Metric; readonly scrapePool?: string }[]
  readonly droppedTargetCounts?: Readonly<Record<string, number>>
}

export interface MetricMetadata {
  readonly type: string
  readonly help: string
  readonly unit?: string
}

export interface BuildInfo {
  readonly version: string
  readonly revision: string
}
