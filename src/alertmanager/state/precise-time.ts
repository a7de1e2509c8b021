import { type MessageField, messageFields } from '../../base/message-fields.ts'
import type { MessageWriter } from '../../base/message-writer.ts'
import type { Timestamp } from '../../model/time.ts'

// Times of states that are shared with upstream's members: which of two versions is newer is decided by the nanosecond, as they do.

/** Unix time in ns. */
export type PreciseTime = bigint

const NS_PER_MS = 1_000_000n
const NS_PER_S = 1_000_000_000n

export function preciseOf(time: Timestamp): PreciseTime {
  return BigInt(Math.floor(time * 1000)) * 1000n
}

/** Beyond them a time cannot be shown. Source: ECMA-262, Time Values. */
const TIMESTAMP_MAX = 8_640_000_000_000_000

/** Cut to whole ms, as our times are; one of another member that is beyond all calendars is the last or the first. */
export function timestampOf(time: PreciseTime): Timestamp {
  return Math.max(-TIMESTAMP_MAX, Math.min(TIMESTAMP_MAX, Number(time / NS_PER_MS)))
}

/** Writes a google.protobuf.Timestamp. */
export function writePreciseTime(out: MessageWriter, field: number, time: PreciseTime): void {
  let seconds = time / NS_PER_S
  if (time < 0n && time % NS_PER_S !== 0n) seconds--
  out.message(field, (body) => {
    if (seconds !== 0n) body.unsigned(1, BigInt.asUintN(64, seconds))
    const ns = time - seconds * NS_PER_S
    if (ns !== 0n) body.unsigned(2, ns)
  })
}

export function readPreciseTime({ bytes }: MessageField): PreciseTime {
  let seconds = 0n
  let ns = 0n
  for (const field of messageFields(bytes)) {
    if (field.number === 1) seconds = BigInt.asIntN(64, field.integer)
    else if (field.number === 2) ns = field.integer
  }
  return seconds * NS_PER_S + ns
}
