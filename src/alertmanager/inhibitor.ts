import { type Alert, fingerprint, isResolved } from '../model/alert.ts'
import { keyOfPairs, type Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import type { AlertStore } from './alerts/alert-store.ts'
import { type LabelMatcher, matchesAll } from './label-matcher.ts'

/** Alerts that match the targets are muted while, for each source, another alert fires that matches it and has the same values of `equal`. */
export interface InhibitRule {
  readonly name: string
  readonly sources: readonly InhibitSource[]
  readonly targetMatchers: readonly LabelMatcher[]
}

export interface InhibitSource {
  readonly matchers: readonly LabelMatcher[]
  readonly equal: readonly string[]
}

/** The alerts of one source of a rule, by the values of its equal labels, then by all labels. */
interface Sources {
  readonly source: InhibitSource
  readonly alerts: Map<string, Map<string, Alert>>
}

/**
 * Which alerts are inhibited, and by which. An alert that matches both sides of a rule is not inhibited by others that do, itself among
 * them. Source: Alertmanager docs/configuration.md, inhibit_rule; inhibit/inhibit.go.
 */
export class Inhibitor {
  readonly #rules: readonly { readonly targetMatchers: readonly LabelMatcher[]; readonly sources: readonly Sources[] }[]
  readonly #subscription: { cancel(): void }

  constructor(rules: readonly InhibitRule[], alerts: AlertStore) {
    this.#rules = rules.map(({ targetMatchers, sources }) => ({
      targetMatchers,
      sources: sources.map((source) => ({ source, alerts: new Map() })),
    }))
    this.#subscription = alerts.subscribe('inhibitor', (alert) => this.#note(alert))
  }

  /** Fingerprints of the alerts that inhibit those with these labels, one for each source of the rule; empty: none do. */
  inhibitedBy(labels: Labels, now: Timestamp): readonly string[] {
    for (const { targetMatchers, sources } of this.#rules) {
      if (sources.length === 0 || !matchesAll(targetMatchers, labels)) continue
      const found: string[] = []
      for (const each of sources) {
        const alert = firingSource(each, targetMatchers, labels, now)
        if (alert === undefined) break
        found.push(fingerprint(alert.labels))
      }
      if (found.length === sources.length) return [...new Set(found)]
    }
    return []
  }

  /** Forgets alerts that are over. */
  collect(now: Timestamp): void {
    for (const { sources } of this.#rules) {
      for (const each of sources) {
        for (const [key, alerts] of each.alerts) {
          for (const [labels, alert] of alerts) if (isResolved(alert, now)) alerts.delete(labels)
          if (alerts.size === 0) each.alerts.delete(key)
        }
      }
    }
  }

  close(): void {
    this.#subscription.cancel()
  }

  #note(alert: Alert): void {
    for (const { sources } of this.#rules) {
      for (const { source, alerts } of sources) {
        if (!matchesAll(source.matchers, alert.labels)) continue
        const key = equalKey(source, alert.labels)
        const equals = alerts.get(key)
        if (equals === undefined) alerts.set(key, new Map([[alert.labels.key(), alert]]))
        else equals.set(alert.labels.key(), alert)
      }
    }
  }
}

function firingSource(
  { source, alerts }: Sources,
  targetMatchers: readonly LabelMatcher[],
  labels: Labels,
  now: Timestamp,
): Alert | undefined {
  const equals = alerts.get(equalKey(source, labels))
  if (equals === undefined) return undefined
  const isTwoSided = matchesAll(source.matchers, labels)
  for (const alert of equals.values()) {
    if (isResolved(alert, now)) continue
    if (isTwoSided && matchesAll(targetMatchers, alert.labels)) continue
    return alert
  }
  return undefined
}

/** A label that is absent is equal to one that is absent. */
function equalKey({ equal }: InhibitSource, labels: Labels): string {
  return keyOfPairs(equal.map((name) => labels.get(name)))
}
