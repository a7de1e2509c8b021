import { errorMessage } from '../base/errors.ts'
import { Labels as LabelSet, type Labels, LabelsBuilder, METRIC_NAME } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import type { VectorSample } from '../promql/value.ts'
import type { EvaluatedRule, RuleEvaluation } from './evaluated-rule.ts'
import type { RuleDefinition } from './rule-definition.ts'
import { RuleTemplate, RuleTemplateContext } from './rule-template.ts'

// An alerting rule and the alerts it keeps. Source: Prometheus rules/alerting.go, Eval; docs/configuration/alerting_rules.md.
// 1. An alert is known by its labels; a new sample of the same labels gives it a new value and new annotations, nothing else.
// 2. An alert that no sample speaks for any more is dropped while pending, and kept for RESOLVED_RETENTION_MS after it fired, so
//    that its end can still be told.

export type AlertState = 'inactive' | 'pending' | 'firing'

/** An alert of a rule. Times are Unix ms; 0: not yet. */
export interface ActiveAlert {
  state: AlertState
  readonly labels: Labels
  annotations: Labels
  value: number
  activeAt: Timestamp
  firedAt: Timestamp
  resolvedAt: Timestamp
  keepFiringSince: Timestamp
  lastSentAt: Timestamp
}

export const ALERTS_METRIC = 'ALERTS'
export const ALERTS_FOR_STATE_METRIC = 'ALERTS_FOR_STATE'

const RESOLVED_RETENTION_MS = 15 * 60_000

export interface AlertingRuleOptions {
  readonly externalLabels: Labels
  readonly externalUrl: string
  /** Whether what was before a restart is known; until then the alerts' samples are not stored. */
  readonly isRestored: boolean
  /** Told when a template fails: the alert goes on with the error as its text. */
  readonly onTemplateError?: (alert: string, error: string) => void
}

export class AlertingRule implements EvaluatedRule {
  readonly definition: RuleDefinition
  readonly #options: AlertingRuleOptions
  readonly #labels: readonly (readonly [string, RuleTemplate])[]
  readonly #annotations: readonly (readonly [string, RuleTemplate])[]
  readonly #active = new Map<string, ActiveAlert>()
  #isRestored: boolean

  constructor(definition: RuleDefinition, options: AlertingRuleOptions) {
    this.definition = definition
    this.#options = options
    this.#isRestored = options.isRestored
    const templates = (texts: Readonly<Record<string, string>>) =>
      Object.entries(texts).map(([name, text]) => [name, new RuleTemplate(definition.name, text)] as const)
    this.#labels = templates(definition.labels)
    this.#annotations = templates(definition.annotations)
  }

