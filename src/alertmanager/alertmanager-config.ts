import type { Labels } from '../model/labels.ts'
import type { Route } from './dispatch/route.ts'
import type { LabelMatcher } from './label-matcher.ts'
import type { ReceiverGlobals } from './receivers/receiver-globals.ts'
import type { ReceiverSection } from './receivers/registry.ts'
import type { TimeInterval } from './time-interval.ts'

// An alertmanager.yml as the parts of the program see it. Source: Alertmanager config/config.go; docs/configuration.md.

export interface AlertmanagerConfig {
  /** What receivers take from it where they say nothing. */
  readonly global: ReceiverGlobals
  /** An alert whose end was not told is over this long after the last news of it. */
  readonly resolveTimeoutMs: number
  /** The root of the tree. */
  readonly route: Route
  readonly inhibitRules: readonly InhibitRule[]
  /** By name, in the order of the file. */
  readonly receivers: ReadonlyMap<string, ReceiverSection>
  /** Of each receiver, `name` among them: the API chooses among receivers by them. */
  readonly receiverLabels: ReadonlyMap<string, Labels>
  /** By name; a time is in one where any of its parts has it. */
  readonly timeIntervals: ReadonlyMap<string, readonly TimeInterval[]>
  /** Globs of files, complete. */
  readonly templates: readonly string[]
}

/** Alerts on the target side are muted while one on the source side fires that has the same values of `equal`. */
export interface InhibitRule {
  /** Empty: it has none. */
  readonly name: string
  readonly sourceMatchers: readonly LabelMatcher[]
  readonly targetMatchers: readonly LabelMatcher[]
  readonly equal: readonly string[]
}
