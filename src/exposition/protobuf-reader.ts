// Protobuf fields, read from bytes in place. Nothing is believed of a length but that it is not longer than what is there.
// Source: Protocol Buffers, "Encoding"; the errors are those of upstream's generated readers.

import { ExpositionError } from './exposition-error.ts'

export const WireType = { varint: 0, fixed64: 1, length: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const
export type WireType = (typeof WireType)[keyof typeof WireType]

/** Groups within groups: they have gone out of use, and nobody nests them. */
const GROUP_DEPTH_MAX = 100
const TWO_32 = 2 ** 32

export const UNEXPECTED_END = 'unexpected EOF'

/** A place in a page. Values are left in `low`, `high` and `at`, so that reading allocates nothing. */
export class ProtobufReader {
  #bytes: Uint8Array = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)
  position = 0
  /** Of the last key. */
  field = 0
  wireType = 0
  /** The last varint, two words. */
  #low = 0
  #high = 0

  reset(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.position = 0
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Reads the next field's key. */
  key(message: string, end: number): void {
    this.varint(end)
    this.wireType = this.#low & 7
    this.field = (this.#low >>> 3) | ((this.#high & 7) << 29)
    if (this.wireType === WireType.groupEnd) throw new ExpositionError(`proto: ${message}: wiretype end group for non-group`)
    if (this.field <= 0) throw new ExpositionError(`proto: ${message}: illegal tag ${this.field} (wire type ${this.unsigned})`)
  }

  /** Throws where the field is not of the type that it must have. */
  want(wireType: WireType, name: string): void {
    if (this.wireType !== wireType) throw new ExpositionError(`proto: wrong wireType = ${this.wireType} for field ${name}`)
  }

  /** Reads a varint of up to ten bytes before `end`. Hot. */
  varint(end: number): void {
    const bytes = this.#bytes
    let p = this.position
    if (p < end && bytes[p] < 128) {
      this.#low = bytes[p]
      this.#high = 0
      this.position = p + 1
      return
    }
    let low = 0
    let high = 0
    for (let shift = 0; ; shift += 7) {
      if (shift >= 70) throw new ExpositionError('proto: integer overflow')
      if (p >= end) throw new ExpositionError(UNEXPECTED_END)
      const byte = bytes[p++]
      const bits = byte & 127
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else if (shift < 63) high |= bits << (shift - 32)
      else high |= (bits & 1) << 31
      if (byte < 128) break
    }
    this.#low = low >>> 0
    this.#high = high >>> 0
    this.position = p
  }

  /** The last varint as a uint64. */
  get unsigned(): number {
    return this.#high * TWO_32 + this.#low
  }

  /** As an int64. */
  get integer(): number {
    return (this.#high | 0) * TWO_32 + this.#low
  }

  /** As an int32. */
  get integer32(): number {
    return this.#low | 0
  }

  get unsigned32(): number {
    return this.#low
  }

  /** As a sint64: zigzag. */
  get zigzag(): number {
    const half = (this.#high >>> 1) * TWO_32 + (((this.#low >>> 1) | ((this.#high & 1) << 31)) >>> 0)
    return (this.#low & 1) === 0 ? half : -half - 1
  }

  /** As a sint32. */
  get zigzag32(): number {
    return (this.#low >>> 1) ^ -(this.#low & 1)
  }

  /** Reads a length and answers where what it measures ends. */
  lengthEnd(end: number): number {
    this.varint(end)
    if (this.#high >= 0x80000000) throw new ExpositionError('proto: negative length found during unmarshaling')
    const stop = this.position + this.unsigned
    if (stop > end) throw new ExpositionError(UNEXPECTED_END)
    return stop
  }

  double(end: number): number {
    if (this.position + 8 > end) throw new ExpositionError(UNEXPECTED_END)
    const value = this.#view.getFloat64(this.position, true)
    this.position += 8
    return value
  }

  /** Moves over the value of the field whose key was read. */
  skip(end: number): void {
    let depth = 0
    for (;;) {
      switch (this.wireType) {
        case WireType.varint:
          this.varint(end)
          break
        case WireType.fixed64:
          this.position += 8
          break
        case WireType.length:
          this.position = this.lengthEnd(end)
          break
        case WireType.fixed32:
          this.position += 4
          break
        case WireType.groupStart:
          if (++depth > GROUP_DEPTH_MAX) throw new ExpositionError(`proto: groups nested more than ${GROUP_DEPTH_MAX} deep`)
          break
        case WireType.groupEnd:
          depth--
          if (depth < 0) throw new ExpositionError('proto: unexpected end of group')
          break
        default:
          throw new ExpositionError(`proto: illegal wireType ${this.wireType}`)
      }
      if (this.position > end) throw new ExpositionError(UNEXPECTED_END)
      if (depth === 0) return
      this.varint(end)
      this.wireType = this.#low & 7
    }
  }
}
