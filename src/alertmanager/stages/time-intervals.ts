import type { Timestamp } from '../../model/time.ts'
import { containsTime, type TimeInterval } from '../time-interval.ts'
import type { Notification, NotifyStage } from './notification.ts'
import type { PipelineMetrics } from './pipeline-metrics.ts'

/** By name; a time is in one where any of its parts has it. */
export type NamedIntervals = ReadonlyMap<string, readonly TimeInterval[]>

/** Groups that a time keeps from their receivers, by the names of its intervals. */
export class GroupMutes {
  readonly #names = new Map<string, readonly string[]>()

  /** Without names it is muted no more. */
  set(routeId: string, groupKey: string, names: readonly string[]): void {
    if (names.length > 0) this.#names.set(keyOf(routeId, groupKey), names)
    else this.#names.delete(keyOf(routeId, groupKey))
  }

  get(routeId: string, groupKey: string): readonly string[] {
    return this.#names.get(keyOf(routeId, groupKey)) ?? []
  }
}

function keyOf(routeId: string, groupKey: string): string {
  return JSON.stringify([routeId, groupKey])
}

/** Stops what is on its way at none of its route's active times. Source: Alertmanager notify/mute.go, TimeActiveStage. */
export function timeActiveStage(intervals: NamedIntervals, mutes: GroupMutes, metrics: PipelineMetrics): NotifyStage {
  return {
    name: 'active times',
    async run(notification) {
      const names = notification.activeTimeIntervals
      const isActive = names.length === 0 || containing(intervals, names, notification.now).length > 0
      mutes.set(notification.routeId, notification.groupKey, isActive ? [] : names)
      return isActive ? notification : stopped(notification, metrics, 'active_time_interval')
    },
  }
}

/** Stops what is on its way at one of its route's mute times. Source: Alertmanager notify/mute.go, TimeMuteStage. */
export function timeMuteStage(intervals: NamedIntervals, mutes: GroupMutes, metrics: PipelineMetrics): NotifyStage {
  return {
    name: 'mute times',
    async run(notification) {
      const mutedBy = containing(intervals, notification.muteTimeIntervals, notification.now)
      mutes.set(notification.routeId, notification.groupKey, mutedBy)
      return mutedBy.length === 0 ? notification : stopped(notification, metrics, 'mute_time_interval')
    },
  }
}

function containing(intervals: NamedIntervals, names: readonly string[], time: Timestamp): readonly string[] {
  return names.filter((name) => intervals.get(name)?.some((interval) => containsTime(interval, time)) ?? false)
}

function stopped(notification: Notification, metrics: PipelineMetrics, reason: string): Notification {
  metrics.suppressed.inc({ reason }, notification.alerts.length)
  return { ...notification, alerts: [] }
}
