import type { Breather } from '../../base/breather.ts'
import type { Pairs } from './pairs.ts'
import { sortTexts } from './sort-texts.ts'
import type { Symbols } from './symbols.ts'

/** Looked at between two looks at the clock. */
const STRIDE = 256

interface Sorted {
  /** The newest pair of the name then: pairs are added only. */
  readonly newest: number
  readonly pairs: Uint32Array
}

/** The values of one name are kept as texts where they take no more than this, with the objects that they are. */
const TEXTS_BYTES_MAX = 512 * 1024
const BYTES_PER_TEXT = 32

/**
 * The pairs of names in the order of their values' bytes, kept from one question to the next: 4 bytes for each pair of the names that were
 * asked for, and the values themselves of that which was asked for last.
 */
export class ValueOrder {
  readonly #pairs: Pairs
  readonly #symbols: Symbols
  readonly #byName = new Map<number, Sorted>()
  #textsOf: Uint32Array | undefined
  #texts: readonly string[] = []

  constructor(pairs: Pairs, symbols: Symbols) {
    this.#pairs = pairs
    this.#symbols = symbols
  }

  /** The pairs of a name, given as symbol. Not to be changed. */
  async pairsOf(name: number, breather: Breather): Promise<Uint32Array> {
    const pairs = this.#pairs
    const newest = pairs.firstOfName(name)
    const known = this.#byName.get(name)
    if (known?.newest === newest) return known.pairs
    const byText = new Map<string, number>()
    for (let pair = newest; pair >= 0; pair = pairs.nextOfName(pair)) {
      if (byText.size % STRIDE === 0 && breather.isDue()) await breather.rest()
      byText.set(this.#symbols.text(pairs.value(pair)), pair)
    }
    const texts = await sortTexts([...byText.keys()], breather)
    const sorted = new Uint32Array(texts.length)
    for (let i = 0; i < sorted.length; i++) sorted[i] = byText.get(texts[i])!
    this.#byName.set(name, { newest, pairs: sorted })
    return sorted
  }
  /** The same with the values. */
  async textsOf(name: number, breather: Breather): Promise<{ readonly pairs: Uint32Array; readonly texts: readonly string[] }> {
    const pairs = await this.pairsOf(name, breather)
    if (pairs === this.#textsOf) return { pairs, texts: this.#texts }
    const texts: string[] = []
    let bytes = 0
    for (let i = 0; i < pairs.length; i++) {
      if (i % STRIDE === 0 && breather.isDue()) await breather.rest()
      const text = this.#symbols.text(this.#pairs.value(pairs[i]))
      bytes += BYTES_PER_TEXT + text.length
      texts.push(text)
    }
    if (bytes <= TEXTS_BYTES_MAX) {
      this.#textsOf = pairs
      this.#texts = texts
    }
    return { pairs, texts }
  }
}
