import type { Breather } from '../../base/breather.ts'
import { sortNumbers } from '../../base/sort-numbers.ts'

/** Texts remembered with their numbers as JavaScript strings: most come again soon. */
const RECENT_MAX = 32 * 1024

/** Texts, each kept once, as bytes in one array: a million of them are no work for the garbage collector. Numbered as they come. */
export class SymbolCollector {
  count = 0
  #bytes = Buffer.allocUnsafeSlow(64 * 1024)
  #length = 0
  /** Where a text begins in `#bytes`; one more for the end. */
  #starts = new Float64Array(1024)
  /** Open addressing; number + 1, 0 for none. */
  #slots = new Uint32Array(2048)
  #hashes = new Uint32Array(1024)
  readonly #recent = new Map<string, number>()

  /** The number of a text. */
  add(text: string): number {
    const known = this.#recent.get(text)
    if (known !== undefined) return known
    if (this.#recent.size >= RECENT_MAX) this.#recent.clear()
    const symbol = this.#addBytes(text)
    this.#recent.set(text, symbol)
    return symbol
  }

  /** What this holds. */
  get heldBytes(): number {
    return this.#bytes.length + this.#starts.byteLength + this.#slots.byteLength + this.#hashes.byteLength
  }

  byteLength(symbol: number): number {
    return this.#starts[symbol + 1] - this.#starts[symbol]
  }

  copyBytes(symbol: number, into: Uint8Array, at: number): void {
    const end = this.#starts[symbol + 1]
    for (let from = this.#starts[symbol]; from < end; from++) into[at++] = this.#bytes[from]
  }

  /** All numbers, in the order of the texts' bytes. */
  async sorted(breather: Breather): Promise<Uint32Array> {
    const order = new Uint32Array(this.count)
    for (let i = 0; i < order.length; i++) order[i] = i
    const [bytes, starts] = [this.#bytes, this.#starts]
    await sortNumbers(order, (a, b) => bytes.compare(bytes, starts[b], starts[b + 1], starts[a], starts[a + 1]), breather)
    return order
  }

  #addBytes(text: string): number {
    const need = this.#length + text.length * 3
    if (need > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * need)
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    const start = this.#length
    const end = start + this.#bytes.write(text, start, 'utf8')
    let hash = 0x811c9dc5
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ this.#bytes[i], 0x01000193)
    hash = (hash ^ (hash >>> 15)) >>> 0
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const symbol = this.#slots[slot] - 1
      if (
        this.#hashes[symbol] === hash &&
        this.#bytes.compare(this.#bytes, this.#starts[symbol], this.#starts[symbol + 1], start, end) === 0
      )
        return symbol
    }
    const symbol = this.count++
    if (symbol + 2 > this.#starts.length) this.#growColumns()
    this.#starts[symbol] = start
    this.#starts[symbol + 1] = end
    this.#hashes[symbol] = hash
    this.#slots[slot] = symbol + 1
    this.#length = end
    if (this.count * 2 > this.#slots.length) this.#growSlots()
    return symbol
  }

  #growColumns(): void {
    const starts = new Float64Array(2 * this.#starts.length)
    starts.set(this.#starts)
    this.#starts = starts
    const hashes = new Uint32Array(starts.length)
    hashes.set(this.#hashes)
    this.#hashes = hashes
  }

  #growSlots(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length)
    const mask = this.#slots.length - 1
    for (let symbol = 0; symbol < this.count; symbol++) {
      let slot = this.#hashes[symbol] & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = symbol + 1
    }
  }
}
