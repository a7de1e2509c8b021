import type { Timestamp } from '../../model/time.ts'

/** Times further from 1970 stand for "ever". */
const TIME_MAX = 2 ** 52

const number = new Float64Array(1)
const words = new Uint32Array(number.buffer)

/** Reads the numbers of a record. Throws `RangeError` where they end early or are none. Format: docs/formats/prometheus-wal.md. */
export class RecordCursor {
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0

  open(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#at = start
    this.#end = end
  }

  get left(): number {
    return this.#end - this.#at
  }

  u8(): number {
    this.#need(1)
    return this.#bytes[this.#at++]
  }

  /** A reference: an integer up to 2^53. */
  u64(): number {
    const high = this.#word()
    const value = high * 0x1_0000_0000 + this.#word()
    if (!Number.isSafeInteger(value)) throw new RangeError(`number is ${value}, want at most 2^53`)
    return value
  }

  /** Infinite when it is beyond 2^52. */
  time(): Timestamp {
    const high = this.#word() | 0
    return boundedTime(high * 0x1_0000_0000 + this.#word())
  }

  /** As `u64`. */
  varuint(): number {
    const value = this.#varuint()
    if (!Number.isSafeInteger(value)) throw new RangeError(`number is ${value}, want at most 2^53`)
    return value
  }

  /** An integer between -2^52 and 2^52. */
  varint(): number {
    const zigzag = this.varuint()
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
  }

  /** As `time`, of 1 to 10 bytes. */
  varTime(): Timestamp {
    const isNegative = this.left > 0 && (this.#bytes[this.#at] & 1) === 1
    const zigzag = this.#varuint()
    return boundedTime(isNegative ? -Math.ceil(zigzag / 2) : zigzag / 2)
  }

  /** A count of things that have at least `bytesMin` bytes each. */
  count(bytesMin: number): number {
    const count = this.varuint()
    if (count * bytesMin > this.left) throw new RangeError(`${count} entries in ${this.left} bytes`)
    return count
  }

  /** A float64. The bits of a marker survive as far as those of a number do: decision 0002. */
  float(): number {
    words[1] = this.#word()
    words[0] = this.#word()
    return number[0]
  }

  text(): string {
    const length = this.varuint()
    this.#need(length)
    const start = this.#at
    this.#at += length
    return this.#bytes.toString('utf8', start, this.#at)
  }

  skip(count: number): void {
    this.#need(count)
    this.#at += count
  }

  /** Takes the next `count` bytes, which stay the record's. */
  take(count: number): Uint8Array {
    this.skip(count)
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  /** Exact up to 2^53. */
  #varuint(): number {
    const bytes = this.#bytes
    let at = this.#at
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      if (at >= this.#end) break
      const byte = bytes[at++]
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.#at = at
        return value
      }
      scale *= 0x80
    }
    throw new RangeError(at >= this.#end ? 'number is cut off' : 'number has more than 10 bytes')
  }

  #word(): number {
    this.#need(4)
    const bytes = this.#bytes
    const at = this.#at
    this.#at += 4
    return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0
  }

  #need(count: number): void {
    if (count > this.left) throw new RangeError(`${this.left} bytes are left, want ${count}`)
  }
}

function boundedTime(t: number): Timestamp {
  if (t > TIME_MAX) return Number.POSITIVE_INFINITY
  return t < -TIME_MAX ? Number.NEGATIVE_INFINITY : t
}
