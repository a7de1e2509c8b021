import { isStaleBits } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { BitWriter, NO_WINDOW } from './bit-writer.ts'
import { StartTimeEncoder } from './start-times.ts'

/** The most bytes one sample can take, with a partly used byte before it. */
export const XOR2_SAMPLE_BYTES_MAX = 32

const floats = new Float64Array(1)
const floatWords = new Uint32Array(floats.buffer)

/**
 * Turns one sample after another into the bits of an XOR2 chunk, which keeps start times, without knowing where the bits go. The twin of
 * XorSampleEncoder: the fields before `words`, and those of `starts`, are the state of the chunk.
 * Source: Prometheus tsdb/chunkenc/xor2.go.
 */
export class Xor2SampleEncoder {
  /** Samples already in the chunk. */
  count = 0
  t: Timestamp = 0
  tDelta = 0
  /** The halves of the last value that is no staleness marker. */
  high = 0
  low = 0
  /** Leading zeros | trailing zeros << 8; NO_WINDOW at first. */
  window = NO_WINDOW
  /** Start times; its `header` is the third byte of the chunk. */
  readonly starts = new StartTimeEncoder()

  readonly #bits = new BitWriter()
  bitCount = 0

  /** The answer: `bitCount` bits, most significant first, the caller's partial byte included. */
  get words(): Uint32Array {
    return this.#bits.words
  }

  reset(): void {
    this.count = 0
    this.t = 0
    this.tDelta = 0
    this.high = 0
    this.low = 0
    this.window = NO_WINDOW
    this.starts.reset()
  }

  /**
   * Encodes one more sample. `partialBits` (0…7) bits of `partialByte` were used by the sample before and are repeated
   * at the start of `words`. Times must not go back. Hot: about 30 ns (xor.bench.ts).
   */
  encode(t: Timestamp, v: number, startTime: Timestamp, partialByte: number, partialBits: number): void {
    floats[0] = v
    const low = floatWords[0] | 0
    const high = floatWords[1] | 0
    // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN, and this runs once a sample.
    const isStale = v !== v && isStaleBits(high >>> 0, low >>> 0)
    const bits = this.#bits
    bits.start(partialByte, partialBits)
    if (this.count === 0) {
      bits.putVarint(t)
      if (isStale) bits.putStale()
      else {
        bits.put(high, 32)
        bits.put(low, 32)
      }
    } else {
      const tDelta = t - this.t
      const change = tDelta - this.tDelta
      if (this.count === 1) bits.putUvarint(tDelta)
      if (this.count === 1 || change !== 0) {
        if (this.count > 1) this.#putTimeChange(change)
        if (isStale) bits.put(0b111, 3)
        else this.#putValue(high ^ this.high, low ^ this.low, 0b10, 2, 0b110, 3)
      } else if (isStale) bits.put(0b11111, 5)
      else this.#putValue(high ^ this.high, low ^ this.low, 0b100, 3, 0b101, 3)
      this.tDelta = tDelta
    }
    this.starts.encode(bits, this.count, t, this.t, startTime)
    this.t = t
    if (!isStale) {
      this.high = high
      this.low = low
    }
    this.count++
    this.bitCount = bits.finish()
  }

  #putTimeChange(change: number): void {
    const bits = this.#bits
    if (change >= -0x1000 && change < 0x1000) bits.put((0b110 << 13) | (change & 0x1fff), 16)
    else if (change >= -0x80000 && change < 0x80000) bits.put((0b1110 << 20) | (change & 0xfffff), 24)
    else {
      bits.put(0b11110, 5)
      bits.put(Math.floor(change / 0x100000000) | 0, 32)
      bits.put(change | 0, 32)
    }
  }

  /**
   * What differs from the bits of the value before: nothing is a zero, `same` begins bits of the window there is, `other` a new one.
   * A new window is taken as well when it saves more bits than it costs, so that one odd value does not make all later ones long.
   */
  #putValue(high: number, low: number, same: number, sameBits: number, other: number, otherBits: number): void {
    const bits = this.#bits
    if (high === 0 && low === 0) {
      bits.put(0, 1)
      return
    }
    const leading = high === 0 ? 31 : Math.min(31, Math.clz32(high))
    const trailing = low === 0 ? 63 - Math.clz32(high & -high) : 31 - Math.clz32(low & -low)
    const spareLeading = leading - (this.window & 0xff)
    const spareTrailing = trailing - (this.window >>> 8)
    const fits = this.window !== NO_WINDOW && spareLeading >= 0 && spareTrailing >= 0
    if (fits && spareLeading + spareTrailing <= 11 + otherBits - sameBits) bits.put(same, sameBits)
    else {
      bits.put((other << 11) | (leading << 6) | ((64 - leading - trailing) & 0x3f), otherBits + 11)
      this.window = leading | (trailing << 8)
    }
    bits.putWindow(high, low, this.window)
  }
}
