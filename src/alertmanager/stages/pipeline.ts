import type { Env } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import type { ClusterView } from '../../cluster/replicated-state.ts'
import { type Claims, claimId } from '../claims.ts'
import type { NotificationHistory } from '../history/notification-history.ts'
import type { Inhibitor } from '../inhibitor.ts'
import type { NotificationLog } from '../nflog/notification-log.ts'
import type { Integration } from '../receivers/integration.ts'
import type { Silences } from '../silences/silences.ts'
import { claimStage } from './claim.ts'
import { dedupStage } from './dedup.ts'
import { muteStage } from './mute.ts'
import type { Notification } from './notification.ts'
import { Pace } from './pace.ts'
import type { PipelineMetrics } from './pipeline-metrics.ts'
import { retryStage } from './retry.ts'
import { setNotifiesStage } from './set-notifies.ts'
import { settleStage } from './settle.ts'
import { type GroupMutes, type NamedIntervals, timeActiveStage, timeMuteStage } from './time-intervals.ts'
import { waitStage } from './wait.ts'

export interface PipelineOptions {
  readonly env: Env
  readonly cluster: ClusterView
  readonly claims: Claims
  readonly inhibitor: Pick<Inhibitor, 'inhibitedBy'>
  readonly silences: Pick<Silences, 'silencedBy'>
  readonly intervals: NamedIntervals
  readonly mutes: GroupMutes
  readonly log: NotificationLog
  readonly history: Pick<NotificationHistory, 'add'>
  readonly metrics: PipelineMetrics
  /** Ways out of each receiver. */
  readonly receivers: ReadonlyMap<string, readonly Integration[]>
  /** How long this member lets others go first. */
  waitMs(): number
}

/** A member that has let others go first for longer looks at the group anew. */
const STALE_AFTER_MS = 1000

/** Takes a notification to its receiver; rejects when any entry of it was not told what it should have been. */
export type Pipeline = (notification: Notification, signal: AbortSignal) => Promise<void>

/** Source: Alertmanager notify/notify.go, PipelineBuilder.New. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { env, cluster, inhibitor, silences, intervals, mutes, metrics, receivers } = options
  const common = [
    settleStage(cluster),
    muteStage('inhibition', (labels, now) => inhibitor.inhibitedBy(labels, now) !== undefined, metrics),
    timeActiveStage(intervals, mutes, metrics),
    timeMuteStage(intervals, mutes, metrics),
    muteStage('silence', (labels) => silences.silencedBy(labels).length > 0, metrics),
  ]
  const ways = new Map([...receivers].map(([name, integrations]) => [name, integrations.map((each) => wayTo(name, each, options))]))
  return async (flushed, signal) => {
    const notification = await unmuted(flushed, signal)
    if (notification.alerts.length === 0) return
    const outcomes = await Promise.allSettled((ways.get(notification.receiver) ?? []).map((way) => way(notification, signal)))
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected')
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => errorMessage(reason)).join('\n'))
  }

  async function unmuted(notification: Notification, signal: AbortSignal): Promise<Notification> {
    for (const stage of common) {
      if (notification.alerts.length === 0) return notification
      notification = await stage.run(notification, signal)
    }
    return notification
  }

  function wayTo(name: string, integration: Integration, { log, history }: PipelineOptions): Pipeline {
    const receiver = { name, integration: integration.kind, index: integration.index }
    const wait = waitStage(env.clock, () => options.waitMs())
    const dedup = dedupStage(log, receiver, integration.sendResolved)
    const claim = claimStage({ clock: env.clock, cluster, claims: options.claims, receiver, dedup })
    const hold = ({ groupKey }: { readonly groupKey: string }) => options.claims.hold(claimId(groupKey, receiver))
    const retry = retryStage({ ...env, metrics, history, receiver, integration, hold })
    const setNotifies = setNotifiesStage(log, receiver)
    const pace = new Pace(env.clock)
    return async (notification, signal) => {
      const started = env.clock.monotonic()
      let current = await wait.run(notification, signal)
      // Upstream goes on with what it knew: what another member has told to be over meanwhile would be told to fire.
      if (env.clock.monotonic() - started > STALE_AFTER_MS) current = await unmuted(current.refreshed(), signal)
      if (current.alerts.length === 0) return
      const found = await dedup.run(current, signal)
      if (found.alerts.length === 0) return
      const news = await claim.run(found, signal)
      if (news.alerts.length === 0) return
      const told = await pace.run(() => retry.run(news, signal))
      await setNotifies.run(told, signal)
    }
  }
}
