import type { Env } from '../base/env.ts'
import type { Labels } from '../model/labels.ts'

/** Targets that were found together. A group replaces the earlier group of the same source; an empty one removes it. */
export interface TargetGroup {
  /** Unique within the discoverer, such as the path of a file. */
  readonly source: string
  /** One label set a target, `__address__` in each. */
  readonly targets: readonly Labels[]
  /** Labels of every target of the group; a target's own win. */
  readonly labels: Labels
}

/**
 * Finds targets until `signal` aborts. Yields groups that are new or changed; a backend that fails keeps
 * what was found before (it yields nothing) and says so in the log.
 */
export interface Discoverer {
  watch(signal: AbortSignal): AsyncIterable<readonly TargetGroup[]>
}

/** A mechanism as configured: how to make its Discoverer, and what makes it the same as before a reload. */
export interface DiscovererConfig {
  /** The mechanism's name, such as `static` or `file`. */
  readonly mechanism: string
  readonly fingerprint: string
  create(env: Env): Discoverer
}
