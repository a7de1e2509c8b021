/** A label that brought series which were refused, or made beyond the soft limit. `values` is an estimate, off by some 6 %. */
export interface GrownLabelJson {
  readonly label: string
  readonly values: number
}

export interface BudgetJson {
  readonly scope: 'server' | 'job' | 'owner'
  /** The job, the owner; empty for the server, and for series without the label. */
  readonly name: string
  readonly series: number
  /** Left out where there is none. */
  readonly softLimit?: number
  readonly hardLimit?: number
  /** Since the start. A series that is asked for again counts again. */
  readonly refusedSeries: number
  readonly refusedSamples: number
  /** RFC 3339; left out: never. */
  readonly lastRefused?: string
  /** Left out: nothing grew beyond a limit. Most values first. */
  readonly grownSince?: string
  readonly grown?: readonly GrownLabelJson[]
}

/** `count` and `before`: series, or of a label its values. */
export interface GrownJson {
  readonly name: string
  readonly count: number
  readonly before: number
}

/** Of /api/v1/status/budgets. */
export interface BudgetsData {
  readonly enabled: boolean
  /** Empty: no budgets of owners. */
  readonly ownerLabel: string
  /** What an active series takes in memory, and a sample on disk, on average; 0: not known yet. */
  readonly seriesBytes: number
  readonly sampleBytes: number
  readonly activeSeries: number
  /** The server, then jobs and owners that have a limit, those with the most series first. */
  readonly budgets: readonly BudgetJson[]
  /** Left out in the first minute. What grew most stands first. */
  readonly growth?: {
    /** When `before` was: at most some 70 minutes ago; RFC 3339. */
    readonly since: string
    readonly metrics: readonly GrownJson[]
    readonly labels: readonly GrownJson[]
    readonly jobs: readonly GrownJson[]
    readonly owners: readonly GrownJson[]
  }
}
