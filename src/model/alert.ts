import type { Labels } from './labels.ts'
import type { Timestamp } from './time.ts'

/** An alert as one who finds it tells of it: what a server sends, what an Alertmanager keeps and hands to receivers. */
export interface Alert {
  /** What it is known by. Never empty. */
  readonly labels: Labels
  readonly annotations: Labels
  readonly startsAt: Timestamp
  /** It is over from then on. */
  readonly endsAt: Timestamp
  /** What it follows from; empty: not said. */
  readonly generatorUrl: string
  readonly updatedAt: Timestamp
  /** Its end was not told but follows from how long it is believed without news. */
  readonly hasTimeout: boolean
}

/** An alert on its way to Alertmanagers. */
export type PostableAlert = Pick<Alert, 'labels' | 'annotations' | 'startsAt' | 'endsAt' | 'generatorUrl'>

const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n
const MASK = (1n << 64n) - 1n
const SEPARATOR = 0xff

/**
 * The name of a label set in APIs, notifications and files, 16 hexadecimal digits: FNV-1a, 64 bits, of each name and value followed
 * by a byte 0xff. Source: prometheus/common model/labelset.go, labelSetToFingerprint.
 */
export function fingerprint({ pairs }: Labels): string {
  let hash = OFFSET
  for (const text of pairs) {
    for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * PRIME) & MASK
    hash = ((hash ^ BigInt(SEPARATOR)) * PRIME) & MASK
  }
  return hash.toString(16).padStart(16, '0')
}

/** Whether it is over at a time. */
export function isResolved({ endsAt }: Alert, at: Timestamp): boolean {
  return endsAt !== 0 && endsAt <= at
}
