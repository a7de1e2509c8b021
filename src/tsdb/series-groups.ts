import type { SeriesGate } from '../storage/series-gate.ts'
import type { Window } from './window/window.ts'

/** Counts series of a window by the values of some labels, without making a text for each. */
export class SeriesGroups {
  readonly #window: Window
  readonly #labels: readonly string[]
  /** The symbol of each label's name in the window; -1: no series has it. */
  readonly #names: readonly number[]
  /** By label: series by pair, -1 for those without the label. */
  readonly #counts: readonly Map<number, number>[]
  #total = 0

  constructor(window: Window, labels: readonly string[]) {
    this.#window = window
    this.#labels = labels
    this.#names = labels.map((name) => window.symbols.find(name))
    this.#counts = labels.map(() => new Map())
  }

  add(series: number): void {
    const window = this.#window
    const { pairs } = window
    const labelCount = window.labelCount(series)
    this.#total++
    for (let i = 0; i < this.#names.length; i++) {
      let found = -1
      for (let place = 0; place < labelCount && found < 0; place++) {
        const pair = window.labelPair(series, place)
        if (pairs.name(pair) === this.#names[i]) found = pair
      }
      const counts = this.#counts[i]
      counts.set(found, (counts.get(found) ?? 0) + 1)
    }
  }

  /** Tells the gate of as many more series, or, with -1, of as many fewer. */
  report(gate: SeriesGate, sign: 1 | -1): void {
    const { symbols, pairs } = this.#window
    if (this.#total > 0) gate.count('', '', sign * this.#total)
    for (const [i, counts] of this.#counts.entries()) {
      for (const [pair, count] of counts) gate.count(this.#labels[i], pair < 0 ? '' : symbols.text(pairs.value(pair)), sign * count)
    }
  }
}
