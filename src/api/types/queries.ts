/** Who asked over HTTP. */
export interface QueryClientJson {
  readonly address: string
  readonly userAgent: string
  readonly method: string
  readonly path: string
}

interface AskedJson {
  readonly id: number
  /** `query`, or what else was read: `series`, `labelNames`, `labelValues`, `federate`. */
  readonly kind: string
  /** The expression, or the selectors. */
  readonly query: string
  /** Unix seconds; left out where all times were asked for. */
  readonly start?: number
  readonly end?: number
  /** Seconds; 0: at one time. */
  readonly step: number
  readonly client?: QueryClientJson
  /** When it came; RFC 3339. */
  readonly startTime: string
  readonly durationSeconds: number
}

export interface RunningQueryJson extends AskedJson {
  readonly state: 'waiting' | 'running'
}

export interface FinishedQueryJson extends AskedJson {
  readonly queueSeconds: number
  /** `success`, or the code of the error. */
  readonly outcome: string
  readonly error?: string
  readonly samples: number
  readonly peakSamples: number
  readonly peakBytes: number
}

/** Of /api/v1/status/queries. */
export interface QueriesData {
  /** The oldest first. */
  readonly running: readonly RunningQueryJson[]
  /** The newest first, or those that took longest. */
  readonly finished: readonly FinishedQueryJson[]
}
