import { redactUrl } from '../../base/redact-url.ts'
import { formatRfc3339 } from '../../base/rfc3339.ts'
import type { Alarm } from './alarm.ts'
import type { Deadman } from './deadman.ts'

/** An alarm as it is shown. */
export interface AlarmStatus {
  readonly receiver: string
  readonly expired: boolean
  readonly expiredSince?: string
  readonly notifications: readonly {
    readonly integration: string
    readonly status?: string
    readonly at?: string
    readonly error?: string
  }[]
}

export interface HeartbeatStatus extends AlarmStatus {
  readonly name: string
  readonly timeoutSeconds: number
  readonly lastHeard?: string
  /** Calls since the start. */
  readonly heard: number
  readonly expiresInSeconds: number
}

export interface DrillStatus extends AlarmStatus {
  readonly name: string
  readonly alertmanagers: readonly { readonly url: string; readonly error?: string }[]
  readonly everySeconds: number
  readonly deadlineSeconds: number
  readonly running: boolean
  readonly nextInSeconds: number
  /** The last ones, newest first. */
  readonly runs: readonly {
    readonly id: string
    readonly startedAt: string
    readonly outcome: string
    readonly latencySeconds?: number
    readonly duplicates: number
  }[]
}

/** What a deadman knows, as it is shown. */
export function deadmanStatus({ heartbeats, drills }: Pick<Deadman, 'heartbeats' | 'drills'>): {
  readonly heartbeats: readonly HeartbeatStatus[]
  readonly drills: readonly DrillStatus[]
} {
  return {
    heartbeats: heartbeats.map(({ config, alarm, lastHeard, count, remainingMs }) => ({
      name: config.name,
      timeoutSeconds: config.timeoutMs / 1000,
      ...(lastHeard === undefined ? {} : { lastHeard: formatRfc3339(lastHeard) }),
      heard: count,
      expiresInSeconds: remainingMs / 1000,
      ...alarmStatus(config.receiver, alarm),
    })),
    drills: drills.map((drill) => ({
      name: drill.config.name,
      alertmanagers: drill.config.alertmanagers.map((url) => {
        const error = drill.postError(url)
        return { url: redactUrl(url), ...(error === undefined ? {} : { error }) }
      }),
      everySeconds: drill.config.everyMs / 1000,
      deadlineSeconds: drill.config.deadlineMs / 1000,
      running: drill.isRunning,
      nextInSeconds: drill.waitMs / 1000,
      runs: drill.outcomes.toReversed().map(({ id, startedAt, outcome, latencyMs, duplicates }) => ({
        id,
        startedAt: formatRfc3339(startedAt),
        outcome,
        ...(latencyMs === undefined ? {} : { latencySeconds: latencyMs / 1000 }),
        duplicates,
      })),
      ...alarmStatus(drill.config.receiver, drill.alarm),
    })),
  }
}

function alarmStatus(receiver: string, alarm: Alarm): AlarmStatus {
  return {
    receiver,
    expired: alarm.since !== undefined,
    ...(alarm.since === undefined ? {} : { expiredSince: formatRfc3339(alarm.since) }),
    notifications: alarm.telling().map(({ integration, told, error }) => ({
      integration,
      ...(told === undefined ? {} : { status: told.status, at: formatRfc3339(told.at) }),
      ...(error === undefined ? {} : { error }),
    })),
  }
}
