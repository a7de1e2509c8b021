import { assert } from '../base/assert.ts'
import type { Timestamp } from '../model/time.ts'
import type { SampleColumns } from './codec.ts'
import { XOR_SAMPLE_BYTES_MAX, XorSampleEncoder } from './xor-sample.ts'

/** Bytes before the bit stream: the number of samples, big-endian. */
export const XOR_HEADER_BYTES = 2

/** The number of samples a chunk can count. */
const SAMPLES_MAX = 0xffff

/**
 * Writes an XOR chunk into the caller's memory, sample by sample. The chunk is complete, header included, after
 * every `append`.
 */
export class XorAppender {
  readonly #encoder = new XorSampleEncoder()
  #data: Uint8Array
  #start: number
  #limit: number
  #bits = 0

  /** The chunk may take `data` from `start` up to, not including, `limit`. */
  constructor(data: Uint8Array, start: number, limit: number) {
    this.#data = data
    this.#start = start
    this.#limit = limit
    this.open(data, start, limit)
  }

  /** Begins another chunk. */
  open(data: Uint8Array, start: number, limit: number): void {
    assert(limit - start >= XOR_HEADER_BYTES, 'a chunk has room for its header')
    this.#data = data
    this.#start = start
    this.#limit = limit
    this.#bits = 0
    this.#encoder.reset()
    data[start] = 0
    data[start + 1] = 0
  }

  get sampleCount(): number {
    return this.#encoder.count
  }

  /** The end of the chunk so far, not included. */
  get end(): number {
    return this.#start + XOR_HEADER_BYTES + ((this.#bits + 7) >>> 3)
  }

