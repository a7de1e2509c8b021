import { Breather } from '../base/breather.ts'
import type { Clock } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Labels } from '../model/labels.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import type { VectorSample } from '../promql/value.ts'
import { type Appendable, AppendStatus } from '../storage/appender.ts'
import { AlertingRule } from './alerting-rule.ts'
import type { EvaluatedRule } from './evaluated-rule.ts'
import { independentBatches } from './rule-dependencies.ts'
import type { RuleQuery } from './rule-query.ts'

/** How a rule is. */
export interface RuleHealth {
  /** `unknown`: not evaluated yet, or over less than it requires. */
  readonly health: 'unknown' | 'ok' | 'err'
  /** Empty: the last evaluation went well. */
  readonly lastError: string
  readonly lastEvaluation: Timestamp
  /** How long that took. */
  readonly durationMs: number
  /** What was not to be had of what it reads, for people. */
  readonly missing: readonly string[]
}

/** What an evaluation of a whole group did. */
export interface GroupOutcome {
  readonly samples: number
  /** How long its rules took, added up: more than the group took where they ran at once. */
  readonly rulesMs: number
}

/** What an evaluation of a rule came to. */
export interface RuleOutcome {
  readonly durationMs: number
  /** undefined: it did not fail. */
  readonly error: string | undefined
  /** It requires more than there was: nothing is known. */
  readonly isUnknown: boolean
  /** See RuleHealth. */
  readonly missing: readonly string[]
}

/** The right to evaluate a rule beside others, until it is given back. */
export interface EvaluationSlot {
  free(): void
}

export interface RuleGroupOptions {
  readonly rules: readonly EvaluatedRule[]
  readonly queryOffsetMs: number
  readonly limit: number
  readonly query: RuleQuery
  readonly storage: Appendable
  readonly clock: Clock
  /** Whether a rule gives nothing where an answer may lack something. Default: none does. */
  readonly requiresAll?: (rule: EvaluatedRule) => boolean
  /** Takes a slot for evaluating a rule beside another one of its group; undefined: there is none now. Default: one rule at a time. */
  readonly takeSlot?: () => EvaluationSlot | undefined
  /** Told of every alerting rule whose alerts are those of a time, before its samples are stored. */
  readonly onAlerts?: (rule: AlertingRule, time: Timestamp) => Promise<void>
  /** Told of every rule that has been evaluated. */
  readonly onEvaluated?: (rule: EvaluatedRule, outcome: RuleOutcome) => void
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

/** What one appender takes: some ms of work. */
const BATCH_SAMPLES_MAX = 1000

const UNKNOWN: RuleHealth = { health: 'unknown', lastError: '', lastEvaluation: 0, durationMs: 0, missing: [] }

/** What a rule reads is not all there, and it requires that. */
class LackingCoverage extends Error {}

/**
 * Rules that are evaluated one after the other, each over what those before it have stored; where slots are given, those that do not see
 * what the others store at once.
 * Source: Prometheus rules/group.go, Eval.
 */
export class RuleGroup {
  readonly rules: readonly EvaluatedRule[]
  readonly #options: RuleGroupOptions
  readonly #batches: readonly (readonly number[])[]
  readonly #health: RuleHealth[]
  /** Series that each rule stored last time: those that are gone end with a staleness marker. */
  readonly #series: Map<string, Labels>[]
  /** Of rules that are no more. */
  #orphans: readonly Labels[] = []

