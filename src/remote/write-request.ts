import { compressSync } from 'snappy'
import type { Labels } from '../model/labels.ts'
import { isStaleMarker, STALE_HIGH, STALE_LOW } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'

export interface WriteSeries {
  readonly labels: Labels
  readonly samples: readonly (readonly [t: Timestamp, v: number])[]
}

/** A remote write 1.0 request body: a WriteRequest as a snappy block. docs/protocols/remote-write.md has the layout. */
export function encodeWriteRequest(series: Iterable<WriteSeries>): Uint8Array {
  return compressSync(encodeWriteMessage(series))
}

/** The same before compression. */
export function encodeWriteMessage(series: Iterable<WriteSeries>): Uint8Array {
  const fields: Uint8Array[] = []
  for (const { labels, samples } of series) {
    const parts: Uint8Array[] = []
    for (const [name, value] of labels)
      parts.push(field(0x0a, Buffer.concat([field(0x0a, Buffer.from(name)), field(0x12, Buffer.from(value))])))
    for (const [t, v] of samples) parts.push(field(0x12, encodeSample(t, v)))
    fields.push(field(0x0a, Buffer.concat(parts)))
  }
  return Buffer.concat(fields)
}

function field(tag: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([tag]), encodeVarint(BigInt(body.length)), body])
}

function encodeSample(t: Timestamp, v: number): Uint8Array {
  const value = Buffer.alloc(9)
  value[0] = 0x09
  if (isStaleMarker(v)) {
    value.writeUInt32LE(STALE_LOW, 1)
    value.writeUInt32LE(STALE_HIGH, 5)
  } else value.writeDoubleLE(v, 1)
  return Buffer.concat([value, Buffer.from([0x10]), encodeVarint(BigInt.asUintN(64, BigInt(t)))])
}

function encodeVarint(value: bigint): Uint8Array {
  const bytes: number[] = []
  for (; value >= 128n; value >>= 7n) bytes.push(Number(value & 127n) | 128)
  bytes.push(Number(value))
  return Buffer.from(bytes)
}
