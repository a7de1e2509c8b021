import { isStaleBits, STALE_HIGH, STALE_LOW } from '../../model/staleness.ts'
import type { ByteReader, ByteWriter } from './byte-writer.ts'

// A float64 as a kind and as few bytes as it needs. Format: docs/formats/wal.md, type 2.

export const KIND_STALE = 15
/** Kinds above this are integers of `kind - KIND_FLOAT_MAX` bytes. */
export const KIND_FLOAT_MAX = 8

const value = new Float64Array(1)
const valueWords = new Uint32Array(value.buffer)

/** Writes a value's bytes, of which there are at most 8, and returns its kind. Hot. */
export function writeValue(writer: ByteWriter, v: number): number {
  if (v >= 0 && v < 0x1000000000000 && v === Math.floor(v)) {
    if (v === 0) {
      if (Object.is(v, 0)) return 0
    } else return writeInteger(writer, v)
  }
  value[0] = v
  let high = valueWords[1]
  let low = valueWords[0]
  // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN, and this runs once a sample.
  if (v !== v && isStaleBits(high, low)) return KIND_STALE
  const bytes = writer.bytes
  let at = writer.length
  let count = 0
  while (high !== 0 || low !== 0) {
    bytes[at++] = high >>> 24
    high = ((high << 8) | (low >>> 24)) >>> 0
    low = (low << 8) >>> 0
    count++
  }
  writer.length = at
  return count
}

function writeInteger(writer: ByteWriter, v: number): number {
  const bytes = writer.bytes
  const start = writer.length
  let at = start
  let rest = v % 0x1000000
  let upper = (v - rest) / 0x1000000
  if (upper === 0) {
    for (; rest !== 0; rest >>>= 8) bytes[at++] = rest
  } else {
    bytes[at++] = rest
    bytes[at++] = rest >>> 8
    bytes[at++] = rest >>> 16
    for (; upper !== 0; upper >>>= 8) bytes[at++] = upper
  }
  writer.length = at
  return KIND_FLOAT_MAX + at - start
}

/** Writes a number: its kind in a byte of its own, then its bytes. */
export function writeNumber(writer: ByteWriter, v: number): void {
  const kindAt = writer.length++
  writer.bytes[kindAt] = writeValue(writer, v)
}

/** Reads the bytes of a value of this kind. Throws `RangeError` when they end too early. */
export function readValue(reader: ByteReader, kind: number): number {
  if (kind > KIND_FLOAT_MAX && kind !== KIND_STALE) {
    let v = 0
    let scale = 1
    for (let i = kind - KIND_FLOAT_MAX; i > 0; i--) {
      v += reader.byte() * scale
      scale *= 0x100
    }
    return v
  }
  let high = 0
  let low = 0
  if (kind === KIND_STALE) {
    high = STALE_HIGH
    low = STALE_LOW
  } else {
    for (let i = 0; i < kind; i++) {
      const byte = reader.byte()
      if (i < 4) high |= byte << (24 - 8 * i)
      else low |= byte << (56 - 8 * i)
    }
  }
  valueWords[0] = low
  valueWords[1] = high
  return value[0]
}

/** Reads what `writeNumber` writes. */
export function readNumber(reader: ByteReader): number {
  const kind = reader.byte()
  if (kind > KIND_STALE) throw new RangeError(`kind of a number is ${kind}, want at most ${KIND_STALE}`)
  return readValue(reader, kind)
}
