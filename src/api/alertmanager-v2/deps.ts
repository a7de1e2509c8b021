import type { Alertmanager } from '../../alertmanager/alertmanager.ts'
import type { MatcherMode } from '../../alertmanager/matchers/matcher-mode.ts'
import type { Env } from '../../base/env.ts'
import type { BuildInfo } from '../../base/process-metrics.ts'
import type { ClusterView } from '../../cluster/replicated-state.ts'
import type { AlertMetrics } from './alert-metrics.ts'
import type { RequestLimits } from './request-limits.ts'

/** What the API of an Alertmanager shows, and what it changes. */
export interface AlertmanagerApiDeps {
  readonly env: Env
  readonly manager: Alertmanager
  readonly cluster: Pick<ClusterView, 'status' | 'isSettled'>
  readonly matcherMode: MatcherMode
  readonly build: BuildInfo
  /** Unix ms. */
  readonly startTime: number
  /** The configuration as upstream prints it. */
  config(): string
  reload(): Promise<void>
  /** In front of every path: empty, or `/prefix`. */
  readonly routePrefix: string
  /** Where the built console lies. */
  readonly uiDir: string
  readonly metrics: AlertMetrics
  readonly limits: Pick<RequestLimits, 'late'>
}