  constructor(options: RuleGroupOptions) {
    this.rules = options.rules
    this.#options = options
    const alone = options.rules.map((_, index) => [index])
    this.#batches = options.takeSlot === undefined ? alone : independentBatches(options.rules.map(({ definition }) => definition))
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

  /** An abort leaves out the rules that have not begun. */
  async evaluate(time: Timestamp, signal?: AbortSignal): Promise<GroupOutcome> {
    const { queryOffsetMs, takeSlot } = this.#options
    const total = { samples: 0, rulesMs: 0 }
    const evaluateOne = async (index: number) => {
      if (signal?.aborted) return
      const { samples, rulesMs } = await this.#evaluateRule(index, time)
      total.samples += samples
      total.rulesMs += rulesMs
    }
    for (const batch of this.#batches) {
      const beside: Promise<void>[] = []
      for (const [position, index] of batch.entries()) {
        // The last one has nothing left to run beside.
        const slot = position < batch.length - 1 ? takeSlot?.() : undefined
        if (slot === undefined) await evaluateOne(index)
        else beside.push(evaluateOne(index).finally(() => slot.free()))
      }
      await Promise.all(beside)
    }
    if (this.#orphans.length > 0 && !signal?.aborted) {
      try {
        await this.#end(this.#orphans, time - queryOffsetMs)
        this.#orphans = []
      } catch {
        // The log is not written; they end with an evaluation that finds it well.
      }
    }
    return total
  }

  /** Never rejects. */
  async #evaluateRule(index: number, time: Timestamp): Promise<GroupOutcome> {
    const { queryOffsetMs, limit, query, clock, requiresAll, onAlerts, onEvaluated, onRefused } = this.#options
    const rule = this.rules[index]
    const begun = clock.monotonic()
    const lastEvaluation = clock.now()
    const refused: Refused = { count: 0, reason: '' }
    const found = new Set<string>()
    let error: string | undefined
    let isUnknown = false
    let count = 0
    const breather = new Breather(clock)
    try {
      const samples = await rule.evaluate({
        time,
        queryOffsetMs,
        limit,
        breather,
        query: (expr, at) => query(expr, at, (what) => found.add(what)),
        confirm: () => {
          if (found.size > 0 && requiresAll?.(rule)) throw new LackingCoverage([...found].join('; '))
        },
      })
      if (rule instanceof AlertingRule) await onAlerts?.(rule, time)
      await this.#store(index, samples, time - queryOffsetMs, { refused, breather })
      count = samples.length
    } catch (cause) {
      error = errorMessage(cause)
      isUnknown = cause instanceof LackingCoverage
      // Its alerts are held, and what holds is told again before it ends by itself; no answer at all lacks most.
      if (requiresAll?.(rule) && rule instanceof AlertingRule) await onAlerts?.(rule, time)
    }
    const durationMs = clock.monotonic() - begun
    const missing = [...found]
    const lastError = error ?? refused.reason
    const health = isUnknown ? 'unknown' : lastError === '' ? 'ok' : 'err'
    this.#health[index] = { health, lastError, lastEvaluation, durationMs, missing }
    onEvaluated?.(rule, { durationMs, error: isUnknown ? undefined : error, isUnknown, missing })
    if (refused.count > 0) onRefused?.(rule, refused.count, refused.reason)
    return { samples: count, rulesMs: durationMs }
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

  /** Many samples come in several batches: others that read see a part of them first, the rules after it do not. */
  async #store(
    index: number,
    samples: readonly VectorSample[],
    staleTime: Timestamp,
    { refused, breather }: { readonly refused: Refused; readonly breather: Breather },
  ): Promise<void> {
    const { storage } = this.#options
    const before = this.#series[index] as Map<string, Labels>
    const now = new Map<string, Labels>()
    let appender = storage.appender()
    let batchCount = 0
    const nextBatch = async () => {
      await appender.commit()
      if (breather.isDue()) await breather.rest()
      appender = storage.appender()
      batchCount = 0
    }
    // Where budgets are full, alerts tell of it; and without their series a restart forgets since when they wait.
    const isNeeded = this.rules[index].definition.kind === 'alerting'
    for (const { labels, t, v, h } of samples) {
      if (batchCount++ === BATCH_SAMPLES_MAX) await nextBatch()
      const ref = appender.series(labels, isNeeded)
      const status = h === undefined ? appender.append(ref, t, v) : appender.appendHistogram(ref, t, h)
      if (status === AppendStatus.ok) now.set(labels.key(), labels)
      else if (refused.count++ === 0) refused.reason = `${REASONS[status] ?? appender.refusal}: ${labels}`
    }
    appender.takesLate = false
    for (const [key, labels] of before) {
      if (now.has(key)) continue
      if (batchCount++ === BATCH_SAMPLES_MAX) {
        await nextBatch()
        appender.takesLate = false
      }
      appender.append(appender.series(labels), staleTime, STALE_MARKER)
    }
    await appender.commit()
    this.#series[index] = now
  }
}

/** The same kind, name and labels: what a rule is known by. */
function isSameRule(a: EvaluatedRule, b: EvaluatedRule): boolean {
  const key = ({ kind, name, labels }: EvaluatedRule['definition']) => JSON.stringify([kind, name, labels])
  return key(a.definition) === key(b.definition)
}
