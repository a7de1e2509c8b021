// Blocks of snappy (not the framed stream), encoded into memory that is used again: the library's answers keep several times their size until
// they are collected, which nobody tells the collector. Earned by encode-batch.bench.ts.
// Source: google/snappy format_description.txt; of the way matches are looked for: golang/snappy, encodeBlock.

/** Copies reach back within so many bytes. */
const BLOCK_BYTES = 65_536
const TABLE_BITS = 14
/** Bytes at the end of a block in which no match is looked for. */
const MARGIN_BYTES = 15
const HASH_FACTOR = 0x1e35a7bd

/** Encodes one block after the other. */
export class SnappyEncoder {
  readonly #table = new Uint16Array(1 << TABLE_BITS)
  #out = new Uint8Array(64 * 1024)
  #length = 0

  /** The block; the encoder's own until the next call. */
  encode(bytes: Uint8Array): Uint8Array {
    const most = 32 + bytes.length + Math.ceil(bytes.length / 6)
    if (this.#out.length < most) this.#out = new Uint8Array(Math.ceil(1.25 * most))
    const out = this.#out
    let length = 0
    let rest = bytes.length
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out[length++] = (rest & 0x7f) | 0x80
    out[length++] = rest
    this.#length = length
    for (let start = 0; start < bytes.length; start += BLOCK_BYTES)
      this.#encodePart(bytes, start, Math.min(bytes.length, start + BLOCK_BYTES))
    return out.subarray(0, this.#length)
  }

  /** Hot. */
  #encodePart(src: Uint8Array, start: number, end: number): void {
    const table = this.#table
    const limit = end - MARGIN_BYTES
    let emitted = start
    if (start < limit) {
      table.fill(0)
      let s = start + 1
      search: for (;;) {
        let skip = 32
        let next = s
        let candidate: number
        for (;;) {
          s = next
          const between = skip >> 5
          next = s + between
          skip += between
          if (next > limit) break search
          const word = src[s] | (src[s + 1] << 8) | (src[s + 2] << 16) | (src[s + 3] << 24)
          const hash = Math.imul(word, HASH_FACTOR) >>> (32 - TABLE_BITS)
          candidate = start + table[hash]
          table[hash] = s - start
          if (word === (src[candidate] | (src[candidate + 1] << 8) | (src[candidate + 2] << 16) | (src[candidate + 3] << 24))) break
        }
        this.#literal(src, emitted, s)
        for (;;) {
          const from = s
          let other = candidate + 4
          s += 4
          while (s < end && src[s] === src[other]) {
            s++
            other++
          }
          this.#copy(from - candidate, s - from)
          emitted = s
          if (s >= limit) break search
          const before = src[s - 1] | (src[s] << 8) | (src[s + 1] << 16) | (src[s + 2] << 24)
          table[Math.imul(before, HASH_FACTOR) >>> (32 - TABLE_BITS)] = s - 1 - start
          const word = (before >>> 8) | (src[s + 3] << 24)
          const hash = Math.imul(word, HASH_FACTOR) >>> (32 - TABLE_BITS)
          candidate = start + table[hash]
          table[hash] = s - start
          if (word !== (src[candidate] | (src[candidate + 1] << 8) | (src[candidate + 2] << 16) | (src[candidate + 3] << 24))) {
            s++
            break
          }
        }
      }
    }
    this.#literal(src, emitted, end)
  }

  #literal(src: Uint8Array, from: number, to: number): void {
    const size = to - from
    if (size === 0) return
    const out = this.#out
    let at = this.#length
    const n = size - 1
    if (n < 60) out[at++] = n << 2
    else if (n < 0x100) {
      out[at++] = 60 << 2
      out[at++] = n
    } else {
      out[at++] = 61 << 2
      out[at++] = n
      out[at++] = n >> 8
    }
    if (size < 64) for (let i = from; i < to; i++) out[at++] = src[i]
    else {
      out.set(src.subarray(from, to), at)
      at += size
    }
    this.#length = at
  }

  #copy(offset: number, size: number): void {
    const out = this.#out
    let at = this.#length
    while (size >= 68) {
      out[at++] = (63 << 2) | 2
      out[at++] = offset
      out[at++] = offset >> 8
      size -= 64
    }
    if (size > 64) {
      // What is left is to be at least 4.
      out[at++] = (59 << 2) | 2
      out[at++] = offset
      out[at++] = offset >> 8
      size -= 60
    }
    if (size >= 12 || offset >= 2048) {
      out[at++] = ((size - 1) << 2) | 2
      out[at++] = offset
      out[at++] = offset >> 8
    } else {
      out[at++] = ((offset >> 8) << 5) | ((size - 4) << 2) | 1
      out[at++] = offset
    }
    this.#length = at
  }
}
