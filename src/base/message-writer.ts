// Writes protobuf messages, field by field. Source of the encoding: protobuf.dev/programming-guides/encoding.

const VARINT_BYTES_MAX = 10

const VARINT = 0
const FIXED_64 = 1
const LENGTH = 2

/** Fields of one message, one after the other. */
export class MessageWriter {
  #bytes = Buffer.alloc(1024)
  #length = 0

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  text(field: number, text: string): void {
    const size = Buffer.byteLength(text)
    this.#key(field, LENGTH)
    this.#small(size)
    this.#reserve(size)
    this.#bytes.write(text, this.#length)
    this.#length += size
  }

  /** A uint64 or int64: negative ones take ten bytes. */
  integer(field: number, value: number): void {
    this.#key(field, VARINT)
    this.varint(BigInt.asUintN(64, BigInt(value)))
  }

  /** A uint64 that may be beyond 2^53. */
  unsigned(field: number, value: bigint): void {
    this.#key(field, VARINT)
    this.varint(BigInt.asUintN(64, value))
  }

  raw(field: number, bytes: Uint8Array): void {
    this.#key(field, LENGTH)
    this.#small(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** A sint32 or sint64. */
  signed(field: number, value: number): void {
    this.#key(field, VARINT)
    this.varint(zigzag(BigInt(value)))
  }

  double(field: number, value: number): void {
    this.#key(field, FIXED_64)
    this.rawDouble(value)
  }

  message(field: number, write: (out: MessageWriter) => void): void {
    this.#key(field, LENGTH)
    this.lengthBefore(write)
  }

  /** What is written, with its length before it: a byte is kept free for that, and what was written moves when it takes more. */
  lengthBefore(write: (out: MessageWriter) => void): void {
    this.#reserve(1)
    const at = this.#length++
    write(this)
    const size = this.#length - at - 1
    // Before `length` goes back: what is behind it would not be kept.
    this.#reserve(VARINT_BYTES_MAX)
    this.#length = at
    if (size < 128) this.#bytes[this.#length++] = size
    else {
      let sizeBytes = 1
      for (let left = size; left >= 128; left = Math.floor(left / 128)) sizeBytes++
      this.#bytes.copyWithin(at + sizeBytes, at + 1, at + 1 + size)
      this.#small(size)
    }
    this.#length += size
  }

  rawDouble(value: number): void {
    this.#reserve(8)
    this.#bytes.writeDoubleLE(value, this.#length)
    this.#length += 8
  }

  varint(value: bigint): void {
    this.#reserve(VARINT_BYTES_MAX)
    let left = value
    for (; left >= 128n; left >>= 7n) this.#bytes[this.#length++] = Number(left & 127n) | 128
    this.#bytes[this.#length++] = Number(left)
  }

  /** The same of a number that is not negative and below 2^31: most are, and large integers are objects. */
  #small(value: number): void {
    this.#reserve(VARINT_BYTES_MAX)
    let left = value
    for (; left >= 128; left >>>= 7) this.#bytes[this.#length++] = (left & 127) | 128
    this.#bytes[this.#length++] = left
  }

  #key(field: number, wireType: number): void {
    this.#small(field * 8 + wireType)
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return
    const grown = Buffer.alloc(Math.max(this.#length + size, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

/** How signed numbers are written where small ones are frequent. */
export function zigzag(value: bigint): bigint {
  return value < 0n ? -2n * value - 1n : 2n * value
}

/** A message with its length before it. */
export function behindLength(message: Uint8Array): Uint8Array {
  const length: number[] = []
  let rest = message.length
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) | 128)
  length.push(rest)
  return Buffer.concat([Uint8Array.from(length), message])
}
