// LZW as Go's compress/lzw has it for GIF and PDF's kin: codes of 9 to 12 bits, least significant bit first, 8 bit literals.
// Source: Go compress/lzw, reader.go and writer.go.

const CLEAR = 256
const END = 257
const WIDTH_MAX = 12
const TABLE_SIZE = 1 << WIDTH_MAX

export function compressLzw(bytes: Uint8Array): Uint8Array {
  const out = new BitWriter(bytes.length)
  // Prefix code and next byte → code.
  const table = new Map<number, number>()
  let width = 9
  let highest = END
  /** Each code but the first after a clear defines one more; with the last one all begins anew. */
  const define = (key: number) => {
    highest++
    if (highest === 1 << width) width++
    if (highest < TABLE_SIZE - 1) return void table.set(key, highest)
    out.write(CLEAR, width)
    table.clear()
    ;[width, highest] = [9, END]
  }
  out.write(CLEAR, width)
  if (bytes.length > 0) {
    let code = bytes[0]
    for (let i = 1; i < bytes.length; i++) {
      const key = (code << 8) | bytes[i]
      const known = table.get(key)
      if (known === undefined) {
        out.write(code, width)
        define(key)
        code = bytes[i]
      } else code = known
    }
    out.write(code, width)
    define(-1)
  }
  out.write(END, width)
  return out.finish()
}

/** Throws when it is none, ends too soon, or would give more than `bytesMax`. */
export function decompressLzw(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const prefix = new Uint16Array(TABLE_SIZE)
  const suffix = new Uint8Array(TABLE_SIZE)
  const reversed = new Uint8Array(TABLE_SIZE)
  let out = new Uint8Array(Math.min(bytesMax, Math.max(256, bytes.length * 4)))
  let length = 0
  let [bits, bitCount, position] = [0, 0, 0]
  let [width, highest, last] = [9, END, -1]
  for (;;) {
    while (bitCount < width) {
      if (position === bytes.length) throw new Error('lzw: ends too soon')
      bits |= bytes[position++] << bitCount
      bitCount += 8
    }
    const code = bits & ((1 << width) - 1)
    bits >>>= width
    bitCount -= width
    if (code === END) return out.subarray(0, length)
    if (code === CLEAR) {
      ;[width, highest, last] = [9, END, -1]
      continue
    }
    if (code > highest && !(code === highest + 1 && last >= 0) && code > 255)
      throw new Error(`lzw: found code ${code}, want one up to ${highest}`)
    // The one code that may stand for what is only about to be defined: what came last, and its first byte again.
    let count = 0
    let walk = code
    if (code > highest && last >= 0 && code > 255) {
      count = 1
      walk = last
    }
    while (walk > END) {
      reversed[count++] = suffix[walk]
      walk = prefix[walk]
    }
    reversed[count++] = walk
    if (code > highest && code > 255) reversed[0] = walk
    if (length + count > bytesMax) throw new Error(`lzw: more than ${bytesMax} bytes`)
    if (length + count > out.length) {
      const larger = new Uint8Array(Math.min(bytesMax, Math.max(out.length * 2, length + count)))
      larger.set(out)
      out = larger
    }
    for (let i = count - 1; i >= 0; i--) out[length++] = reversed[i]
    if (last >= 0 && highest + 1 < TABLE_SIZE) {
      highest++
      suffix[highest] = walk
      prefix[highest] = last
    }
    last = code
    if (highest + 1 >= 1 << width && width < WIDTH_MAX) width++
  }
}

class BitWriter {
  #out: Uint8Array
  #length = 0
  #bits = 0
  #bitCount = 0

  constructor(sizeBytes: number) {
    this.#out = new Uint8Array(sizeBytes + 16)
  }

  write(code: number, width: number): void {
    this.#bits |= code << this.#bitCount
    this.#bitCount += width
    while (this.#bitCount >= 8) this.#byte()
  }

  finish(): Uint8Array {
    if (this.#bitCount > 0) this.#byte()
    return this.#out.subarray(0, this.#length)
  }

  #byte(): void {
    if (this.#length === this.#out.length) {
      const larger = new Uint8Array(this.#out.length * 2)
      larger.set(this.#out)
      this.#out = larger
    }
    this.#out[this.#length++] = this.#bits & 255
    this.#bits >>>= 8
    this.#bitCount -= 8
  }
}
