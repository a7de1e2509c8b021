import { DamageError } from './damage.ts'

/** Most bytes of a number of 64 bits. */
export const VARUINT_BYTES_MAX = 10

/** Reads numbers and texts out of bytes that lie in a file at `fileOffset`. Throws DamageError where they end early. docs/formats/blocks.md. */
export class ByteCursor {
  readonly path: string
  bytes: Buffer
  /** In `bytes`. */
  at = 0
  end = 0
  /** Where `bytes[0]` is in the file. */
  fileOffset = 0

  constructor(path: string, bytes: Buffer = Buffer.alloc(0), fileOffset = 0) {
    this.path = path
    this.bytes = bytes
    this.set(bytes, fileOffset)
  }

  /** Goes on with other bytes. */
  set(bytes: Buffer, fileOffset: number): void {
    this.bytes = bytes
    this.at = 0
    this.end = bytes.length
    this.fileOffset = fileOffset
  }

  get left(): number {
    return this.end - this.at
  }

  /** In the file. */
  get position(): number {
    return this.fileOffset + this.at
  }

  u8(): number {
    this.#need(1)
    return this.bytes[this.at++]
  }

  u32(): number {
    this.#need(4)
    const { bytes, at } = this
    this.at += 4
    return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0
  }

  /** An integer up to 2^53. */
  u64(): number {
    const high = this.u32()
    const value = high * 0x1_0000_0000 + this.u32()
    if (!Number.isSafeInteger(value)) throw this.damage('number', value, 'at most 2^53', -8)
    return value
  }

  /** An integer up to 2^53. */
  varuint(): number {
    const { bytes, end } = this
    let at = this.at
    if (at >= end) this.#need(1)
    let byte = bytes[at++]
    if (byte < 0x80) {
      this.at = at
      return byte
    }
    let value = byte & 0x7f
    let scale = 0x80
    for (;;) {
      if (at >= end) throw this.damage('number', 'cut off', 'whole')
      byte = bytes[at++]
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      scale *= 0x80
      if (at - this.at >= VARUINT_BYTES_MAX) throw this.damage('number', 'longer', `at most ${VARUINT_BYTES_MAX} bytes`)
    }
    if (!Number.isSafeInteger(value)) throw this.damage('number', value, 'at most 2^53')
    this.at = at
    return value
  }

  /** An integer between -2^52 and 2^52. */
  varint(): number {
    const zigzag = this.varuint()
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
  }

  text(): string {
    const length = this.varuint()
    this.#need(length)
    const start = this.at
    this.at += length
    return this.bytes.toString('utf8', start, this.at)
  }

  skip(count: number): void {
    this.#need(count)
    this.at += count
  }

  /** What is wrong at the present place, or `back` bytes from it. */
  damage(what: string, found: string | number, wanted: string | number, back = 0): DamageError {
    return new DamageError(this.path, this.position + back, what, found, wanted)
  }

  #need(count: number): void {
    if (this.at + count > this.end) throw this.damage('rest', `${this.end - this.at} bytes`, `at least ${count}`)
  }
}
