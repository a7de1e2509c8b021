import type { Route } from './dispatch/route.ts'
import type { GlobalConfig } from './global-config.ts'
import type { LabelMatcher } from './label-matcher.ts'
import type { TimeInterval } from './time-interval.ts'

// An alertmanager.yml as the parts of the program see it: everything filled in, paths complete.

export interface AlertmanagerConfig {
  readonly global: GlobalConfig
  readonly route: Route
  readonly inhibitRules: readonly InhibitRule[]
  readonly receivers: readonly ReceiverConfig[]
  /** By name; a time is in one where any of its parts has it. */
  readonly timeIntervals: ReadonlyMap<string, readonly TimeInterval[]>
  /** Globs of files. */
  readonly templates: readonly string[]
}

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

export interface ReceiverConfig {
  readonly name: string
  /** In the order of upstream's list of kinds, then in that of the file. Empty: alerts end here. */
  readonly entries: readonly ReceiverEntry[]
}

export interface ReceiverEntry {
  /** `webhook`, `email` … */
  readonly kind: string
  /** Its place among the receiver's entries of its kind, from 0. */
  readonly index: number
  /** What the kind makes of it, with the global settings applied. */
  readonly config: unknown
}
