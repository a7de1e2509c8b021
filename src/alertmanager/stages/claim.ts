import { type Clock, sleep } from '../../base/env.ts'
import type { ClusterView } from '../../cluster/replicated-state.ts'
import { type Claims, claimId } from '../claims.ts'
import type { LogReceiver } from '../nflog/entry-message.ts'
import { preciseOf } from '../state/precise-time.ts'
import { endOf, type NewsNotification, type Notification, type NotifyStage } from './notification.ts'

/** Two members that claim at the same time know it by then: gossip goes out five times a second. */
const WINDOW_MS = 800
const POLL_MS = 200

export interface ClaimOptions {
  readonly clock: Clock
  readonly cluster: Pick<ClusterView, 'allHave'>
  readonly claims: Claims
  readonly receiver: LogReceiver
  /** Finds out again what is news. */
  readonly dedup: NotifyStage<Notification, NewsNotification>
}

/**
 * Lets one member notify at a time, where all members know of claims; the others wait until it has, or does not. Where they do not hear of each
 * other, both do: an alert told twice is better than one that is not.
 */
export function claimStage({ clock, cluster, claims, receiver, dedup }: ClaimOptions): NotifyStage<NewsNotification> {
  return {
    name: 'claim',
    async run(notification, signal) {
      let news = notification
      const id = claimId(notification.groupKey, receiver)
      const isHeld = () => {
        const other = claims.byOther(id)
        // What was told after it was claimed fulfils a claim.
        return other !== undefined && (news.previous === undefined || news.previous.time < preciseOf(other.since))
      }
      const look = async (afterMs: number) => {
        await sleep(clock, afterMs, signal)
        if (signal.aborted) throw endOf(signal)
        news = await dedup.run(notification, signal)
      }
      while (news.alerts.length > 0 && cluster.allHave('claims')) {
        if (isHeld()) {
          await look(POLL_MS)
          continue
        }
        claims.claim(id, news.idempotencyKey)
        await look(WINDOW_MS)
        if (!isHeld()) break
      }
      return news.alerts.length > 0 && claims.mayHaveBeenTold(id, news.idempotencyKey) ? { ...news, mayHaveBeenTold: true } : news
    },
  }
}
