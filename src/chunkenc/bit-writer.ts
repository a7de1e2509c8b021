import { STALE_HIGH, STALE_LOW } from '../model/staleness.ts'
import { NO_LEADING } from './xor-sample.ts'

/** The window of an XOR run that has not begun: leading zeros in the low byte, trailing zeros in the next. */
export const NO_WINDOW = NO_LEADING

const floats = new Float64Array(1)
const floatWords = new Uint32Array(floats.buffer)

/**
 * Bits into 32-bit words, most significant first. The caller reserves room once for many writes.
 * Integers are doubles, so exact up to 2^53. Formats: docs/formats/chunks.md.
 */
export class BitWriter {
  words = new Uint32Array(64)
  #word = 0
  #used = 0
  #full = 0

  /** Begins again with the first `partialBits` (0…7) bits of `partialByte`. */
  start(partialByte: number, partialBits: number): void {
    this.#word = partialBits === 0 ? 0 : partialByte << 24
    this.#used = partialBits
    this.#full = 0
  }

  /** Room for `byteCount` more bytes. */
  reserve(byteCount: number): void {
    const wanted = this.#full + (byteCount >>> 2) + 3
    if (wanted <= this.words.length) return
    const words = new Uint32Array(Math.max(wanted, 2 * this.words.length))
    words.set(this.words)
    this.words = words
  }

  /** Makes `words` complete and tells how many bits it has. */
  finish(): number {
    this.words[this.#full] = this.#word
    return this.#full * 32 + this.#used
  }

  /** The low `count` (1…32) bits of `bits`; the others must be zero when `count` < 32. */
  put(bits: number, count: number): void {
    const room = 32 - this.#used
    if (count < room) {
      this.#word |= bits << (room - count)
      this.#used += count
      return
    }
    const rest = count - room
    this.words[this.#full++] = this.#word | (rest === 0 ? bits : bits >>> rest)
    this.#word = rest === 0 ? 0 : bits << (32 - rest)
    this.#used = rest
  }

  putFloat(value: number): void {
    floats[0] = value
    this.put(floatWords[1] | 0, 32)
    this.put(floatWords[0] | 0, 32)
  }

  /** The staleness marker, by the bits that upstream gives it. */
  putStale(): void {
    this.put(STALE_HIGH, 32)
    this.put(STALE_LOW, 32)
  }

  /** Seven bits a byte, the lowest first. */
  putUvarint(value: number): void {
    while (value >= 0x80) {
      this.put((value % 0x80) | 0x80, 8)
      value = Math.floor(value / 0x80)
    }
    this.put(value, 8)
  }

  putVarint(value: number): void {
    this.putUvarint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** A signed integer, short when it is near zero. Hot: once a bucket of a histogram. */
  putVarbitInt(value: number): void {
    if (value === 0) this.put(0, 1)
    else if (value >= -3 && value <= 4) this.put((0b10 << 3) | (value & 0x7), 5)
    else if (value >= -31 && value <= 32) this.put((0b110 << 6) | (value & 0x3f), 9)
    else if (value >= -255 && value <= 256) this.put((0b1110 << 9) | (value & 0x1ff), 13)
    else if (value >= -2047 && value <= 2048) this.put((0b11110 << 12) | (value & 0xfff), 17)
    else if (value >= -131071 && value <= 131072) this.put((0b111110 << 18) | (value & 0x3ffff), 24)
    else if (value >= -16777215 && value <= 16777216) this.put((0b1111110 << 25) | (value & 0x1ffffff), 32)
    else this.#putLong(value, value > -(2 ** 55) && value <= 2 ** 55)
  }

  putVarbitUint(value: number): void {
    if (value === 0) this.put(0, 1)
    else if (value < 0x8) this.put((0b10 << 3) | value, 5)
    else if (value < 0x40) this.put((0b110 << 6) | value, 9)
    else if (value < 0x200) this.put((0b1110 << 9) | value, 13)
    else if (value < 0x1000) this.put((0b11110 << 12) | value, 17)
    else if (value < 0x40000) this.put((0b111110 << 18) | value, 24)
    else if (value < 0x2000000) this.put((0b1111110 << 25) | value, 32)
    else this.#putLong(value, value < 2 ** 56)
  }

  #putLong(value: number, fits56: boolean): void {
    const high = Math.floor(value / 0x100000000) | 0
    if (fits56) {
      this.put((0b11111110 << 24) | (high & 0xffffff), 32)
    } else {
      this.put(0b11111111, 8)
      this.put(high, 32)
    }
    this.put(value | 0, 32)
  }

  /**
   * What differs between the bits of two floats, given their XOR. `window` is what the run before left, the answer what it leaves.
   * Hot: once a bucket of a float histogram.
   */
  putXor(high: number, low: number, window: number): number {
    if (high === 0 && low === 0) {
      this.put(0, 1)
      return window
    }
    const leading = high === 0 ? 31 : Math.min(31, Math.clz32(high))
    const trailing = low === 0 ? 63 - Math.clz32(high & -high) : 31 - Math.clz32(low & -low)
    if (window !== NO_WINDOW && leading >= (window & 0xff) && trailing >= window >>> 8) this.put(0b10, 2)
    else {
      this.put((0b11 << 11) | (leading << 6) | ((64 - leading - trailing) & 0x3f), 13)
      window = leading | (trailing << 8)
    }
    this.putWindow(high, low, window)
    return window
  }

  /** The bits of 64 that lie in a window. */
  putWindow(high: number, low: number, window: number): void {
    const shift = window >>> 8
    const bits = 64 - (window & 0xff) - shift
    if (shift >= 32) {
      low = shift === 32 ? high : high >>> (shift - 32)
      high = 0
    } else if (shift > 0) {
      low = (low >>> shift) | (high << (32 - shift))
      high >>>= shift
    }
    if (bits > 32) {
      this.put(high, bits - 32)
      this.put(low, 32)
    } else this.put(low, bits)
  }
}
