import type { Env } from '../../base/env.ts'
import { CodedError, errorMessage } from '../../base/errors.ts'
import { replaceFile } from '../../base/files.ts'

// What outlives a restart, as a file of JSON: docs/formats/deadman-state.md. Times are Unix ms.

/** A time in which something was wrong. */
export interface Episode {
  readonly since: number
  /** Absent: it lasts. */
  readonly end?: number
  /** What was known when it began. */
  readonly annotations: Readonly<Record<string, string>>
  /** Why it is over, where it is not that all is well again. */
  readonly reason?: string
}

/** What an entry of a receiver was told last. */
export interface Told {
  /** Of which episode: its begin. */
  readonly since: number
  readonly status: 'firing' | 'resolved'
  readonly at: number
  /** How often of this episode. */
  readonly count: number
  /** What the integration keeps of it. */
  readonly memory: Readonly<Record<string, string>>
}

export interface AlarmState {
  readonly receiver: string
  /** Of its alert, for when the configuration has them no more. Absent: a version before wrote it. */
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly episode?: Episode | undefined
  /** By entry: `webhook[0]`. */
  readonly told: Readonly<Record<string, Told>>
}

export interface HeartbeatState {
  /** Absent: never. */
  readonly lastHeard?: number | undefined
  /** How long it was listened for since then without hearing it. */
  readonly silentMs: number
  readonly alarm: AlarmState
}

/** A drill that is over. */
export interface DrillOutcome {
  readonly id: string
  readonly startedAt: number
  readonly outcome: 'arrived' | 'missed'
  /** From the alert to its arrival, late ones too. */
  readonly latencyMs?: number | undefined
  /** Arrivals after the first. */
  readonly duplicates: number
}

export interface DrillState {
  /** Absent: none was held. */
  readonly lastStart?: number | undefined
  /** The last ones, oldest first. */
  readonly outcomes: readonly DrillOutcome[]
  readonly alarm: AlarmState
}

export interface DeadmanState {
  readonly heartbeats: Readonly<Record<string, HeartbeatState>>
  readonly drills: Readonly<Record<string, DrillState>>
  /** What the configuration has no more, and whose end somebody has not been told yet. Absent: a version before wrote it. */
  readonly left?: readonly AlarmState[]
}

export const NO_STATE: DeadmanState = { heartbeats: {}, drills: {} }

const VERSION = 1

export function encodeState(state: DeadmanState): string {
  return JSON.stringify({ version: VERSION, ...state })
}

export async function writeState({ fs }: Pick<Env, 'fs'>, path: string, text: string): Promise<void> {
  await replaceFile(fs, path, Buffer.from(text))
}

/**
 * What the file has; nothing where there is none. One that cannot be read is set aside and said in the log: who waits for the dead does not
 * stay away because of what was.
 */
export async function readState({ fs, log }: Pick<Env, 'fs' | 'log'>, path: string): Promise<DeadmanState> {
  if ((await fs.stat(path)) === null) return NO_STATE
  try {
    return decodeState(await fs.readText(path))
  } catch (error) {
    const kept = `${path}.damaged`
    log.error('state not read, it is set aside', { file: path, kept, error: errorMessage(error) })
    await fs.rename(path, kept)
    return NO_STATE
  }
}

function decodeState(text: string): DeadmanState {
  const { version, heartbeats, drills, left } = JSON.parse(text) as Partial<DeadmanState> & { readonly version?: number }
  if (version !== VERSION) throw new CodedError('bad_data', `found version ${version}, want ${VERSION}`)
  for (const [name, { silentMs, alarm }] of Object.entries(heartbeats ?? {}))
    if (!Number.isFinite(silentMs) || !isAlarm(alarm)) throw new CodedError('bad_data', `heartbeat ${name} is damaged`)
  for (const [name, { outcomes, alarm }] of Object.entries(drills ?? {}))
    if (!Array.isArray(outcomes) || !isAlarm(alarm)) throw new CodedError('bad_data', `drill ${name} is damaged`)
  if (left?.every(isAlarm) === false) throw new CodedError('bad_data', 'what is left to be told is damaged')
  return { heartbeats: heartbeats ?? {}, drills: drills ?? {}, left }
}

function isAlarm(alarm: AlarmState | undefined): boolean {
  return typeof alarm?.receiver === 'string' && typeof alarm.told === 'object' && alarm.told !== null
}
