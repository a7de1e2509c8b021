const encoder = new TextEncoder()
const SCRATCH_BYTES = 512
const scratch = new Uint8Array(SCRATCH_BYTES)

/** Texts as their UTF-8 bytes, each once, numbered from 0, which is the empty one. No JavaScript string is kept. */
export class SymbolBytes {
  bytes = new Uint8Array(16 * 1024)
  /** By number: where the text begins. The next one's beginning is its end. */
  starts = new Uint32Array(1024)
  #hashes = new Uint32Array(1024)
  /** Number + 1 by hash; 0: free. At most half full. */
  #table = new Int32Array(2048)
  count = 0

  constructor() {
    this.add('')
  }

  /** The number of a text. */
  add(text: string): number {
    const bytes = bytesOf(text)
    const hash = hashOf(bytes)
    const found = this.#find(bytes, hash)
    return found >= 0 ? found : this.#insert(bytes, hash)
  }

  /** The number of a text; -1: it is not there. */
  find(text: string): number {
    const bytes = bytesOf(text)
    return this.#find(bytes, hashOf(bytes))
  }

  length(symbol: number): number {
    return this.starts[symbol + 1] - this.starts[symbol]
  }

  /** What it takes of memory. */
  get sizeBytes(): number {
    return this.bytes.length + this.starts.byteLength + this.#hashes.byteLength + this.#table.byteLength
  }

  #find(bytes: Uint8Array, hash: number): number {
    const mask = this.#table.length - 1
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const found = this.#table[at] - 1
      if (found < 0 || (this.#hashes[found] === hash && this.#is(found, bytes))) return found
    }
  }

  #is(symbol: number, bytes: Uint8Array): boolean {
    const start = this.starts[symbol]
    if (this.starts[symbol + 1] - start !== bytes.length) return false
    for (let i = 0; i < bytes.length; i++) if (this.bytes[start + i] !== bytes[i]) return false
    return true
  }

  #insert(bytes: Uint8Array, hash: number): number {
    const symbol = this.count++
    if (symbol + 2 > this.starts.length) {
      this.starts = grown(this.starts)
      this.#hashes = grown(this.#hashes)
    }
    const start = this.starts[symbol]
    if (start + bytes.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(start + bytes.length, 2 * this.bytes.length))
      larger.set(this.bytes)
      this.bytes = larger
    }
    this.bytes.set(bytes, start)
    this.starts[symbol + 1] = start + bytes.length
    this.#hashes[symbol] = hash
    if (2 * this.count > this.#table.length) this.#rehash()
    else this.#place(symbol)
    return symbol
  }

  #place(symbol: number): void {
    const mask = this.#table.length - 1
    let at = this.#hashes[symbol] & mask
    while (this.#table[at] !== 0) at = (at + 1) & mask
    this.#table[at] = symbol + 1
  }

  #rehash(): void {
    this.#table = new Int32Array(2 * this.#table.length)
    for (let symbol = 0; symbol < this.count; symbol++) this.#place(symbol)
  }
}

/** The UTF-8 bytes; good until the next call. */
function bytesOf(text: string): Uint8Array {
  return 3 * text.length <= SCRATCH_BYTES ? scratch.subarray(0, encoder.encodeInto(text, scratch).written) : encoder.encode(text)
}

function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

export function grown(column: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * column.length)
  larger.set(column)
  return larger
}
