import { keyOfPairs, Labels } from '../../model/labels.ts'
import type { Window } from './window.ts'

/** What is held for each label set that was made. */
const MADE_BYTES = 150

/**
 * Those labels of a window's series that have certain names. Series with the same ones have the same object, in whatever window they are;
 * pairs are told apart by their numbers, and texts are made once for each label set.
 */
export class SomeLabels {
  readonly #window: Window
  readonly #isWanted: Uint8Array
  readonly #made: Map<string, Labels>
  readonly #hold: (bytes: number) => void
  /** Where a further pair leads from a part of a label set. */
  readonly #next = new Map<number, number>()
  /** By part. */
  readonly #labels: (Labels | undefined)[] = [Labels.empty]
  readonly #pairs: Uint32Array
  #lastPairs: Uint32Array
  #lastCount = 0
  #last = Labels.empty

  /** `made`: shared by all windows. `hold` is told of what is going to be held. */
  constructor(window: Window, names: readonly string[], made: Map<string, Labels>, hold: (bytes: number) => void) {
    this.#window = window
    this.#made = made
    this.#hold = hold
    this.#pairs = new Uint32Array(names.length)
    this.#lastPairs = new Uint32Array(names.length)
    hold(window.pairs.count)
    this.#isWanted = new Uint8Array(window.pairs.count)
    for (const name of names) {
      const symbol = window.symbols.find(name)
      // Pairs that came after the column was made are of series that nobody looks at.
      for (let pair = symbol < 0 ? -1 : window.pairs.firstOfName(symbol); pair >= 0; pair = window.pairs.nextOfName(pair)) {
        if (pair < this.#isWanted.length) this.#isWanted[pair] = 1
      }
    }
  }

  of(series: number): Labels {
    const pairs = this.#pairs
    const count = this.#window.wantedPairs(series, this.#isWanted, pairs)
    let isSame = count === this.#lastCount
    for (let i = 0; i < count && isSame; i++) isSame = pairs[i] === this.#lastPairs[i]
    if (isSame) return this.#last
    let part = 0
    for (let i = 0; i < count; i++) part = this.#step(part, pairs[i])
    this.#lastCount = count
    this.#lastPairs.set(pairs)
    this.#last = this.#labels[part] ??= this.#make(pairs, count)
    return this.#last
  }

  #step(part: number, pair: number): number {
    const key = part * this.#isWanted.length + pair
    const known = this.#next.get(key)
    if (known !== undefined) return known
    this.#hold(MADE_BYTES)
    const next = this.#labels.length
    this.#next.set(key, next)
    this.#labels.push(undefined)
    return next
  }

  #make(wanted: Uint32Array, count: number): Labels {
    const { symbols, pairs } = this.#window
    const texts: string[] = []
    for (let i = 0; i < count; i++) texts.push(symbols.text(pairs.name(wanted[i])), symbols.text(pairs.value(wanted[i])))
    const key = keyOfPairs(texts)
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const labels = Labels.fromSortedPairs(texts)
    this.#made.set(key, labels)
    return labels
  }
}