  /** Pending and firing ones, in the order in which they came. */
  activeAlerts(): readonly ActiveAlert[] {
    return [...this.#active.values()].filter(({ resolvedAt }) => resolvedAt === 0)
  }

  get isRestored(): boolean {
    return this.#isRestored
  }

  /** From now on its samples are stored. */
  restored(): void {
    this.#isRestored = true
  }

  /** Goes on where the same rule of the configuration before has been. */
  takeOver(from: AlertingRule): void {
    this.#isRestored = from.#isRestored
    for (const [key, alert] of from.#active) this.#active.set(key, { ...alert })
  }

  /** Alerts whose news are due: firing ones at least every `resendDelayMs`, ended ones once more. Marks them as told. */
  takeAlertsToSend(time: Timestamp, resendDelayMs: number): readonly ActiveAlert[] {
    const due = [...this.#active.values()].filter(
      ({ state, resolvedAt, lastSentAt }) =>
        state !== 'pending' && (resolvedAt > lastSentAt || lastSentAt + resendDelayMs < time || lastSentAt === 0),
    )
    for (const alert of due) alert.lastSentAt = time
    return due.map((alert) => ({ ...alert }))
  }

  async evaluate({ time, queryOffsetMs, limit, query, confirm, breather }: RuleEvaluation): Promise<readonly VectorSample[]> {
    const { expr } = this.definition
    const queryTime = time - queryOffsetMs
    const vector = await query(expr, queryTime)
    const context = new RuleTemplateContext({ ...this.#options, timeMs: time, query: (text: string) => query(text, queryTime) })
    const found = new Map<string, ActiveAlert>()
    for (const sample of vector) {
      if (breather.isDue()) await breather.rest()
      const alert = await this.#alertOf(sample, time, context)
      const key = alert.labels.key()
      if (found.has(key)) throw new Error('vector contains metrics with the same labelset after applying alert labels')
      found.set(key, alert)
    }
    confirm()
    this.#take(found)
    const samples: VectorSample[] = []
    let activeCount = 0
    for (const [key, alert] of this.#active) {
      if (breather.isDue()) await breather.rest()
      if (alert.activeAt > time || alert.lastSentAt > time) pullBack(alert, time)
      if (!found.has(key) && !this.#keep(key, alert, time)) continue
      if (found.has(key)) alert.keepFiringSince = 0
      activeCount++
      if (alert.state === 'pending' && time - alert.activeAt >= this.definition.forMs) {
        alert.state = 'firing'
        alert.firedAt = time
      }
      if (this.#isRestored) samples.push(stateSample(alert, queryTime), forStateSample(alert, queryTime))
    }
    if (limit > 0 && activeCount > limit) {
      this.#active.clear()
      throw new Error(`exceeded limit of ${limit} with ${activeCount} alerts`)
    }
    return samples
  }

  async #alertOf(sample: VectorSample, time: Timestamp, context: RuleTemplateContext): Promise<ActiveAlert> {
    const { name } = this.definition
    const own = { labels: sample.labels, value: sample.v }
    const expand = async (template: RuleTemplate): Promise<string> => {
      try {
        return await template.expand(own, context)
      } catch (error) {
        const message = errorMessage(error)
        this.#options.onTemplateError?.(name, message)
        return `<error expanding template: ${message}>`
      }
    }
    const labels = new LabelsBuilder(sample.labels).delete(METRIC_NAME)
    for (const [label, template] of this.#labels) labels.set(label, await expand(template))
    labels.set('alertname', name)
    const annotations: [string, string][] = []
    for (const [annotation, template] of this.#annotations) annotations.push([annotation, await expand(template)])
    return {
      state: 'pending',
      labels: labels.labels(),
      annotations: LabelSet.of(annotations),
      value: sample.v,
      activeAt: time,
      firedAt: 0,
      resolvedAt: 0,
      keepFiringSince: 0,
      lastSentAt: 0,
    }
  }

  #take(found: ReadonlyMap<string, ActiveAlert>): void {
    for (const [key, alert] of found) {
      const known = this.#active.get(key)
      if (known !== undefined && known.state !== 'inactive') {
        known.value = alert.value
        known.annotations = alert.annotations
      } else this.#active.set(key, alert)
    }
  }

  /** Whether an alert that no sample speaks for goes on firing. */
  #keep(key: string, alert: ActiveAlert, time: Timestamp): boolean {
    let isKeptFiring = false
    if (alert.state === 'firing' && this.definition.keepFiringForMs > 0) {
      if (alert.keepFiringSince === 0) alert.keepFiringSince = time
      isKeptFiring = time - alert.keepFiringSince < this.definition.keepFiringForMs
    }
    const isOld = alert.resolvedAt !== 0 && time - alert.resolvedAt > RESOLVED_RETENTION_MS
    if (alert.state === 'pending' || isOld) this.#active.delete(key)
    if (alert.state !== 'inactive' && !isKeptFiring) {
      alert.state = 'inactive'
      alert.resolvedAt = time
    }
    return isKeptFiring
  }
}

/**
 * A clock that was set back has left an alert ahead of it: until the time came there again it would wait, go on being kept, and not be
 * told.
 */
function pullBack(alert: ActiveAlert, time: Timestamp): void {
  for (const field of ['activeAt', 'firedAt', 'resolvedAt', 'keepFiringSince'] as const) alert[field] = Math.min(alert[field], time)
  alert.lastSentAt = 0
}

function stateSample({ labels, state }: ActiveAlert, t: Timestamp): VectorSample {
  return { labels: labels.with({ [METRIC_NAME]: ALERTS_METRIC, alertstate: state }), t, v: 1 }
}

/** Since when the alert is active, in seconds: what a restart goes by. */
function forStateSample({ labels, activeAt }: ActiveAlert, t: Timestamp): VectorSample {
  return { labels: labels.with({ [METRIC_NAME]: ALERTS_FOR_STATE_METRIC }), t, v: Math.floor(activeAt / 1000) }
}
