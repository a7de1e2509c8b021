import { assert } from '../base/assert.ts'
import { isStaleBits, STALE_HIGH, STALE_LOW } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { BitReader } from './bit-reader.ts'
import { headerBytesOf, readSampleCount, samplesMaxOf, writeHeader } from './chunk-header.ts'
import { ChunkEncoding, type SampleColumns } from './codec.ts'
import { StartTimeDecoder } from './start-times.ts'
import { appendBits } from './widen-chunk.ts'
import { XOR2_SAMPLE_BYTES_MAX, Xor2SampleEncoder } from './xor2-sample.ts'

const HEADER_BYTES = headerBytesOf(ChunkEncoding.xor2)

/** The chunk of the samples `from` up to, not including, `to` (at most 65535), in a new array of exact size. */
export function encodeXor2(
  timestamps: ArrayLike<number>,
  values: ArrayLike<number>,
  startTimes: ArrayLike<number>,
  from = 0,
  to = timestamps.length,
): Uint8Array {
  assert(to - from <= samplesMaxOf(ChunkEncoding.xor2), 'an XOR2 chunk counts at most 65535 samples')
  const bytes = new Uint8Array(HEADER_BYTES + (to - from + 1) * XOR2_SAMPLE_BYTES_MAX)
  const encoder = new Xor2SampleEncoder()
  let bitCount = 8 * HEADER_BYTES
  for (let i = from; i < to; i++) {
    const at = bitCount >>> 3
    encoder.encode(timestamps[i], values[i], startTimes[i], bytes[at], bitCount & 7)
    bitCount = appendBits(encoder.words, encoder.bitCount, bytes, at)
  }
  writeHeader(ChunkEncoding.xor2, to - from, 0, encoder.starts.header, bytes, 0)
  return bytes.slice(0, (bitCount + 7) >>> 3)
}

const reader = new BitReader()
const starts = new StartTimeDecoder()

/** Time changes by the number of ones before them, from two on: bits of the change. */
const CHANGE_BITS = [0, 0, 13, 20, 64]

/**
 * Appends the samples of an XOR2 chunk with `minTime` <= t <= `maxTime` to `out`, values bit for bit, with their start times when it has
 * any. Throws when the bytes end before the samples do. Hot: xor.bench.ts.
 */
export function decodeXor2(data: Uint8Array, start: number, end: number, minTime: Timestamp, maxTime: Timestamp, out: SampleColumns): void {
  if (end - start < HEADER_BYTES) throw new Error(`decode xor2 chunk: ${end - start} bytes, want at least ${HEADER_BYTES}`)
  const count = readSampleCount(ChunkEncoding.xor2, data, start)
  if (count === 0) return
  reader.open(data, start + HEADER_BYTES, end)
  if (count > reader.bitsLeft) throw endsEarly(0, count)
  out.reserve(count)
  const header = data[start + 2]
  const startTimes = header === 0 ? undefined : out.withStartTimes()
  starts.open(header)
  const { timestamps, valueWords } = out
  let length = out.length
  let t = 0
  let tDelta = 0
  // The last value that is no staleness marker: what the next one differs from.
  let high = 0
  let low = 0
  reader.window = 0
  for (let index = 0; index < count; index++) {
    const previousTime = t
    let isStale = false
    if (index === 0) {
      t = reader.readVarint()
      reader.readFloat()
      isStale = isStaleBits(reader.high >>> 0, reader.low >>> 0)
    } else {
      // How a value is told: 0 not at all, it is the same; 1 in a window, after one bit that says which; 2 in up to three bits.
      let told = 2
      if (index === 1) tDelta = reader.readUvarint()
      else {
        const ones = Math.min(5, Math.clz32(~reader.peek()))
        reader.skip(ones === 5 ? 5 : ones + 1)
        if (ones === 5) isStale = true
        else if (ones < 2) told = ones
        else tDelta += readTimeChange(CHANGE_BITS[ones])
      }
      t += tDelta
      if (t > maxTime) break
      if (!isStale) {
        reader.high = high
        reader.low = low
        isStale = told === 2 ? readValue(index) : false
        if (told === 1) readChangedValue(index)
      }
    }
    if (!isStale) {
      high = reader.high
      low = reader.low
    }
    starts.read(reader, index, t, previousTime)
    if (reader.isPastEnd) throw endsEarly(index, count)
    if (t < minTime || t > maxTime) continue
    timestamps[length] = t
    valueWords[2 * length] = isStale ? STALE_LOW : low
    valueWords[2 * length + 1] = isStale ? STALE_HIGH : high
    if (startTimes !== undefined) startTimes[length] = starts.startTime
    length++
  }
  out.length = length
}

function readTimeChange(bits: number): number {
  if (bits === 64) {
    const high = reader.read(32) | 0
    return high * 0x100000000 + reader.read(32)
  }
  return (reader.read(bits) << (32 - bits)) >> (32 - bits)
}

/** True when the value is a staleness marker. */
function readValue(index: number): boolean {
  const head = reader.peek()
  if (head >= 0) reader.skip(1)
  else if (head << 1 >= 0) {
    reader.skip(2)
    reader.readWindow()
  } else {
    reader.skip(3)
    if (head << 2 < 0) return true
    if (!reader.readNewWindow()) throw badWindow(index)
  }
  return false
}

function readChangedValue(index: number): void {
  const isNew = reader.read(1) === 1
  if (!isNew) reader.readWindow()
  else if (!reader.readNewWindow()) throw badWindow(index)
}

function badWindow(index: number): Error {
  return new Error(`decode xor2 chunk: sample ${index} has more than 64 bits`)
}

function endsEarly(index: number, count: number): Error {
  return new Error(`decode xor2 chunk: bytes end in sample ${index} of ${count}`)
}
