import { errorMessage } from '../base/errors.ts'
import type { Labels } from '../model/labels.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import type { VectorSample } from '../promql/value.ts'
import { type Appendable, AppendStatus } from '../storage/appender.ts'
import type { EvaluatedRule } from './evaluated-rule.ts'
import type { RuleQuery } from './rule-query.ts'

/** How a rule is. */
export interface RuleHealth {
  readonly health: 'unknown' | 'ok' | 'err'
  /** Empty: the last evaluation went well. */
  readonly lastError: string
  readonly lastEvaluation: Timestamp
}

export interface RuleGroupOptions {
  readonly rules: readonly EvaluatedRule[]
  readonly queryOffsetMs: number
  readonly limit: number
  readonly query: RuleQuery
  readonly storage: Appendable
}

const UNKNOWN: RuleHealth = { health: 'unknown', lastError: '', lastEvaluation: 0 }

/**
 * Rules that are evaluated one after the other, each over what those before it have stored.
 * Source: Prometheus rules/group.go, Eval.
 */
export class RuleGroup {
  readonly rules: readonly EvaluatedRule[]
  readonly #options: RuleGroupOptions
  readonly #health: RuleHealth[]
  /** Series that each rule stored last time: those that are gone end with a staleness marker. */
  readonly #series: Map<string, Labels>[]

  constructor(options: RuleGroupOptions) {
    this.rules = options.rules
    this.#options = options
    this.#health = options.rules.map(() => UNKNOWN)
    this.#series = options.rules.map(() => new Map())
  }

  health(index: number): RuleHealth {
    return this.#health[index] ?? UNKNOWN
  }

  async evaluate(time: Timestamp): Promise<void> {
    for (const [index, rule] of this.rules.entries()) {
      try {
        const { queryOffsetMs, limit, query } = this.#options
        const samples = await rule.evaluate({ time, queryOffsetMs, limit, query })
        await this.#store(index, samples, time - queryOffsetMs)
        this.#health[index] = { health: 'ok', lastError: '', lastEvaluation: time }
      } catch (error) {
        this.#health[index] = { health: 'err', lastError: errorMessage(error), lastEvaluation: time }
      }
    }
  }

  async #store(index: number, samples: readonly VectorSample[], staleTime: Timestamp): Promise<void> {
    const appender = this.#options.storage.appender()
    const before = this.#series[index] as Map<string, Labels>
    const now = new Map<string, Labels>()
    for (const { labels, t, v, h } of samples) {
      const ref = appender.series(labels)
      const status = h === undefined ? appender.append(ref, t, v) : appender.appendHistogram(ref, t, h)
      if (status === AppendStatus.ok) now.set(labels.key(), labels)
    }
    appender.takesLate = false
    for (const [key, labels] of before) {
      if (!now.has(key)) appender.append(appender.series(labels), staleTime, STALE_MARKER)
    }
    await appender.commit()
    this.#series[index] = now
  }
}
