import { Counter, type Registry, Summary } from 'prom-client'
import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Discoverer, TargetGroup } from './discoverer.ts'
import { GroupChanges } from './group-changes.ts'
import { knownMetric } from './known-metric.ts'
import { Pace } from './pace.ts'

// Source of names and order: Prometheus discovery/refresh/refresh.go.

const MECHANISMS = ['dns', 'docker', 'ec2', 'http'] as const
type RefreshMechanism = (typeof MECHANISMS)[number]

/** What one look at a backend found. */
export interface Found {
  readonly groups: readonly TargetGroup[]
  /** Whether that is all there is; otherwise groups of other sources stay. */
  readonly complete: boolean
}

export interface RefreshOptions {
  readonly mechanism: RefreshMechanism
  /** The job that it is for. */
  readonly jobName: string
  readonly intervalMs: number
  /** Rejects when the backend gave no answer; what was found before stays. */
  refresh(signal: AbortSignal): Promise<Found>
}

/** Asks a backend again and again, the first time at once. */
export function refreshDiscoverer(env: Env, { mechanism, jobName, intervalMs, refresh }: RefreshOptions): Discoverer {
  return {
    async *watch(signal) {
      const { failures, duration } = refreshMetrics(env.metrics)
      const labels = { mechanism, config: jobName }
      failures.inc(labels, 0)
      const changes = new GroupChanges()
      const pace = new Pace(env, intervalMs, signal)
      let hasYielded = false
      try {
        while (!signal.aborted) {
          const start = env.clock.monotonic()
          try {
            const { groups, complete } = await refresh(signal).finally(() =>
              duration.observe(labels, (env.clock.monotonic() - start) / 1000),
            )
            const changed = await (complete ? changes.replace(env.clock, groups) : changes.mergeInTurns(env.clock, groups))
            if (signal.aborted) return
            // Knowing that there is nothing is an answer, too: whoever waits for the first one must not wait for ever.
            if (changed.length > 0 || (complete && !hasYielded)) {
              yield changed
              hasYielded = true
            }
          } catch (error) {
            if (signal.aborted) return
            failures.inc(labels)
            env.log.error('discovery: refresh failed, the last targets stay', { mechanism, job: jobName, error: errorMessage(error) })
          }
          await pace.next()
        }
      } finally {
        pace.close()
      }
    },
  }
}

/** The job is gone. */
export function forgetRefreshes(registry: Registry, jobName: string): void {
  const { failures, duration } = refreshMetrics(registry)
  for (const mechanism of MECHANISMS) for (const metric of [failures, duration]) metric.remove({ mechanism, config: jobName })
}

function refreshMetrics(registry: Registry) {
  const labelNames = ['mechanism', 'config'] as const
  return {
    failures: knownMetric(
      registry,
      'prometheus_sd_refresh_failures_total',
      (base) => new Counter({ ...base, help: 'Number of refresh failures for the given SD mechanism.', labelNames }),
    ),
    duration: knownMetric(
      registry,
      'prometheus_sd_refresh_duration_seconds',
      (base) =>
        new Summary({
          ...base,
          help: 'The duration of a refresh in seconds for the given SD mechanism.',
          labelNames,
          percentiles: [0.5, 0.9, 0.99],
        }),
    ),
  }
}
