import type { HttpClientConfig } from '../../http-client/client-config.ts'
import type { Labels } from '../../model/labels.ts'

// A deadman.yml as the parts of the role see it, but for its receivers.

/** Who is told when something is silent, and how. */
export interface AlarmConfig {
  /** Of what is listened for: its name in URLs, metrics and notifications. */
  readonly name: string
  readonly receiver: string
  /** It is told again after this long while it lasts. */
  readonly repeatIntervalMs: number
  /** Of the alert that receivers are told. */
  readonly labels: Labels
  readonly annotations: Labels
}

/** Something that calls from time to time. */
export interface HeartbeatConfig extends AlarmConfig {
  /** Silent for this long, it is taken for dead. */
  readonly timeoutMs: number
}

/** A test of the whole way, from an alert to its notification. */
export interface DrillConfig extends AlarmConfig {
  /** URLs without the path of the API. All are sent the alert. */
  readonly alertmanagers: readonly string[]
  readonly everyMs: number
  /** From the alert to its arrival. */
  readonly deadlineMs: number
  /** Of the alert that is sent, beside the two that say that it is a test, and which. */
  readonly alertLabels: Labels
  readonly http: HttpClientConfig
}