  /** Takes a sample that is not older than the one before; false, and nothing done, when there may not be room for it. */
  append(t: Timestamp, v: number): boolean {
    const encoder = this.#encoder
    const data = this.#data
    let at = this.#start + XOR_HEADER_BYTES + (this.#bits >>> 3)
    if (at + XOR_SAMPLE_BYTES_MAX > this.#limit || encoder.count === SAMPLES_MAX) return false
    const partialBits = this.#bits & 7
    encoder.encode(t, v, partialBits === 0 ? 0 : data[at], partialBits)
    const byteCount = (encoder.bitCount + 7) >>> 3
    for (let i = 0; i < byteCount; i++) data[at++] = encoder.words[i >>> 2] >>> (24 - ((i & 3) << 3))
    this.#bits += encoder.bitCount - partialBits
    data[this.#start] = encoder.count >>> 8
    data[this.#start + 1] = encoder.count
    return true
  }
}

/** The chunk of the samples `from` up to, not including, `to` (at most 65535), in a new array of exact size. */
export function encodeXor(timestamps: ArrayLike<number>, values: ArrayLike<number>, from = 0, to = timestamps.length): Uint8Array {
  assert(to - from <= SAMPLES_MAX, 'an XOR chunk counts at most 65535 samples')
  const bytes = new Uint8Array(XOR_HEADER_BYTES + (to - from + 1) * XOR_SAMPLE_BYTES_MAX)
  const appender = new XorAppender(bytes, 0, bytes.length)
  for (let i = from; i < to; i++) appender.append(timestamps[i], values[i])
  return bytes.slice(0, appender.end)
}

/** The samples an XOR chunk says it has. */
export function xorSampleCount(data: Uint8Array, start: number): number {
  return (data[start] << 8) | data[start + 1]
}

/** 32 bits from bit `bit` on; zeros past the end of the array. */
function peek(data: Uint8Array, bit: number): number {
  const at = bit >>> 3
  const shift = bit & 7
  if (at + 4 < data.length) {
    const word = (data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3]
    return shift === 0 ? word : (word << shift) | (data[at + 4] >>> (8 - shift))
  }
  return peekAtEnd(data, at, shift)
}

function peekAtEnd(data: Uint8Array, at: number, shift: number): number {
  let word = 0
  for (let i = 0; i < 4; i++) word |= at + i < data.length ? data[at + i] << (24 - 8 * i) : 0
  return word << shift
}

/**
 * Appends the samples of a chunk with `minTime` <= t <= `maxTime` to `out`, values bit for bit. The chunk lies in `data` from
 * `start` up to, not including, `end`. Throws when the bytes end before the samples do.
 *
 * Hot: about 15 ns a sample (xor.bench.ts). The value goes through `valueWords`, so the bits of a NaN survive.
 * The chunk's place in `data` must lie below 256 MiB, so that a bit position is a small integer.
 */
export function decodeXor(data: Uint8Array, start: number, end: number, minTime: Timestamp, maxTime: Timestamp, out: SampleColumns): void {
  const count = end - start < XOR_HEADER_BYTES ? 0 : xorSampleCount(data, start)
  if (end - start < XOR_HEADER_BYTES) throw new Error(`decode xor chunk: ${end - start} bytes, want at least ${XOR_HEADER_BYTES}`)
  if (count === 0) return
  out.reserve(count)
  const timestamps = out.timestamps
  const words = out.valueWords
  let length = out.length

  let at = start + XOR_HEADER_BYTES
  let t = 0
  let scale = 1
  let byte = 0x80
  while (byte >= 0x80 && at < end) {
    byte = data[at++]
    t += (byte & 0x7f) * scale
    scale *= 0x80
  }
  t = t % 2 === 1 ? -(t + 1) / 2 : t / 2
  let bit = at * 8
  let high = peek(data, bit)
  let low = peek(data, bit + 32)
  bit += 64
  const bitEnd = end * 8
  if (bit > bitEnd) throw endsEarly(0, count)
  if (t >= minTime && t <= maxTime) {
    timestamps[length] = t
    words[2 * length] = low
    words[2 * length + 1] = high
    length++
  }

  let tDelta = 0
  let leading = 0
  let trailing = 0
  for (let index = 1; index < count; index++) {
    if (t > maxTime) break
    let head = 0
    if (index === 1) {
      at = bit >>> 3
      scale = 1
      byte = 0x80
      while (byte >= 0x80 && at < end) {
        byte = data[at++]
        tDelta += (byte & 0x7f) * scale
        scale *= 0x80
      }
      bit = at * 8
      head = peek(data, bit)
    } else {
      head = peek(data, bit)
      if (head >= 0) {
        // The spacing of the samples has not changed, and the bit after it is in the window already.
        bit++
        head <<= 1
      } else {
        if (head << 1 >= 0) {
          const change = (head >>> 16) & 0x3fff
          tDelta += change > 0x2000 ? change - 0x4000 : change
          bit += 16
        } else if (head << 2 >= 0) {
          const change = (head >>> 12) & 0x1ffff
          tDelta += change > 0x10000 ? change - 0x20000 : change
          bit += 20
        } else if (head << 3 >= 0) {
          const change = (head >>> 8) & 0xfffff
          tDelta += change > 0x80000 ? change - 0x100000 : change
          bit += 24
        } else {
          tDelta += peek(data, bit + 4) * 0x100000000 + (peek(data, bit + 36) >>> 0)
          bit += 68
        }
        head = peek(data, bit)
      }
    }
    t += tDelta

    if (head >= 0) bit++
    else {
      if (head << 1 >= 0) bit += 2
      else {
        head = peek(data, bit)
        leading = (head >>> 25) & 0x1f
        const significant = (head >>> 19) & 0x3f
        trailing = 64 - leading - (significant === 0 ? 64 : significant)
        if (trailing < 0)
          throw new Error(`decode xor chunk: sample ${index} has ${leading} leading zeros and ${significant} bits, want at most 64`)
        bit += 13
      }
      const bits = 64 - leading - trailing
      let changeHigh = 0
      let changeLow = 0
      if (bits > 32) {
        changeHigh = peek(data, bit) >>> (64 - bits)
        changeLow = peek(data, bit + bits - 32)
      } else changeLow = peek(data, bit) >>> (32 - bits)
      bit += bits
      if (trailing >= 32) {
        changeHigh = changeLow << (trailing - 32)
        changeLow = 0
      } else if (trailing > 0) {
        changeHigh = (changeHigh << trailing) | (changeLow >>> (32 - trailing))
        changeLow <<= trailing
      }
      high ^= changeHigh
      low ^= changeLow
    }
    if (bit > bitEnd) throw endsEarly(index, count)
    if (t >= minTime && t <= maxTime) {
      timestamps[length] = t
      words[2 * length] = low
      words[2 * length + 1] = high
      length++
    }
  }
  out.length = length
}

function endsEarly(index: number, count: number): Error {
  return new Error(`decode xor chunk: bytes end in sample ${index} of ${count}`)
}
