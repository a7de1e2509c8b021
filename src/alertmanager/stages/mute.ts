import type { Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import type { NotifyStage } from './notification.ts'
import type { PipelineMetrics } from './pipeline-metrics.ts'

/** Takes out the alerts that something mutes: silences, or other alerts that inhibit them. */
export function muteStage(
  name: 'silence' | 'inhibition',
  mutes: (labels: Labels, now: Timestamp) => boolean,
  metrics: PipelineMetrics,
): NotifyStage {
  return {
    name,
    async run(notification) {
      const alerts = notification.alerts.filter(({ labels }) => !mutes(labels, notification.now))
      const mutedCount = notification.alerts.length - alerts.length
      if (mutedCount === 0) return notification
      metrics.suppressed.inc({ reason: name }, mutedCount)
      return { ...notification, alerts }
    },
  }
}
