/** Bytes that grow, and the numbers of our formats written to them. Kept and reused by its owner. */
export class ByteWriter {
  bytes: Uint8Array
  length = 0

  constructor(capacity = 64 * 1024) {
    this.bytes = new Uint8Array(capacity)
  }

  /** Makes room for `count` more bytes; without it the writes below must not be called. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const bytes = new Uint8Array(Math.max(this.length + count, this.bytes.length * 2))
    bytes.set(this.bytes.subarray(0, this.length))
    this.bytes = bytes
  }

  byte(value: number): void {
    this.bytes[this.length++] = value
  }

  /** An integer from 0 to 2^53; at most 8 bytes. */
  varint(value: number): void {
    const bytes = this.bytes
    let at = this.length
    while (value >= 0x80) {
      if (value < 0x80000000) {
        bytes[at++] = value | 0x80
        value >>>= 7
      } else {
        bytes[at++] = (value % 0x80) | 0x80
        value = Math.floor(value / 0x80)
      }
    }
    bytes[at++] = value
    this.length = at
  }

  /** An integer from -2^52 to 2^52; at most 8 bytes. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }
}

/** Reads what `ByteWriter` writes. Throws `RangeError` when the bytes end too early. */
export class ByteReader {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  end = 0

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  byte(): number {
    if (this.at >= this.end) throw new RangeError('bytes end too early')
    return this.bytes[this.at++]
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
      if (scale > 2 ** 56) throw new RangeError('a varint is longer than 8 bytes')
    }
  }

  zigzag(): number {
    const value = this.varint()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }
}
