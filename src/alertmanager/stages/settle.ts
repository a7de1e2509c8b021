import { untilAborted } from '../../base/service.ts'
import type { ClusterView } from '../../cluster/replicated-state.ts'
import { endOf, type NotifyStage } from './notification.ts'

/** Waits until membership has settled: before that, others may already have told, and be first. */
export function settleStage(cluster: Pick<ClusterView, 'settled' | 'isSettled'>): NotifyStage {
  return {
    name: 'settle',
    async run(notification, signal) {
      if (!cluster.isSettled()) await Promise.race([cluster.settled(), untilAborted(signal)])
      if (signal.aborted) throw endOf(signal)
      return notification
    },
  }
}
