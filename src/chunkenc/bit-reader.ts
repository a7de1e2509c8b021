const floats = new Float64Array(1)
const floatWords = new Uint32Array(floats.buffer)

/** How many bits follow a run of so many ones and a zero (the longest run: no zero). Source: Prometheus tsdb/chunkenc/varbit.go. */
const VARBIT_BITS = [0, 3, 6, 9, 12, 18, 25, 56, 64]

/**
 * Reads what BitWriter writes, from bytes that may be anything. Past the end it reads zeros: whoever reads looks at `isPastEnd` before
 * the answer is used for more than arithmetic. The chunk's place in its array must lie below 256 MiB.
 */
export class BitReader {
  #data: Uint8Array = new Uint8Array(0)
  #bit = 0
  #end = 0

  /** The halves of the float read last. */
  high = 0
  low = 0
  /** What `readXor` leaves: leading zeros | trailing zeros << 8. */
  window = 0

  open(data: Uint8Array, start: number, end: number): void {
    this.#data = data
    this.#bit = start * 8
    this.#end = end * 8
  }

  get bitsLeft(): number {
    return this.#end - this.#bit
  }

  get isPastEnd(): boolean {
    return this.#bit > this.#end
  }

  /** 32 bits from a bit on. */
  #peek(bit: number): number {
    const data = this.#data
    const at = bit >>> 3
    const shift = bit & 7
    if (at + 4 < data.length)
      return (((data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3]) << shift) | (data[at + 4] >>> (8 - shift))
    let word = 0
    for (let i = 0; i < 4; i++) word |= at + i < data.length ? data[at + i] << (24 - 8 * i) : 0
    return word << shift
  }

  /** 32 bits that are only looked at. */
  peek(): number {
    return this.#peek(this.#bit)
  }

  skip(count: number): void {
    this.#bit += count
  }

  /** `count` (1…32) bits without a sign. */
  read(count: number): number {
    const bits = this.#peek(this.#bit) >>> (32 - count)
    this.#bit += count
    return bits
  }

  /** The sum of bytes' low seven bits, at most 2^70 or so. */
  readUvarint(): number {
    let sum = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.read(8)
      sum += (byte & 0x7f) * scale
      if (byte < 0x80) break
      scale *= 0x80
    }
    return sum
  }

  readVarint(): number {
    const sum = this.readUvarint()
    return sum % 2 === 1 ? -(sum + 1) / 2 : sum / 2
  }

  readVarbitInt(): number {
    const head = this.#peek(this.#bit)
    if (head >= 0) {
      this.#bit++
      return 0
    }
    const ones = Math.clz32(~head)
    if (ones < 7) {
      const count = VARBIT_BITS[ones]
      this.#bit += ones + 1 + count
      const bits = (head << (ones + 1)) >>> (32 - count)
      const half = 1 << (count - 1)
      return bits > half ? bits - 2 * half : bits
    }
    return this.#readLong(ones, true)
  }

  /** The same `count` times. Hot: once a bucket of a histogram; about 5 ns (histogram.bench.ts), half of what the calls would take. */
  readVarbitInts(into: Float64Array, count: number): void {
    const data = this.#data
    const last = data.length - 5
    let bit = this.#bit
    for (let i = 0; i < count; i++) {
      const at = bit >>> 3
      const shift = bit & 7
      const head =
        at <= last
          ? (((data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3]) << shift) | (data[at + 4] >>> (8 - shift))
          : this.#peek(bit)
      if (head >= 0) {
        into[i] = 0
        bit++
        continue
      }
      const ones = Math.clz32(~head)
      if (ones < 7) {
        const width = VARBIT_BITS[ones]
        bit += ones + 1 + width
        const bits = (head << (ones + 1)) >>> (32 - width)
        const half = 1 << (width - 1)
        into[i] = bits > half ? bits - 2 * half : bits
      } else {
        this.#bit = bit
        into[i] = this.#readLong(ones, true)
        bit = this.#bit
      }
    }
    this.#bit = bit
  }

  readVarbitUint(): number {
    const head = this.#peek(this.#bit)
    const ones = Math.clz32(~head)
    if (ones >= 7) return this.#readLong(ones, false)
    const count = VARBIT_BITS[ones]
    this.#bit += ones + 1 + count
    return count === 0 ? 0 : (head << (ones + 1)) >>> (32 - count)
  }

  #readLong(ones: number, isSigned: boolean): number {
    this.#bit += 8
    const high = this.read(ones === 7 ? 24 : 32)
    const low = this.read(32)
    if (!isSigned) return high * 0x100000000 + low
    // The sign goes into the high half first: the sum of both would not be exact before. 2^55 itself is positive.
    if (ones === 7 && !(high === 0x800000 && low === 0)) return ((high << 8) >> 8) * 0x100000000 + low
    return (ones === 7 ? high : high | 0) * 0x100000000 + low
  }

  /** A float64; its halves stand in `high` and `low`, which keep the bits of a NaN. */
  readFloat(): number {
    this.high = this.#peek(this.#bit)
    this.low = this.#peek(this.#bit + 32)
    this.#bit += 64
    floatWords[0] = this.low
    floatWords[1] = this.high
    return floats[0]
  }

  /**
   * Applies a run's next difference to `high` and `low`, which the caller sets with `window` to what they were. False when the window
   * is impossible. Hot: once a bucket of a float histogram.
   */
  readXor(): boolean {
    const head = this.#peek(this.#bit)
    if (head >= 0) {
      this.#bit++
      return true
    }
    this.#bit += 2
    if (head << 1 < 0) return this.readNewWindow()
    this.readWindow()
    return true
  }

  /**
   * The same for `count` runs at once, whose values and windows stand in columns. False when a window is impossible.
   * Hot: once a bucket of a float histogram; half of what the calls would take (histogram.bench.ts).
   */
  readXors(words: Uint32Array, windows: Uint16Array, count: number): boolean {
    let bit = this.#bit
    for (let i = 0; i < count; i++) {
      const head = this.#peek(bit)
      if (head >= 0) {
        bit++
        continue
      }
      let window = windows[i]
      if (head << 1 >= 0) bit += 2
      else {
        const leading = (head >>> 25) & 0x1f
        const significant = (head >>> 19) & 0x3f
        const trailing = 64 - leading - (significant === 0 ? 64 : significant)
        if (trailing < 0) return false
        window = leading | (trailing << 8)
        windows[i] = window
        bit += 13
      }
      const trailing = window >>> 8
      const bits = 64 - (window & 0xff) - trailing
      let high = 0
      let low = 0
      if (bits > 32) {
        high = this.#peek(bit) >>> (64 - bits)
        low = this.#peek(bit + bits - 32)
      } else low = this.#peek(bit) >>> (32 - bits)
      bit += bits
      if (trailing >= 32) {
        high = low << (trailing - 32)
        low = 0
      } else if (trailing > 0) {
        high = (high << trailing) | (low >>> (32 - trailing))
        low <<= trailing
      }
      words[2 * i] ^= low
      words[2 * i + 1] ^= high
    }
    this.#bit = bit
    return true
  }

  /** A window and the difference in it. */
  readNewWindow(): boolean {
    const head = this.read(11)
    const leading = head >>> 6
    const significant = head & 0x3f
    const trailing = 64 - leading - (significant === 0 ? 64 : significant)
    if (trailing < 0) return false
    this.window = leading | (trailing << 8)
    this.readWindow()
    return true
  }

  /** The difference in the window that there is. */
  readWindow(): void {
    const trailing = this.window >>> 8
    const bits = 64 - (this.window & 0xff) - trailing
    let high = 0
    let low = 0
    if (bits > 32) {
      high = this.#peek(this.#bit) >>> (64 - bits)
      low = this.#peek(this.#bit + bits - 32)
    } else low = this.#peek(this.#bit) >>> (32 - bits)
    this.#bit += bits
    if (trailing >= 32) {
      high = low << (trailing - 32)
      low = 0
    } else if (trailing > 0) {
      high = (high << trailing) | (low >>> (32 - trailing))
      low <<= trailing
    }
    this.high ^= high
    this.low ^= low
  }
}
