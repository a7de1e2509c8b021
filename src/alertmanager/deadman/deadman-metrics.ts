import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Deadman } from './deadman.ts'

/** From the group's wait of an Alertmanager to the longest that anybody may accept. */
const LATENCY_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 300, 600]

/** What a deadman tells of itself. What stands still is read when it is asked for, so that nothing is left of what a reload took away. */
export class DeadmanMetrics {
  readonly heartbeats: Counter<'heartbeat'>
  readonly notifications: Counter<'receiver' | 'integration' | 'outcome'>
  readonly drills: Counter<'drill' | 'outcome'>
  readonly drillLatency: Histogram<'drill'>
  readonly drillDuplicates: Counter<'drill'>
  readonly drillPosts: Counter<'drill' | 'alertmanager' | 'outcome'>
  readonly savesFailed: Counter

  constructor(registry: Registry, deadman: Pick<Deadman, 'heartbeats' | 'drills'>) {
    const registers = [registry]
    const prefix = 'promontory_deadman_'
    this.heartbeats = new Counter({
      name: `${prefix}heartbeats_total`,
      help: 'Calls that were heard.',
      labelNames: ['heartbeat'],
      registers,
    })
    this.notifications = new Counter({
      name: `${prefix}notifications_total`,
      help: 'Attempts to notify, by outcome.',
      labelNames: ['receiver', 'integration', 'outcome'],
      registers,
    })
    this.drills = new Counter({
      name: `${prefix}drills_total`,
      help: 'Drills that are over, by outcome.',
      labelNames: ['drill', 'outcome'],
      registers,
    })
    this.drillLatency = new Histogram({
      name: `${prefix}drill_latency_seconds`,
      help: 'Time from the alert of a drill to its arrival, late ones too.',
      labelNames: ['drill'],
      buckets: LATENCY_BUCKETS,
      registers,
    })
    this.drillDuplicates = new Counter({
      name: `${prefix}drill_duplicate_arrivals_total`,
      help: 'Arrivals of a drill after its first.',
      labelNames: ['drill'],
      registers,
    })
    this.drillPosts = new Counter({
      name: `${prefix}drill_posts_total`,
      help: 'Requests that took the alert of a drill to an Alertmanager, by outcome.',
      labelNames: ['drill', 'alertmanager', 'outcome'],
      registers,
    })
    this.savesFailed = new Counter({ name: `${prefix}state_saves_failed_total`, help: 'Times that the state was not written.', registers })

    const now = <L extends string>(name: string, help: string, label: L, values: () => Iterable<readonly [name: string, value: number]>) =>
      new Gauge({
        name: prefix + name,
        help,
        labelNames: [label],
        registers,
        collect() {
          this.reset()
          for (const [each, value] of values()) this.set({ [label]: each } as Record<L, string>, value)
        },
      })
    now('last_heartbeat_timestamp_seconds', 'When it was heard last.', 'heartbeat', () =>
      deadman.heartbeats.flatMap(({ config, lastHeard }) => (lastHeard === undefined ? [] : [[config.name, lastHeard / 1000] as const])),
    )
    now('heartbeat_expired', 'Whether it is silent for too long.', 'heartbeat', () =>
      deadman.heartbeats.map(({ config, alarm }) => [config.name, alarm.since === undefined ? 0 : 1] as const),
    )
    now('heartbeat_timeout_seconds', 'How long it may be silent.', 'heartbeat', () =>
      deadman.heartbeats.map(({ config }) => [config.name, config.timeoutMs / 1000] as const),
    )
    now('drill_expired', 'Whether the last drill did not arrive in time.', 'drill', () =>
      deadman.drills.map(({ config, alarm }) => [config.name, alarm.since === undefined ? 0 : 1] as const),
    )
    now('drill_last_start_timestamp_seconds', 'When the last drill that is over began.', 'drill', () =>
      deadman.drills.flatMap(({ config, outcomes }) => outcomes.slice(-1).map(({ startedAt }) => [config.name, startedAt / 1000] as const)),
    )
  }
}
