import type { Clock } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Labels } from '../model/labels.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import type { VectorSample } from '../promql/value.ts'
import { type Appendable, AppendStatus } from '../storage/appender.ts'
import { AlertingRule } from './alerting-rule.ts'
import type { EvaluatedRule } from './evaluated-rule.ts'
import type { RuleQuery } from './rule-query.ts'

/** How a rule is. */
export interface RuleHealth {
  readonly health: 'unknown' | 'ok' | 'err'
  /** Empty: the last evaluation went well. */
  readonly lastError: string
  readonly lastEvaluation: Timestamp
  /** How long that took. */
  readonly durationMs: number
}

/** What an evaluation of a whole group did. */
export interface GroupOutcome {
  readonly failures: number
  readonly samples: number
}

export interface RuleGroupOptions {
  readonly rules: readonly EvaluatedRule[]
  readonly queryOffsetMs: number
  readonly limit: number
  readonly query: RuleQuery
  readonly storage: Appendable
  readonly clock: Clock
  /** Told of every rule that has been evaluated; `error` undefined: it went well. */
  readonly onEvaluated?: (rule: EvaluatedRule, durationMs: number, error: string | undefined) => void
}

const UNKNOWN: RuleHealth = { health: 'unknown', lastError: '', lastEvaluation: 0, durationMs: 0 }

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
  /** Of rules that are no more. */
  #orphans: readonly Labels[] = []

  constructor(options: RuleGroupOptions) {
    this.rules = options.rules
    this.#options = options
    this.#health = options.rules.map(() => UNKNOWN)
    this.#series = options.rules.map(() => new Map())
  }

  health(index: number): RuleHealth {
    return this.#health[index] ?? UNKNOWN
  }

  /** Goes on where the same group of the configuration before has been; what its former rules stored ends with the next evaluation. */
  takeOver(from: RuleGroup): void {
    const taken = new Set<number>()
    for (const [index, rule] of this.rules.entries()) {
      const at = from.rules.findIndex((old, i) => !taken.has(i) && isSameRule(old, rule))
      if (at < 0) continue
      taken.add(at)
      this.#series[index] = from.#series[at] as Map<string, Labels>
      this.#health[index] = from.health(at)
      const old = from.rules[at]
      if (rule instanceof AlertingRule && old instanceof AlertingRule) rule.takeOver(old)
    }
    this.#orphans = from.#series.filter((_, index) => !taken.has(index)).flatMap((series) => [...series.values()])
  }

  async evaluate(time: Timestamp): Promise<GroupOutcome> {
    const { queryOffsetMs, limit, query, clock, onEvaluated } = this.#options
    let failures = 0
    let count = 0
    for (const [index, rule] of this.rules.entries()) {
      const begun = clock.monotonic()
      const lastEvaluation = clock.now()
      let error: string | undefined
      try {
        const samples = await rule.evaluate({ time, queryOffsetMs, limit, query })
        await this.#store(index, samples, time - queryOffsetMs)
        count += samples.length
      } catch (cause) {
        error = errorMessage(cause)
        failures++
      }
      const durationMs = clock.monotonic() - begun
      this.#health[index] = { health: error === undefined ? 'ok' : 'err', lastError: error ?? '', lastEvaluation, durationMs }
      onEvaluated?.(rule, durationMs, error)
    }
    if (this.#orphans.length > 0) {
      await this.#end(this.#orphans, time - queryOffsetMs)
      this.#orphans = []
    }
    return { failures, samples: count }
  }

  /** Ends every series that the group has stored. */
  async endSeries(time: Timestamp): Promise<void> {
    await this.#end(
      this.#series.flatMap((series) => [...series.values()]),
      time,
    )
  }

  async #end(series: readonly Labels[], time: Timestamp): Promise<void> {
    const appender = this.#options.storage.appender()
    appender.takesLate = false
    for (const labels of series) appender.append(appender.series(labels), time, STALE_MARKER)
    await appender.commit()
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

/** The same kind, name and labels: what a rule is known by. */
function isSameRule(a: EvaluatedRule, b: EvaluatedRule): boolean {
  const key = ({ kind, name, labels }: EvaluatedRule['definition']) => JSON.stringify([kind, name, Object.entries(labels).sort()])
  return key(a.definition) === key(b.definition)
}
