import { isStaleMarker, STALE_HIGH, STALE_LOW } from '../../model/staleness.ts'

const double = new Float64Array(1)
const doubleWords = new Uint32Array(double.buffer)

/** A protobuf message in the making, in bytes that are used again. Numbers from -2^53 to 2^53. */
export class WireWriter {
  bytes = new Uint8Array(64 * 1024)
  length = 0

  clear(): void {
    this.length = 0
  }

  /** Makes room for so many more bytes; without it nothing below may be called. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.length + count, 2 * this.bytes.length))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }

  byte(value: number): void {
    this.bytes[this.length++] = value
  }

  /** Not negative; at most 8 bytes. */
  varint(value: number): void {
    const bytes = this.bytes
    let at = this.length
    while (value >= 0x80000000) {
      bytes[at++] = (value % 0x80) | 0x80
      value = Math.floor(value / 0x80)
    }
    while (value >= 0x80) {
      bytes[at++] = value | 0x80
      value >>>= 7
    }
    bytes[at++] = value
    this.length = at
  }

  /** An int64: a negative one is ten bytes of two's complement. */
  int64(value: number): void {
    if (value >= 0) {
      this.varint(value)
      return
    }
    // -v - 1 has the bits of v, inverted.
    let rest = -value - 1
    for (let i = 0; i < 9; i++) {
      this.bytes[this.length++] = (~(rest % 0x80) & 0x7f) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.bytes[this.length++] = 1
  }

  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** The staleness marker has the bits that Prometheus gives it, whatever it has here. */
  double(value: number): void {
    double[0] = value
    let low = doubleWords[0]
    let high = doubleWords[1]
    // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN, and this runs once a sample.
    if (value !== value && isStaleMarker(value)) {
      low = STALE_LOW
      high = STALE_HIGH
    }
    const bytes = this.bytes
    const at = this.length
    bytes[at] = low
    bytes[at + 1] = low >>> 8
    bytes[at + 2] = low >>> 16
    bytes[at + 3] = low >>> 24
    bytes[at + 4] = high
    bytes[at + 5] = high >>> 8
    bytes[at + 6] = high >>> 16
    bytes[at + 7] = high >>> 24
    this.length = at + 8
  }

  /** Bytes of another array. */
  copy(from: Uint8Array, start: number, end: number): void {
    const bytes = this.bytes
    let at = this.length
    if (end - start > 48) {
      bytes.set(from.subarray(start, end), at)
      this.length = at + end - start
      return
    }
    for (let i = start; i < end; i++) bytes[at++] = from[i]
    this.length = at
  }

  /** Puts the length of what was written since `start` before it, where one byte was left for it. */
  closeLength(start: number): void {
    const size = this.length - start - 1
    if (size < 0x80) {
      this.bytes[start] = size
      return
    }
    const extra = varintSize(size) - 1
    this.reserve(extra)
    this.bytes.copyWithin(start + 1 + extra, start + 1, this.length)
    const end = this.length + extra
    this.length = start
    this.varint(size)
    this.length = end
  }
}

/** Bytes that a varint takes. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x200000) return 3
  if (value < 0x10000000) return 4
  let size = 4
  for (let rest = value / 0x10000000; rest >= 1; rest /= 0x80) size++
  return size
}
