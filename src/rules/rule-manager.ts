import { Breather } from '../base/breather.ts'
import { type Env, sleep } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Service } from '../base/service.ts'
import { untilAborted } from '../base/service.ts'
import type { PostableAlert } from '../model/alert.ts'
import { labelHash } from '../model/label-hash.ts'
import { compareStrings, Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import { QUERY_FEATURES } from '../promql/parser/features.ts'
import { parseExpr } from '../promql/parser/parse.ts'
import { printExpr } from '../promql/parser/print.ts'
import type { Appendable } from '../storage/appender.ts'
import type { SeriesSource } from '../storage/series-source.ts'
import { AlertingRule } from './alerting-rule.ts'
import type { EvaluatedRule } from './evaluated-rule.ts'
import { postableAlert } from './postable-alert.ts'
import { RecordingRule } from './recording-rule.ts'
import { type RestoreOptions, restoreAlerts } from './restore-alerts.ts'
import type { CoverageRequirement } from './rule-coverage.ts'
import type { GroupDefinition } from './rule-definition.ts'
import { type EvaluationSlot, RuleGroup, type RuleOutcome } from './rule-group.ts'
import { ruleMetrics } from './rule-metrics.ts'
import type { RuleQuery } from './rule-query.ts'

/** What the configuration says of rules. */
export interface RuleSettings {
  readonly groups: readonly GroupDefinition[]
  readonly evaluationIntervalMs: number
  readonly queryOffsetMs: number
  readonly externalLabels: Labels
  /** Which rules rely on seeing all that there is. */
  readonly requiresAll: CoverageRequirement
}

/** A group as the API shows it. */
export interface GroupView {
  readonly definition: GroupDefinition
  readonly intervalMs: number
  readonly group: RuleGroup
  readonly lastEvaluation: Timestamp
  readonly durationMs: number
}

export interface RuleManagerOptions extends RestoreOptions {
  readonly env: Env
  readonly storage: Appendable
  /** Where the state of alerts before a restart is. */
  readonly source: SeriesSource
  readonly query: RuleQuery
  readonly externalUrl: string
  readonly resendDelayMs: number
  /** Rules that may be evaluated beside others of their groups, over all groups; 0: those of a group follow one another. */
  readonly concurrentMax: number
  /** Takes alerts that are due; does not wait for their delivery. */
  readonly send: (alerts: readonly PostableAlert[]) => void
}

interface RunningGroup {
  readonly definition: GroupDefinition
  readonly intervalMs: number
  /** All that it depends on: a group that has the same goes on. */
  readonly key: string
  readonly group: RuleGroup
  readonly stop: AbortController
  /** Whether its alerts have yet to take up what was before a restart. */
  isRestoring: boolean
  lastEvaluation: Timestamp
  durationMs: number
  done: Promise<void>
}

interface GoneGroup {
  readonly running: RunningGroup
  readonly timer: { cancel(): void }
}

/** Some ms of work for the notifier. */
const SENT_TOGETHER_MAX = 1000

/**
 * Evaluations after a start whose new alerts take up since when they have been active: by the first one hardly a target has been scraped,
 * and what is not active then would be forgotten.
 */
const RESTORING_EVALUATIONS = 2

/**
 * Evaluates groups of rules, each at its interval, at times that follow from its name, so that two servers evaluate at the same
 * ones. Groups run beside each other, the rules of one after the other. Source: Prometheus rules/manager.go, rules/group.go.
 */
export class RuleManager implements Service {
  readonly name = 'rules'
  readonly #options: RuleManagerOptions
  readonly #metrics
  #settings: RuleSettings = {
    groups: [],
    evaluationIntervalMs: 60_000,
    queryOffsetMs: 0,
    externalLabels: Labels.empty,
    requiresAll: () => false,
  }
  #groups = new Map<string, RunningGroup>()
  /** Groups that are configured no more and may come back. */
  readonly #gone = new Map<string, GoneGroup>()
  #isRunning = false
  #starting: Promise<void> = Promise.resolve()
  /** Rules that are evaluated beside others now. */
  #slotsTaken = 0
  /** After the first configuration has been started nothing is restored any more. */
  #isRestored = false

  constructor(options: RuleManagerOptions) {
    this.#options = options
    this.#metrics = ruleMetrics(options.env.metrics)
  }

  /** By file, then by name. */
  groups(): readonly GroupView[] {
    return [...this.#groups.values()].sort(
      (a, b) => compareStrings(a.definition.file, b.definition.file) || compareStrings(a.definition.name, b.definition.name),
    )
  }

  async apply(settings: RuleSettings): Promise<void> {
    this.#settings = settings
    if (!this.#isRunning) return
    this.#starting = this.#start()
    await this.#starting
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    this.#isRunning = true
    this.#starting = this.#start()
    await this.#starting
    ready()
    await untilAborted(signal)
    this.#isRunning = false
    // A reload may be at it.
    await this.#starting
    for (const { timer } of this.#gone.values()) timer.cancel()
    for (const { stop } of this.#groups.values()) stop.abort()
    await Promise.all([...this.#groups.values()].map(({ done }) => done))
  }

  async #start(): Promise<void> {
    const before = this.#groups
    const groups = new Map<string, RunningGroup>()
    for (const definition of this.#settings.groups) {
      const id = `${definition.file};${definition.name}`
      const old = before.get(id)
      const next = this.#groupOf(definition)
      groups.set(id, old?.key === next.key ? old : next)
    }
    this.#isRestored = true
    this.#groups = groups
    await Promise.all(
      [...before].map(async ([id, old]) => {
        const next = groups.get(id)
        if (next === old) return
        old.stop.abort()
        await old.done
        if (next === undefined) this.#forget(id, old)
        else takeOver(next, old)
      }),
    )
    for (const [id, next] of groups) {
      const gone = this.#gone.get(id)
      if (gone === undefined) continue
      gone.timer.cancel()
      this.#gone.delete(id)
      takeOver(next, gone.running)
    }
    if (!this.#isRunning) return
    for (const [id, group] of groups) if (before.get(id) !== group) group.done = this.#runGroup(id, group)
  }

  #groupOf(definition: GroupDefinition): RunningGroup {
    const { env, storage, query, externalUrl } = this.#options
    const { externalLabels, evaluationIntervalMs } = this.#settings
    const id = `${definition.file};${definition.name}`
    const intervalMs = definition.intervalMs ?? evaluationIntervalMs
    const queryOffsetMs = definition.queryOffsetMs ?? this.#settings.queryOffsetMs
    const alerting = {
      externalLabels,
      externalUrl,
      isRestored: this.#isRestored,
      onTemplateError: (alert: string, error: string) => env.log.warn('expanding alert template failed', { alert, error }),
    }
    const requiring = new Set(
      definition.rules.filter(({ name }) => this.#settings.requiresAll({ file: definition.file, group: definition.name, rule: name })),
    )
    const group = new RuleGroup({
      rules: definition.rules.map((rule) => (rule.kind === 'alerting' ? new AlertingRule(rule, alerting) : new RecordingRule(rule))),
      queryOffsetMs,
      limit: definition.limit,
      query,
      storage,
      clock: env.clock,
      onAlerts: (rule, time) => this.#send(rule, intervalMs, time),
      requiresAll: (rule) => requiring.has(rule.definition),
      takeSlot: this.#options.concurrentMax > 0 ? () => this.#takeSlot() : undefined,
      onEvaluated: (rule, outcome) => this.#evaluated(id, rule, outcome),
      onRefused: ({ definition: { name } }, count, reason) =>
        env.log.warn('samples of a rule are refused', { group: id, rule: name, count, reason }),
    })
    return {
      definition,
      intervalMs,
      key: JSON.stringify([
        definition,
        intervalMs,
        queryOffsetMs,
        externalLabels.pairs,
        definition.rules.map((rule) => requiring.has(rule)),
      ]),
      group,
      stop: new AbortController(),
      isRestoring: !this.#isRestored,
      lastEvaluation: 0,
      durationMs: 0,
      done: Promise.resolve(),
    }
  }

  #takeSlot(): EvaluationSlot | undefined {
    if (this.#slotsTaken >= this.#options.concurrentMax) return undefined
    this.#slotsTaken++
    return { free: () => void this.#slotsTaken-- }
  }

  #evaluated(id: string, { definition: { name } }: EvaluatedRule, { durationMs, error, isUnknown, missing }: RuleOutcome): void {
    const { log } = this.#options.env
    const labels = { rule_group: id }
    this.#metrics.evaluations.inc(labels)
    this.#metrics.evaluationSeconds.observe(durationMs / 1000)
    if (isUnknown) this.#metrics.unknown.inc(labels)
    if (missing.length > 0) {
      this.#metrics.incomplete.inc(labels)
      log.warn('rule does not see all that there is', { group: id, rule: name, missing: missing.join('; '), held: isUnknown })
    }
    if (error === undefined) return
    this.#metrics.failures.inc(labels)
    // At a stop queries are cut off: that is nothing to be told of.
    if (!error.startsWith('query was canceled')) log.warn('evaluating rule failed', { group: id, rule: name, error })
  }

  async #runGroup(id: string, running: RunningGroup): Promise<void> {
    const { clock, log } = this.#options.env
    const { intervalMs, stop, definition } = running
    const labels = { rule_group: id }
    const { evaluations, failures, iterations, missed, incomplete, unknown } = this.#metrics
    for (const metric of [evaluations, failures, iterations, missed, incomplete, unknown]) metric.inc(labels, 0)
    const { lastEvaluation, lastDuration, lastRulesDuration, lastSamples } = this.#metrics
    for (const metric of [lastEvaluation, lastDuration, lastRulesDuration, lastSamples]) metric.inc(labels, 0)
    this.#metrics.interval.set(labels, intervalMs / 1000)
    this.#metrics.rules.set(labels, definition.rules.length)
    let time = slotBefore(clock.now(), running) + intervalMs
    let evaluationCount = 0
    while (!stop.signal.aborted) {
      const waitMs = time - clock.now()
      // The clock was set back: nothing would be evaluated until it came to the old time again.
      if (waitMs > intervalMs) time = slotBefore(clock.now(), running) + intervalMs
      if (waitMs > 0) {
        await sleep(clock, Math.min(waitMs, intervalMs), stop.signal)
        continue
      }
      try {
        await this.#evaluate(id, running, time)
        if (running.isRestoring && !stop.signal.aborted) {
          running.isRestoring = ++evaluationCount < RESTORING_EVALUATIONS
          await this.#restore(id, running, time)
        }
      } catch (error) {
        // What goes wrong once does not end a group for good.
        log.error('evaluating group of rules failed', { group: id, error: errorMessage(error) })
      }
      const missedCount = Math.max(0, Math.floor((clock.now() - time) / intervalMs) - 1)
      missed.inc(labels, missedCount)
      this.#metrics.iterations.inc(labels, missedCount)
      time += (missedCount + 1) * intervalMs
    }
  }

  async #evaluate(id: string, running: RunningGroup, time: Timestamp): Promise<void> {
    const { clock } = this.#options.env
    const labels = { rule_group: id }
    const begun = clock.monotonic()
    running.lastEvaluation = clock.now()
    this.#metrics.iterations.inc(labels)
    const { samples, rulesMs } = await running.group.evaluate(time, running.stop.signal)
    running.durationMs = clock.monotonic() - begun
    this.#metrics.groupSeconds.observe(running.durationMs / 1000)
    this.#metrics.lastDuration.set(labels, running.durationMs / 1000)
    this.#metrics.lastRulesDuration.set(labels, rulesMs / 1000)
    this.#metrics.lastEvaluation.set(labels, running.lastEvaluation / 1000)
    this.#metrics.lastSamples.set(labels, samples)
  }

  /** Tells of what is due of a rule that has been evaluated. */
  async #send(rule: AlertingRule, intervalMs: number, time: Timestamp): Promise<void> {
    const { env, resendDelayMs, externalUrl, send } = this.#options
    const due = rule.takeAlertsToSend(time, resendDelayMs)
    if (due.length === 0) return
    const context = {
      expr: printExpr(parseExpr(rule.definition.expr, { features: QUERY_FEATURES })),
      externalUrl,
      validUntil: time + 4 * Math.max(intervalMs, resendDelayMs),
    }
    const breather = new Breather(env.clock)
    for (let first = 0; first < due.length; first += SENT_TOGETHER_MAX) {
      if (breather.isDue()) await breather.rest()
      send(due.slice(first, first + SENT_TOGETHER_MAX).map((alert) => postableAlert(alert, context)))
    }
  }

  /** A state that cannot be restored is not waited for: the alert counts from now. */
  async #restore(id: string, running: RunningGroup, time: Timestamp): Promise<void> {
    const { env, source, ...options } = this.#options
    const { group, definition } = running
    const begun = env.clock.monotonic()
    for (const rule of group.rules) {
      if (!(rule instanceof AlertingRule) || rule.isRestored) continue
      try {
        await restoreAlerts(rule, time, source, options)
      } catch (error) {
        env.log.error('restoring alerts failed', { group: definition.name, rule: rule.definition.name, error: errorMessage(error) })
      }
      if (!running.isRestoring) rule.restored()
    }
    this.#metrics.lastRestore.set({ rule_group: id }, (env.clock.monotonic() - begun) / 1000)
  }

  /** Series of a group that is no more end after two intervals, in which it may have come back. */
  #forget(id: string, running: RunningGroup): void {
    const { clock, log } = this.#options.env
    const { evaluationSeconds, groupSeconds, ...byGroup } = this.#metrics
    for (const metric of Object.values(byGroup)) metric.remove({ rule_group: id })
    const timer = clock.setTimer(2 * running.intervalMs, () => {
      this.#gone.delete(id)
      running.group
        .endSeries(clock.now())
        .catch((error: unknown) => log.warn('ending series of rules failed', { group: id, error: errorMessage(error) }))
    })
    this.#gone.set(id, { running, timer })
  }
}

/** Has a group go on where the same one of the configuration before has been. */
function takeOver(next: RunningGroup, old: RunningGroup): void {
  next.group.takeOver(old.group)
  next.lastEvaluation = old.lastEvaluation
  next.durationMs = old.durationMs
  next.isRestoring = old.isRestoring
}

/** The newest time at or before `now` at which a group is evaluated. Source: Prometheus rules/group.go, EvalTimestamp. */
function slotBefore(
  now: Timestamp,
  { definition: { file, name }, intervalMs }: Pick<RunningGroup, 'definition' | 'intervalMs'>,
): Timestamp {
  const intervalNs = BigInt(intervalMs) * 1_000_000n
  const hash = labelHash(Labels.of({ name, file }))
  const offsetMs = Number((hash % intervalNs) / 1_000_000n)
  const shifted = now - offsetMs
  return shifted - (shifted % intervalMs) + offsetMs
}
