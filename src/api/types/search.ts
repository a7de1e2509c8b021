// Lines of /api/v1/search/*: batches of results, and then a trailer.
// Source: Prometheus web/api/v1/search.go.

/** What was not asked for, or is not known, is left out. */
export interface SearchResult {
  readonly name: string
  /** 1 fits best. */
  readonly score?: number
  readonly type?: string
  readonly help?: string
  readonly unit?: string
}

export interface SearchBatch {
  readonly results: readonly SearchResult[]
}

export interface SearchTrailer {
  readonly status: 'success'
  /** There would be more with a higher limit. */
  readonly has_more: boolean
}
