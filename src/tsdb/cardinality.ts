import type { Breather } from '../base/breather.ts'
import type { Window } from './window/window.ts'
import { NO_SLOT } from './window/window.ts'

/** How often something occurs: series, values, bytes. */
export interface NamedCount {
  readonly name: string
  readonly count: number
}

/** Of the active series: those that samples can still come to. Lists begin with the largest; equal counts are in order of names. */
export interface Cardinality {
  readonly seriesCount: number
  /** Pairs of label name and value in use. */
  readonly labelPairCount: number
  readonly seriesByMetric: readonly NamedCount[]
  readonly valuesByLabel: readonly NamedCount[]
  /** What the label takes in the label sets of all series that have it: name, value and the length of each. */
  readonly bytesByLabel: readonly NamedCount[]
  /** `name=value`. */
  readonly seriesByPair: readonly NamedCount[]
}

/** Rows looked at, or pairs counted, between two looks at the clock. */
const TURN_COUNT = 4096

/**
 * Counts the labels of the series that have a slot; each series has one in one window only. Takes 4 bytes per pair of a window while
 * it runs, and otherwise only what it answers: at most `countMax` entries a list. The windows must be pinned.
 */
export async function cardinality(
  windows: readonly Window[],
  metricLabel: string,
  countMax: number,
  breather: Breather,
): Promise<Cardinality> {
  let seriesCount = 0
  let labelPairCount = 0
  const live = windows.filter((window) => window.slotCount > 0)
  const counts: Uint32Array[] = []
  for (const window of live) {
    seriesCount += window.slotCount
    counts.push(await seriesPerPair(window, breather))
  }
  const metrics = new Largest(countMax)
  const pairs = new Largest(countMax)
  const labels = new Map<string, { values: number; bytes: number }>()
  for (const [index, window] of live.entries()) {
    // A pair that several windows have is counted where it comes first.
    const [earlier, later] = [live.slice(0, index), live.slice(index + 1)]
    for (let pair = 0; pair < counts[index].length; pair++) {
      if (pair % TURN_COUNT === 0 && breather.isDue()) await breather.rest()
      let count = counts[index][pair]
      if (count === 0) continue
      const text = lazyPair(window, pair)
      if (earlier.some((other, i) => (counts[i][pairIn(other, window, pair)] ?? 0) > 0)) continue
      later.forEach((other, i) => {
        count += counts[index + 1 + i][pairIn(other, window, pair)] ?? 0
      })
      labelPairCount++
      const name = text.name()
      let label = labels.get(name)
      if (label === undefined) labels.set(name, (label = { values: 0, bytes: 0 }))
      label.values++
      label.bytes += pairBytes(window, pair) * count
      pairs.add(count, () => `${name}=${text.value()}`)
      if (name === metricLabel) metrics.add(count, text.value)
    }
  }
  const values = new Largest(countMax)
  const bytes = new Largest(countMax)
  for (const [name, label] of labels) {
    values.add(label.values, () => name)
    bytes.add(label.bytes, () => name)
  }
  return {
    seriesCount,
    labelPairCount,
    seriesByMetric: metrics.sorted(),
    valuesByLabel: values.sorted(),
    bytesByLabel: bytes.sorted(),
    seriesByPair: pairs.sorted(),
  }
}

async function seriesPerPair(window: Window, breather: Breather): Promise<Uint32Array> {
  // Pairs that come while this runs belong to series that came after it began.
  const counts = new Uint32Array(window.pairs.count)
  const seriesCount = window.seriesCount
  for (let series = 0; series < seriesCount; series++) {
    if (series % TURN_COUNT === 0 && breather.isDue()) await breather.rest()
    if (window.slot(series) === NO_SLOT) continue
    const labelCount = window.labelCount(series)
    for (let place = 0; place < labelCount; place++) counts[window.labelPair(series, place)]++
  }
  return counts
}

/** The number that a pair of one window has in another; -1: it has none. */
function pairIn(other: Window, window: Window, pair: number): number {
  const { symbols, pairs } = window
  const name = other.symbols.find(symbols.text(pairs.name(pair)))
  const value = name < 0 ? -1 : other.symbols.find(symbols.text(pairs.value(pair)))
  return value < 0 ? -1 : other.pairs.find(name, value)
}

/** Source: Prometheus tsdb/index/postings.go, Stats: a length counts one byte. */
function pairBytes({ symbols, pairs }: Window, pair: number): number {
  return symbols.byteLength(pairs.name(pair)) + symbols.byteLength(pairs.value(pair)) + 2
}

function lazyPair({ symbols, pairs }: Window, pair: number) {
  return { name: () => symbols.text(pairs.name(pair)), value: () => symbols.text(pairs.value(pair)) }
}

/** The entries with the largest counts: a heap with the least of them on top. */
class Largest {
  readonly #countMax: number
  readonly #heap: NamedCount[] = []

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  /** `name` is only asked for when the count is large enough. */
  add(count: number, name: () => string): void {
    const heap = this.#heap
    if (heap.length < this.#countMax) {
      heap.push({ name: name(), count })
      this.#up(heap.length - 1)
      return
    }
    if (count < heap[0].count) return
    const entry = { name: name(), count }
    if (before(entry, heap[0])) {
      heap[0] = entry
      this.#down()
    }
  }

  sorted(): readonly NamedCount[] {
    return this.#heap.toSorted((a, b) => (before(a, b) ? -1 : 1))
  }

  #up(at: number): void {
    const heap = this.#heap
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(heap[parent], heap[at])) return
      ;[heap[parent], heap[at]] = [heap[at], heap[parent]]
      at = parent
    }
  }

  #down(): void {
    const heap = this.#heap
    for (let at = 0; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < heap.length && before(heap[least], heap[child])) least = child
      if (least === at) return
      ;[heap[least], heap[at]] = [heap[at], heap[least]]
      at = least
    }
  }
}

/** Whether `a` stands before `b` in an answer. */
function before(a: NamedCount, b: NamedCount): boolean {
  return a.count > b.count || (a.count === b.count && a.name < b.name)
}
