import type { FinishedQuery, QueryObserver } from '../../promql/query-desk.ts'

/** Queries that are remembered, and how much of the text of each. */
const COUNT_MAX = 1000
const TEXT_MAX = 2000

/** The last queries: what was asked, by whom, how long it took and what it cost. */
export class QueryHistory implements QueryObserver {
  readonly #ring: FinishedQuery[] = []
  #next = 0

  ended(query: FinishedQuery): void {
    const kept = query.query.length > TEXT_MAX ? { ...query, query: `${query.query.slice(0, TEXT_MAX).toWellFormed()}…` } : query
    // Counts of each step and of the plan are part of an answer, not of what it cost.
    const { cost } = kept
    const stats = cost?.stats && { ...cost.stats, perStep: undefined, plan: undefined }
    this.#ring[this.#next] = cost === undefined ? kept : { ...kept, cost: { ...cost, stats } }
    this.#next = (this.#next + 1) % COUNT_MAX
  }

  /** The newest first. */
  get all(): readonly FinishedQuery[] {
    return [...this.#ring.slice(0, this.#next).reverse(), ...this.#ring.slice(this.#next).reverse()]
  }
}
