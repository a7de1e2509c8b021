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
  /** Told of every alerting rule whose alerts are those of a time, before its samples are stored. */
  readonly onAlerts?: (rule: AlertingRule, time: Timestamp) => void
  /** Told of every rule that has been evaluated; `error` undefined: it went well. */
  readonly onEvaluated?: (rule: EvaluatedRule, durationMs: number, error: string | undefined) => void
  /** Told of a rule of whose samples some were not taken, and why the first was not. */
  readonly onRefused?: (rule: EvaluatedRule, count: number, reason: string) => void
}

/** Samples that the storage did not take. */
interface Refused {
  count: number
  /** Of the first. */
  reason: string
}

/** Source of the texts: Prometheus storage/interface.go. */
const REASONS: Readonly<Partial<Record<AppendStatus, string>>> = {
  [AppendStatus.unknownSeries]: 'series is gone again before its sample could be stored',
  [AppendStatus.outOfOrder]: 'out of order sample',
  [AppendStatus.duplicateTimestamp]: 'duplicate sample for timestamp',
  [AppendStatus.tooOld]: 'out of bounds',
  [AppendStatus.tooLate]: 'too old sample',
  [AppendStatus.tooFarAhead]: 'out of bounds: timestamp is too far in the future',
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
    const ended = from.#series.filter((_, index) => !taken.has(index)).flatMap((series) => [...series.values()])
    this.#orphans = [...from.#orphans, ...ended]
  }

  async evaluate(time: Timestamp): Promise<GroupOutcome> {
    const { queryOffsetMs, limit, query, clock, onAlerts, onEvaluated, onRefused } = this.#options
    let failures = 0
    let count = 0
    for (const [index, rule] of this.rules.entries()) {
      const begun = clock.monotonic()
      const lastEvaluation = clock.now()
      let error: string | undefined
      const refused: Refused = { count: 0, reason: '' }
      try {
        const samples = await rule.evaluate({ time, queryOffsetMs, limit, query })
        if (rule instanceof AlertingRule) onAlerts?.(rule, time)
        await this.#store(index, samples, time - queryOffsetMs, refused)
        count += samples.length
      } catch (cause) {
        error = errorMessage(cause)
        failures++
      }
      const durationMs = clock.monotonic() - begun
      const lastError = error ?? refused.reason
      this.#health[index] = { health: lastError === '' ? 'ok' : 'err', lastError, lastEvaluation, durationMs }
      onEvaluated?.(rule, durationMs, error)
      if (refused.count > 0) onRefused?.(rule, refused.count, refused.reason)
    }
    if (this.#orphans.length > 0) {
      try {
        await this.#end(this.#orphans, time - queryOffsetMs)
        this.#orphans = []
      } catch {
        // The log is not written; they end with an evaluation that finds it well.
      }
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

  async #store(index: number, samples: readonly VectorSample[], staleTime: Timestamp, refused: Refused): Promise<void> {
    const appender = this.#options.storage.appender()
    const before = this.#series[index] as Map<string, Labels>
    const now = new Map<string, Labels>()
    // Where budgets are full, alerts tell of it; and without their series a restart forgets since when they wait.
    const isNeeded = this.rules[index].definition.kind === 'alerting'
    for (const { labels, t, v, h } of samples) {
      const ref = appender.series(labels, isNeeded)
      const status = h === undefined ? appender.append(ref, t, v) : appender.appendHistogram(ref, t, h)
      if (status === AppendStatus.ok) now.set(labels.key(), labels)
      else if (refused.count++ === 0) refused.reason = `${REASONS[status] ?? appender.refusal}: ${labels}`
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
