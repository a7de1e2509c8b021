import type { Clock } from '../../base/env.ts'
import { describePlan } from '../plan/describe.ts'
import type { Plan } from '../plan/plan.ts'
import { inputsOf } from '../plan/rewrite.ts'
import type { PlanCost, PlanReport } from '../value.ts'
import type { LimitedBudget } from './budget.ts'
import { countSamples, type Sink } from './columns.ts'
import { execute } from './execute.ts'
import type { QueryRun } from './query-run.ts'
import type { Steps } from './steps.ts'

interface Account {
  ownMs: number
  series: number
  samples: number
  samplesRead: number
  bytesBefore: number
  bytesPeak: number
}

/**
 * What each node of a plan costs while the query runs. Nodes hand series up one by one, so the time is kept by who is at work: it goes to
 * the node below until it hands a series up, and to the one above until that returns. A scalar has no account: what it costs, beyond
 * the vectors in it, is its parent's.
 */
export class Profile {
  readonly #clock: Clock
  readonly #budget: LimitedBudget
  readonly #accounts = new Map<Plan, Account>()
  #working: Account | undefined
  #since = 0

  constructor(clock: Clock, budget: LimitedBudget) {
    this.#clock = clock
    this.#budget = budget
  }

  /** Evaluates a node as `execute` does, on its account. */
  async execute(run: QueryRun, plan: Plan, steps: Steps, sink: Sink): Promise<void> {
    const account = this.#accountOf(plan)
    const above = this.#working
    const readBefore = run.tally.read
    this.#switchTo(account)
    try {
      await execute(run, plan, steps, (series) => {
        account.series++
        account.samples += countSamples(series)
        this.#switchTo(above)
        try {
          sink(series)
        } finally {
          this.#switchTo(account)
        }
      })
    } finally {
      account.samplesRead += run.tally.read - readBefore
      this.#switchTo(above)
    }
  }

  /** The plan as a tree; a plan that is shared is told below the first place that uses it. */
  report(plan: Plan): PlanReport {
    const told = new Set<Plan>()
    const tell = (node: Plan): PlanReport => {
      const inputs = inputsOf(node).filter((input) => node.kind !== 'shared' || !told.has(input))
      told.add(node)
      const account = this.#accounts.get(node)
      return { operation: describePlan(node), cost: account && costOf(account), inputs: inputs.map(tell) }
    }
    return tell(plan)
  }

  #accountOf(plan: Plan): Account {
    let account = this.#accounts.get(plan)
    if (account === undefined) {
      const bytes = this.#budget.bytes
      account = { ownMs: 0, series: 0, samples: 0, samplesRead: 0, bytesBefore: bytes, bytesPeak: bytes }
      this.#accounts.set(plan, account)
    }
    return account
  }

  #switchTo(next: Account | undefined): void {
    const now = this.#clock.monotonic()
    if (this.#working !== undefined) {
      this.#working.ownMs += now - this.#since
      this.#working.bytesPeak = Math.max(this.#working.bytesPeak, this.#budget.bytes)
    }
    this.#working = next
    this.#since = now
  }
}

function costOf({ ownMs, series, samples, samplesRead, bytesBefore, bytesPeak }: Account): PlanCost {
  return { timeMs: ownMs, series, samples, samplesRead, bytes: bytesPeak - bytesBefore }
}
