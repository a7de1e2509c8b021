// Blocks of snappy (not the framed stream), decoded into memory that is used again: a fresh buffer for every request
// costs more in page faults and collections than decoding does. Earned by write-request.bench.ts.
// Source: google/snappy format_description.txt. Texts of errors: golang/snappy, Decode.

/** What is wrong with a block. */
export class SnappyError extends Error {}

const CORRUPT = 'snappy: corrupt input'

/** Larger outputs are given back at once instead of being kept for the next block. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024

export class SnappyDecoder {
  readonly #decodedBytesMax: number
  #kept: Uint8Array = new Uint8Array(64 * 1024)

  constructor(decodedBytesMax: number) {
    this.#decodedBytesMax = decodedBytesMax
  }

  /**
   * The decoded block; the decoder's own until the next call. The size that a block claims is checked before a byte is
   * decoded: a request of a few bytes must not take gigabytes. Throws SnappyError.
   */
  decode(block: Uint8Array): Uint8Array {
    let length = 0
    let position = 0
    for (let scale = 1; ; scale *= 128) {
      if (position >= block.length || scale > 2 ** 28) throw new SnappyError(CORRUPT)
      const byte = block[position++]
      length += (byte & 0x7f) * scale
      if (byte < 0x80) break
    }
    if (length > this.#decodedBytesMax) {
      throw new SnappyError(`snappy: decoded block is too large: ${length} bytes, want at most ${this.#decodedBytesMax}`)
    }
    const out = this.#room(length)
    if (decodeElements(block, position, out) !== length) throw new SnappyError(CORRUPT)
    return out
  }

  #room(length: number): Uint8Array {
    if (length > KEPT_BYTES_MAX) return new Uint8Array(length)
    if (length > this.#kept.length) this.#kept = new Uint8Array(Math.min(Math.max(length, this.#kept.length * 2), KEPT_BYTES_MAX))
    return this.#kept.subarray(0, length)
  }
}

/** Decodes the elements from `position` on. Returns how many bytes came out, -1 when they are not in order. Hot. */
function decodeElements(block: Uint8Array, position: number, out: Uint8Array): number {
  const end = block.length
  let length = 0
  while (position < end) {
    const tag = block[position++]
    let count = (tag >> 2) + 1
    let distance = 0
    switch (tag & 3) {
      case 0:
        if (count > 60) {
          const sizeBytes = count - 60
          if (position + sizeBytes > end) return -1
          count = 1
          for (let i = 0; i < sizeBytes; i++) count += block[position + i] * 2 ** (8 * i)
          position += sizeBytes
        }
        if (position + count > end || length + count > out.length) return -1
        if (count < 32) for (let i = 0; i < count; i++) out[length + i] = block[position + i]
        else out.set(block.subarray(position, position + count), length)
        position += count
        length += count
        continue
      case 1:
        if (position >= end) return -1
        count = 4 + ((tag >> 2) & 7)
        distance = ((tag >> 5) << 8) | block[position]
        position += 1
        break
      case 2:
        if (position + 2 > end) return -1
        distance = block[position] | (block[position + 1] << 8)
        position += 2
        break
      default:
        if (position + 4 > end) return -1
        distance = (block[position] | (block[position + 1] << 8) | (block[position + 2] << 16) | (block[position + 3] << 24)) >>> 0
        position += 4
    }
    if (distance === 0 || distance > length || length + count > out.length) return -1
    // Byte by byte: what is copied may be what was just written.
    const from = length - distance
    for (let i = 0; i < count; i++) out[length + i] = out[from + i]
    length += count
  }
  return length
}
