import type { Matcher } from '../../model/matcher.ts'

/** A node of the routing tree with all that it inherits. Source: Alertmanager dispatch/route.go. */
export interface Route {
  /** Its place: matchers from the root down, as upstream's Route.Key prints them. Part of the group key. */
  readonly key: string
  /** As upstream's Route.ID: unique, in metrics and group keys of the API. */
  readonly id: string
  readonly receiver: string
  readonly matchers: readonly Matcher[]
  /** Undefined: by all labels (`...`). */
  readonly groupBy: readonly string[] | undefined
  readonly groupWaitMs: number
  readonly groupIntervalMs: number
  readonly repeatIntervalMs: number
  readonly muteTimeIntervals: readonly string[]
  readonly activeTimeIntervals: readonly string[]
  /** Siblings after it are looked at too. */
  readonly continues: boolean
  readonly routes: readonly Route[]
}
