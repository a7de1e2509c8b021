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

/**
 * The pairs of names in the order of their values' bytes, kept from one question to the next: 4 bytes for each pair of the names that were
 * asked for.
 */
export class ValueOrder {
  readonly #pairs: Pairs
  readonly #symbols: Symbols
  readonly #byName = new Map<number, Sorted>()

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
}
