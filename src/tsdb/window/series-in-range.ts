import { compareStrings } from '../../model/labels.ts'
import type { LabelRange } from '../../storage/series-source.ts'
import type { Window } from './window.ts'

/** The series whose labels lie in a range of the label order, in the order in which they were given. They are moved together in `series`. */
export function seriesInRange(window: Window, series: Uint32Array, { from, to }: LabelRange): Uint32Array {
  const low = from === undefined ? undefined : new Bound(window, from)
  const high = to === undefined ? undefined : new Bound(window, to)
  let kept = 0
  for (let i = 0; i < series.length; i++) {
    const one = series[i]
    if (low !== undefined && low.compare(one) < 0) continue
    if (high !== undefined && high.compare(one) >= 0) continue
    series[kept++] = one
  }
  return series.subarray(0, kept)
}

const UNKNOWN = 2

/** A label set that series of a window are compared with: each pair of theirs once. */
class Bound {
  readonly #window: Window
  readonly #names: string[] = []
  readonly #values: string[] = []
  /** By place in the labels and by pair: how the pair stands to that of the bound. */
  readonly #orders: Int8Array[] = []

  constructor(window: Window, labels: readonly string[]) {
    this.#window = window
    for (let i = 0; i < labels.length; i += 2) {
      this.#names.push(labels[i])
      this.#values.push(labels[i + 1])
      this.#orders.push(new Int8Array(window.pairs.count).fill(UNKNOWN))
    }
  }

  /** Negative: the series comes before the bound; 0: it has the same labels. As compareLabels. */
  compare(series: number): number {
    const window = this.#window
    const count = window.labelCount(series)
    const places = Math.min(count, this.#orders.length)
    for (let place = 0; place < places; place++) {
      const pair = window.labelPair(series, place)
      const orders = this.#orders[place]
      let order = orders[pair]
      if (order === UNKNOWN) order = orders[pair] = this.#comparePair(pair, place)
      if (order !== 0) return order
    }
    return count - this.#orders.length
  }

  #comparePair(pair: number, place: number): number {
    const { pairs, symbols } = this.#window
    const byName = compareStrings(symbols.text(pairs.name(pair)), this.#names[place])
    return Math.sign(byName === 0 ? compareStrings(symbols.text(pairs.value(pair)), this.#values[place]) : byName)
  }
}
