// Source: docs/protocols/slots.md.

import { hash } from 'node:crypto'
import type { Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'

/** Half of what a scrape of 100 lines costs is waking up for it alone; 100 ms are half of the lateness that we allow ourselves. */
const SLACK_MS_MAX = 100

/** Where a target's slots lie: at `offsetMs + k * intervalMs` for every integer k. */
export interface Slots {
  readonly intervalMs: number
  readonly offsetMs: number
}

/** What to do at a moment that was waited for. */
export interface SlotStart {
  /** The slot that is taken now; undefined: none, wait for the next. */
  readonly nominal: Timestamp | undefined
  /** The timestamp of the samples when a slot is taken. */
  readonly timestamp: Timestamp
  /** How many slots went by without a scrape. */
  readonly missedCount: number
}

/** The slots of a target. `labels` are those its series carry, without `__` names; external labels are not among them. */
export function slotsOf(labels: Labels, url: string, intervalMs: number): Slots {
  const parts: Uint8Array[] = []
  const separator = Buffer.from([0xff])
  for (const text of labels.pairs) parts.push(Buffer.from(text), separator)
  parts.push(Buffer.from(url))
  const sum = hash('sha256', Buffer.concat(parts), 'buffer')
  return { intervalMs, offsetMs: sum.readUIntBE(0, 6) % intervalMs }
}

/** How far from its slot a scrape may start and still carry the slot's time. */
export function slotToleranceMs(intervalMs: number): number {
  return Math.min(intervalMs / 20, 500)
}

/**
 * How long a scrape may wait for others that are due at about the same time: far inside the tolerance, so timestamps stay those of
 * the slots.
 */
export function slotSlackMs(intervalMs: number): number {
  return Math.min(SLACK_MS_MAX, slotToleranceMs(intervalMs) / 2)
}

/** The first slot at or after `now`. */
export function slotFrom(slots: Slots, now: number): Timestamp {
  return slots.offsetMs + Math.ceil((now - slots.offsetMs) / slots.intervalMs) * slots.intervalMs
}

/** Decides what happens now, after a wait for the slot `awaited`. */
export function startOfSlot(slots: Slots, awaited: Timestamp, now: number): SlotStart {
  const { intervalMs } = slots
  const tolerance = slotToleranceMs(intervalMs)
  const late = now - awaited
  if (late < -tolerance) return { nominal: undefined, timestamp: 0, missedCount: 0 }
  if (late <= tolerance) return { nominal: awaited, timestamp: awaited, missedCount: 0 }
  const passed = Math.floor(late / intervalMs)
  if (passed === 0) return { nominal: awaited, timestamp: Math.floor(now), missedCount: 0 }
  const current = awaited + passed * intervalMs
  if (now - current <= tolerance) return { nominal: current, timestamp: current, missedCount: passed }
  return { nominal: undefined, timestamp: 0, missedCount: passed + 1 }
}
