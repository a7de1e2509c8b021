import { fingerprint, isResolved } from '../model/alert.ts'
import { keyOfPairs, type Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import type { InhibitRule } from './alertmanager-config.ts'
import type { AlertStore, KeptAlert } from './alerts/alert-store.ts'
import { matchesAll } from './label-matcher.ts'

/** The alerts of a rule's source side by the values of its equal labels, then by all labels. */
type Sources = Map<string, Map<string, KeptAlert>>

/**
 * Which alerts are inhibited, and by which. An alert that matches both sides of a rule is not inhibited by others that do, itself among
 * them. Source: Alertmanager docs/configuration.md, inhibit_rule; inhibit/inhibit.go.
 */
export class Inhibitor {
  readonly #rules: readonly { readonly rule: InhibitRule; readonly sources: Sources }[]
  readonly #subscription: { cancel(): void }

  constructor(rules: readonly InhibitRule[], alerts: AlertStore) {
    this.#rules = rules.map((rule) => ({ rule, sources: new Map() }))
    this.#subscription = alerts.subscribe('inhibitor', { take: (alert) => this.#note(alert), goOn: () => {} })
  }

  /** The fingerprint of an alert that inhibits those with these labels; undefined: none does. */
  inhibitedBy(labels: Labels, now: Timestamp): string | undefined {
    for (const { rule, sources } of this.#rules) {
      if (!matchesAll(rule.targetMatchers, labels)) continue
      const found = sources.get(equalKey(rule, labels))
      if (found === undefined) continue
      const isTwoSided = matchesAll(rule.sourceMatchers, labels)
      for (const alert of found.values()) {
        if (isResolved(alert, now)) continue
        if (isTwoSided && matchesAll(rule.targetMatchers, alert.labels)) continue
        return fingerprint(alert.labels)
      }
    }
    return undefined
  }

  /** Forgets alerts that are over. */
  collect(now: Timestamp): void {
    for (const { sources } of this.#rules) {
      for (const [key, alerts] of sources) {
        for (const [labels, alert] of alerts) {
          if (!isResolved(alert, now)) continue
          alerts.delete(labels)
          alert.isLetGo = true
        }
        if (alerts.size === 0) sources.delete(key)
      }
    }
  }

  close(): void {
    this.#subscription.cancel()
  }

  #note(alert: KeptAlert): void {
    // By index: for each alert that comes.
    for (let i = 0; i < this.#rules.length; i++) {
      const { rule, sources } = this.#rules[i]
      if (!matchesAll(rule.sourceMatchers, alert.labels)) continue
      const key = equalKey(rule, alert.labels)
      const alerts = sources.get(key)
      if (alerts === undefined) sources.set(key, new Map([[alert.key, alert]]))
      else alerts.set(alert.key, alert)
    }
  }
}

/** A label that is absent is equal to one that is absent. */
function equalKey({ equal }: InhibitRule, labels: Labels): string {
  return keyOfPairs(equal.map((name) => labels.get(name)))
}
