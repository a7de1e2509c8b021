import { copiedText } from '../base/copied-text.ts'
import { optimise } from './plan/optimise.ts'
import type { Plan } from './plan/plan.ts'

/** A plan as the query is written, and what all optimisers make of it, once that is asked for. */
export class PreparedPlan {
  readonly plan: Plan
  #optimised: Plan | undefined

  constructor(plan: Plan) {
    this.plan = plan
  }

  get optimised(): Plan {
    this.#optimised ??= optimise(this.plan)
    return this.#optimised
  }
}

/** Queries that are remembered: some MB at most, of texts that were asked lately. */
const PLANS_MAX = 64
const TEXT_LENGTH_MAX = 1000

/** What may stand for the times of the query: then its plan is one of these times alone. */
const READS_TIMES = /@|\b(?:start|end|step|range)\b/i

/**
 * Plans of queries that were asked lately. A dashboard or a rule asks the same again and again, at other times; a plan is never changed, and parsing one and
 * optimising it is a good part of a query that reads few series.
 */
export class PlanCache {
  /** The one that was not asked for longest first. */
  readonly #byKey = new Map<string, PreparedPlan>()

  /** `settings`: all that the plan depends on beside the query. What `build` throws is thrown each time. */
  get(query: string, settings: string, build: () => Plan): PreparedPlan {
    if (query.length > TEXT_LENGTH_MAX || READS_TIMES.test(query)) return new PreparedPlan(build())
    const key = `${settings} ${query}`
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      this.#byKey.delete(key)
      this.#byKey.set(key, known)
      return known
    }
    const made = new PreparedPlan(build())
    const [oldest] = this.#byKey.keys()
    if (this.#byKey.size === PLANS_MAX) this.#byKey.delete(oldest)
    this.#byKey.set(copiedText(key, Number.MAX_SAFE_INTEGER), made)
    return made
  }
}
