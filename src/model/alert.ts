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

const known = new WeakMap<Labels, string>()

/**
 * The name of a label set in APIs, notifications and files, 16 hexadecimal digits: FNV-1a, 64 bits, of each name and value followed
 * by a byte 0xff. Found once for each object. Source: prometheus/common model/labelset.go, labelSetToFingerprint.
 */
export function fingerprint(labels: Labels): string {
  let text = known.get(labels)
  if (text === undefined) {
    text = fnv1a(labels)
    known.set(labels, text)
  }
  return text
}

const SEPARATOR = 0xff

/** The prime is 2^40 + 0x1b3: multiplied by parts of 16 bits, which are exact. */
function fnv1a({ pairs }: Labels): string {
  let [a, b, c, d] = [0xcbf2, 0x9ce4, 0x8422, 0x2325]
  const take = (byte: number) => {
    d ^= byte
    const p0 = d * 0x1b3
    const p1 = c * 0x1b3 + (p0 >>> 16)
    const p2 = b * 0x1b3 + (p1 >>> 16) + d * 0x100
    const p3 = a * 0x1b3 + (p2 >>> 16) + c * 0x100
    d = p0 & 0xffff
    c = p1 & 0xffff
    b = p2 & 0xffff
    a = p3 & 0xffff
  }
  for (const text of pairs) {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code < 0x80) take(code)
      else {
        for (const byte of Buffer.from(text.slice(i))) take(byte)
        break
      }
    }
    take(SEPARATOR)
  }
  return [a, b, c, d].map((part) => part.toString(16).padStart(4, '0')).join('')
}

/** Whether it is over at a time. */
export function isResolved({ endsAt }: Alert, at: Timestamp): boolean {
  return endsAt !== 0 && endsAt <= at
}
