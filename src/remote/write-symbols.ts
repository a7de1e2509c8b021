import { isUtf8 } from 'node:buffer'
import type { ByteRanges } from './byte-ranges.ts'
import { kept } from './byte-ranges.ts'
import type { LabelRefCache } from './label-ref-cache.ts'
import type { WireReader } from './wire-reader.ts'

/** Beyond every table of symbols: what a reference becomes that does not fit into 32 bits. */
export const SYMBOL_REF_MAX = 0xffffffff

/** The table of symbols of one request of remote write 2.0. Texts are made when they are asked for: series that are known need none. */
export class WriteSymbols {
  count = 0
  /** Four words for each symbol, as LabelRefCache wants them. */
  hashes: Uint32Array = new Uint32Array(1024)
  #texts: (string | undefined)[] = []
  #invalid = new Set<number>()
  #ranges: ByteRanges | undefined
  #bytes: Buffer = Buffer.alloc(0)

  /** Takes the symbols of a decoded request. */
  open({ bytes, view }: WireReader, ranges: ByteRanges, cache: LabelRefCache): void {
    const count = ranges.count
    this.count = count
    this.#ranges = ranges
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#texts = []
    this.#invalid.clear()
    this.hashes = kept(this.hashes)
    if (this.hashes.length < count * 4) this.hashes = new Uint32Array(2 ** Math.ceil(Math.log2(count * 4)))
    for (let i = 0; i < count; i++) cache.hashSymbol(view, ranges.start(i), ranges.end(i), this.hashes, i)
  }

  sizeBytes(symbol: number): number {
    return this.#ranges!.end(symbol) - this.#ranges!.start(symbol)
  }

  /** The text of a symbol that is in the table. What is not UTF-8 becomes U+FFFD. */
  text(symbol: number): string {
    const known = this.#texts[symbol]
    if (known !== undefined) return known
    const [start, end] = [this.#ranges!.start(symbol), this.#ranges!.end(symbol)]
    const text = this.#bytes.toString('utf8', start, end)
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(start, end))) this.#invalid.add(symbol)
    this.#texts[symbol] = text
    return text
  }

  /** Whether a symbol whose text was asked for is UTF-8. */
  isValid(symbol: number): boolean {
    return !this.#invalid.has(symbol)
  }
}
