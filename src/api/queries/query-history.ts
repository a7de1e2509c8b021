import { copiedText } from '../../base/copied-text.ts'
import type { FinishedQuery, QueryObserver } from '../../promql/query-desk.ts'

/** Queries that are remembered, and how many characters of the text, and of what the client says of itself. */
const COUNT_MAX = 1000
const TEXT_MAX = 2000
const CLIENT_TEXT_MAX = 300

/** The last queries: what was asked, by whom, how long it took and what it cost. */
export class QueryHistory implements QueryObserver {
  readonly #ring: FinishedQuery[] = []
  #next = 0

  ended(query: FinishedQuery): void {
    const { client } = query
    const kept: FinishedQuery = {
      ...query,
      query: copiedText(query.query, TEXT_MAX),
      error: copiedText(query.error, TEXT_MAX),
      client: client && {
        ...client,
        userAgent: copiedText(client.userAgent, CLIENT_TEXT_MAX),
        path: copiedText(client.path, CLIENT_TEXT_MAX),
      },
    }
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
