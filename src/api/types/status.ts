// Answers of /api/v1/status/*.
// Source: Prometheus docs/querying/api.md, "Status"; web/api/v1/api.go, PrometheusVersion and RuntimeInfo.

export interface ConfigData {
  readonly yaml: string
}

export type FlagsData = Readonly<Record<string, string>>

export interface BuildInfoData {
  readonly version: string
  readonly revision: string
  readonly branch: string
  readonly buildUser: string
  readonly buildDate: string
  readonly goVersion: string
}

/** Times as RFC 3339. The names that speak of Go stay for those who read them; where they mean nothing here they are 0 or empty. */
export interface RuntimeInfoData {
  readonly startTime: string
  readonly CWD: string
  readonly hostname: string
  readonly serverTime: string
  readonly reloadConfigSuccess: boolean
  readonly lastConfigTime: string
  readonly corruptionCount: number
  readonly goroutineCount: number
  readonly GOMAXPROCS: number
  readonly GOMEMLIMIT: number
  readonly GOGC: string
  readonly GODEBUG: string
  readonly storageRetention: string
}

export interface NamedValue {
  readonly name: string
  readonly value: number
}

/** Lists begin with the largest. Times in Unix ms; without samples the largest and the smallest there is. */
export interface TsdbData {
  readonly headStats: {
    readonly numSeries: number
    readonly numLabelPairs: number
    readonly chunkCount: number
    readonly minTime: number
    readonly maxTime: number
  }
  readonly seriesCountByMetricName: readonly NamedValue[]
  readonly labelValueCountByLabelName: readonly NamedValue[]
  readonly memoryInBytesByLabelName: readonly NamedValue[]
  readonly seriesCountByLabelValuePair: readonly NamedValue[]
}

/** A block as its meta.json describes it; counts of 0 are left out. */
export interface BlockData {
  readonly ulid: string
  readonly minTime: number
  /** Exclusive. */
  readonly maxTime: number
  readonly stats: Readonly<Record<string, number>>
  readonly compaction: { readonly level: number; readonly sources?: readonly string[]; readonly hints?: readonly string[] }
  readonly version: number
}

export interface LeftOutBlockData {
  readonly path: string
  readonly error: string
}

export interface TsdbBlocksData {
  readonly blocks: readonly BlockData[]
  /** Blocks that are there and cannot be read now; absent where there are none. Ours. */
  readonly leftOut?: readonly LeftOutBlockData[]
}

/** Segments of the write-ahead log. */
export interface WalReplayData {
  readonly min: number
  readonly max: number
  readonly current: number
}
