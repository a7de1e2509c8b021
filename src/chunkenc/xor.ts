import { assert } from '../base/assert.ts'
import { isStaleBits, STALE_LOW } from '../model/staleness.ts'
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

/** Bytes that a chunk of one sample takes at most. */
export const XOR_ONE_BYTES_MAX = XOR_HEADER_BYTES + 10 + 8

/** Writes the chunk of one sample, the bits of whose value are given, and answers where it ends. */
export function writeXorOne(t: Timestamp, high: number, low: number, into: Uint8Array, start: number): number {
  into[start] = 0
  into[start + 1] = 1
  let at = start + XOR_HEADER_BYTES
  let rest = t < 0 ? -2 * t - 1 : 2 * t
  while (rest >= 0x80) {
    into[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  into[at++] = rest
  for (let shift = 24; shift >= 0; shift -= 8) into[at++] = high >>> shift
  for (let shift = 24; shift >= 0; shift -= 8) into[at++] = low >>> shift
  return at
}

/** The samples an XOR chunk says it has. */
export function xorSampleCount(data: Uint8Array, start: number): number {
  return (data[start] << 8) | data[start + 1]
}

/** 32 bits from bit `bit` on. Up to bit `last` they are read as a word, which is what makes it quick; zeros past the end of the array. */
function peek(data: Uint8Array, view: DataView, last: number, bit: number): number {
  const at = bit >>> 3
  if (bit <= last) return (view.getInt32(at) << (bit & 7)) | (data[at + 4] >>> (8 - (bit & 7)))
  return peekAtEnd(data, at, bit & 7)
}

function peekAtEnd(data: Uint8Array, at: number, shift: number): number {
  let word = 0
  for (let i = 0; i < 4; i++) word |= at + i < data.length ? data[at + i] << (24 - 8 * i) : 0
  return shift === 0 ? word : (word << shift) | (at + 4 < data.length ? data[at + 4] >>> (8 - shift) : 0)
}

/**
 * Appends the samples of a chunk with `minTime` <= t <= `maxTime` to `out`, values bit for bit. The chunk lies in `data` from
 * `start` up to, not including, `end`. Throws when the bytes end before the samples do.
 *
 * Hot: about 9 ns a sample of a counter (xor.bench.ts). Most samples are told by one word of 32 bits: how the time changes, how the
 * value does, and the changed bits. The value goes through `valueWords`, so the bits of a NaN survive.
 * The chunk's place in `data` must lie below 256 MiB, so that a bit position is a small integer.
 */
export function decodeXor(data: Uint8Array, start: number, end: number, minTime: Timestamp, maxTime: Timestamp, out: SampleColumns): void {
  const count = end - start < XOR_HEADER_BYTES ? 0 : xorSampleCount(data, start)
  if (end - start < XOR_HEADER_BYTES) throw new Error(`decode xor chunk: ${end - start} bytes, want at least ${XOR_HEADER_BYTES}`)
  if (count === 0) return
  out.reserve(count)
  const { memory } = out
  if (memory?.takes(end - start, count) === true) {
    memory.decodeXor(data, start + XOR_HEADER_BYTES, end, count, minTime, maxTime, out)
    return
  }
  const view = viewOf(data)
  const last = (data.length - 5) * 8
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
  let high = peek(data, view, last, bit)
  let low = peek(data, view, last, bit + 32)
  bit += 64
  const bitEnd = end * 8
  if (bit > bitEnd) throw endsEarly(0, count)
  if (t >= minTime && t <= maxTime) {
    timestamps[length] = t
    words[2 * length] = low
    words[2 * length + 1] = high
    length++
  }
  let hasMarker = low === STALE_LOW && isStaleBits(high >>> 0, low)
  if (count === 1 || t > maxTime) {
    const added = length - out.length
    out.length = length
    out.noteAdded(added, true, 0, hasMarker, false)
    return
  }

  let tDelta = 0
  at = bit >>> 3
  scale = 1
  byte = 0x80
  while (byte >= 0x80 && at < end) {
    byte = data[at++]
    tDelta += (byte & 0x7f) * scale
    scale *= 0x80
  }
  bit = at * 8

  // Where changed bits lie in a value: so many of them, and zeros behind them.
  let bits = 64
  let trailing = 0
  const spacing = tDelta
  let isEven = true
  for (let index = 1; index < count; index++) {
    // As `peek` does it, which the engine does not put everywhere where it is called.
    const place = bit >>> 3
    let head = bit <= last ? (view.getInt32(place) << (bit & 7)) | (data[place + 4] >>> (8 - (bit & 7))) : peekAtEnd(data, place, bit & 7)
    if (index > 1) {
      if (head >= 0) {
        // The spacing of the samples has not changed, and the bit after it is in the word already.
        bit++
        head <<= 1
      } else {
        isEven = false
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
          tDelta += peek(data, view, last, bit + 4) * 0x100000000 + (peek(data, view, last, bit + 36) >>> 0)
          bit += 68
        }
        head = peek(data, view, last, bit)
      }
    }
    t += tDelta
    if (t > maxTime) break

    // From here on at least 31 bits of the word are good.
    if (head >= 0) bit++
    else {
      let good = 29
      if (head << 1 >= 0) {
        bit += 2
        head <<= 2
      } else {
        const leading = (head >>> 25) & 0x1f
        const significant = (head >>> 19) & 0x3f
        bits = significant === 0 ? 64 : significant
        trailing = 64 - leading - bits
        if (trailing < 0)
          throw new Error(`decode xor chunk: sample ${index} has ${leading} leading zeros and ${significant} bits, want at most 64`)
        bit += 13
        head <<= 13
        good = 18
      }
      if (bits <= good) {
        const change = head >>> (32 - bits)
        if (trailing >= 32) high ^= change << (trailing - 32)
        else {
          low ^= change << trailing
          // In two steps: to shift by 32 is to shift by nothing.
          high ^= (change >>> 1) >>> (31 - trailing)
        }
      } else {
        let changeHigh = 0
        let changeLow = 0
        if (bits > 32) {
          changeHigh = peek(data, view, last, bit) >>> (64 - bits)
          changeLow = peek(data, view, last, bit + bits - 32)
        } else changeLow = peek(data, view, last, bit) >>> (32 - bits)
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
      bit += bits
    }
    if (bit > bitEnd) throw endsEarly(index, count)
    timestamps[length] = t
    words[2 * length] = low
    words[2 * length + 1] = high
    if (low === STALE_LOW && isStaleBits(high >>> 0, low)) hasMarker = true
    if (t >= minTime) length++
  }
  const added = length - out.length
  out.length = length
  out.noteAdded(added, isEven, spacing, hasMarker, doesFall(out.values, length - added, length))
}

/** Whether any of some values is lower than the one before. */
function doesFall(values: Float64Array, from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) if (values[i] < values[i - 1]) return true
  return false
}

let viewed: Uint8Array | undefined
let lastView: DataView = new DataView(new ArrayBuffer(0))

/** Chunks that come one after the other mostly lie in the same bytes, and a view costs as much as some samples. */
function viewOf(data: Uint8Array): DataView {
  if (data !== viewed) {
    lastView = new DataView(data.buffer, data.byteOffset, data.byteLength)
    viewed = data
  }
  return lastView
}

function endsEarly(index: number, count: number): Error {
  return new Error(`decode xor chunk: bytes end in sample ${index} of ${count}`)
}
