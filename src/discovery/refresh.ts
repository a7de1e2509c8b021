import { Counter, Summary } from 'prom-client'
import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Discoverer, TargetGroup } from './discoverer.ts'
import { GroupChanges } from './group-changes.ts'
import { knownMetric } from './known-metric.ts'
import { Pace } from './pace.ts'

// Source of names and order: Prometheus discovery/refresh/refresh.go.

/** What one look at a backend found. */
export interface Found {
  readonly groups: readonly TargetGroup[]
  /** Whether that is all there is; otherwise groups of other sources stay. */
  readonly complete: boolean
}

export interface RefreshOptions {
  readonly mechanism: string
  readonly intervalMs: number
  /** Rejects when the backend gave no answer; what was found before stays. */
  refresh(signal: AbortSignal): Promise<Found>
}

/** Asks a backend again and again, the first time at once. */
export function refreshDiscoverer(env: Env, { mechanism, intervalMs, refresh }: RefreshOptions): Discoverer {
  return {
    async *watch(signal) {
      const failures = knownMetric(
        env.metrics,
        'prometheus_sd_refresh_failures_total',
        (base) => new Counter({ ...base, help: 'Number of refresh failures for the given SD mechanism.', labelNames: ['mechanism'] }),
      )
      const duration = knownMetric(
        env.metrics,
        'prometheus_sd_refresh_duration_seconds',
        (base) =>
          new Summary({
            ...base,
            help: 'The duration of a refresh in seconds for the given SD mechanism.',
            labelNames: ['mechanism'],
            percentiles: [0.5, 0.9, 0.99],
          }),
      )
      failures.inc({ mechanism }, 0)
      const changes = new GroupChanges()
      const pace = new Pace(env, intervalMs, signal)
      let hasYielded = false
      try {
        while (!signal.aborted) {
          const start = env.clock.monotonic()
          try {
            const { groups, complete } = await refresh(signal).finally(() =>
              duration.observe({ mechanism }, (env.clock.monotonic() - start) / 1000),
            )
            const changed = complete ? changes.replace(groups) : changes.merge(groups)
            if (signal.aborted) return
            // Knowing that there is nothing is an answer, too: whoever waits for the first one must not wait for ever.
            if (changed.length > 0 || (complete && !hasYielded)) {
              yield changed
              hasYielded = true
            }
          } catch (error) {
            if (signal.aborted) return
            failures.inc({ mechanism })
            env.log.error('discovery: refresh failed, the last targets stay', { mechanism, error: errorMessage(error) })
          }
          await pace.next()
        }
      } finally {
        pace.close()
      }
    },
  }
}
