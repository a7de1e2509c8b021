import { METRIC_NAME } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import type { Timestamp } from '../model/time.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { type LastSample, lastSample } from '../storage/read-samples.ts'
import type { SeriesSource } from '../storage/series-source.ts'
import { ALERTS_FOR_STATE_METRIC, type AlertingRule } from './alerting-rule.ts'

export interface RestoreOptions {
  /** The longest outage over which a state is taken up again. */
  readonly outageToleranceMs: number
  /** The least time from a restored state to firing; alerts that wait less are not restored. */
  readonly gracePeriodMs: number
}

/**
 * Takes up since when the alerts that an evaluation at `time` has brought were active before a restart, so that a restart does not let
 * them wait anew. Source: Prometheus rules/group.go, RestoreForState.
 */
export async function restoreAlerts(rule: AlertingRule, time: Timestamp, source: SeriesSource, options: RestoreOptions): Promise<void> {
  const { forMs, name } = rule.definition
  const alerts = rule.activeAlerts().filter(({ activeAt }) => activeAt === time)
  if (forMs < options.gracePeriodMs || alerts.length === 0) return
  const stored = new Map<string, LastSample>()
  const matchers = [new Matcher('=', METRIC_NAME, ALERTS_FOR_STATE_METRIC), new Matcher('=', 'alertname', name)]
  const [minTime, maxTime] = [time - options.outageToleranceMs, time]
  for await (const batch of source.select({ minTime, maxTime, matchers }, unlimitedContext())) {
    for (const series of batch) {
      // The end of an alert leaves a marker, the end of the server none.
      const last = lastSample(series, minTime, maxTime)
      if (last !== undefined) stored.set(series.labels.without(METRIC_NAME).key(), last)
    }
  }
  for (const alert of alerts) {
    const last = stored.get(alert.labels.key())
    if (last === undefined) continue
    const before = { activeAtMs: last.value * 1000, lastMs: last.time }
    alert.activeAt = restoredActiveAt({ ...before, time, forMs, gracePeriodMs: options.gracePeriodMs })
  }
}

interface Before {
  readonly activeAtMs: Timestamp
  /** When the server last knew of it. */
  readonly lastMs: Timestamp
  readonly time: Timestamp
  readonly forMs: number
  readonly gracePeriodMs: number
}

function restoredActiveAt({ activeAtMs, lastMs, time, forMs, gracePeriodMs }: Before): Timestamp {
  const remainingMs = forMs - (lastMs - activeAtMs)
  // It was firing, and fires at once.
  if (remainingMs <= 0) return activeAtMs
  if (remainingMs < gracePeriodMs) return time + gracePeriodMs - forMs
  // The outage counts neither for nor against it.
  return activeAtMs + (time - lastMs)
}
