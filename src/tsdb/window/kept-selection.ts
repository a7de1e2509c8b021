import type { Labels } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import { allLabels, type SeriesWalk } from './series-walk.ts'
import type { Window } from './window.ts'

/** What a label set takes that is held, with its place. */
const LABELS_BYTES = 250
/** A pair that labels are made of: its place in a list, and its text. */
const RANK_BYTES = 100
/** What one takes itself with its matchers, and for each window. */
const SELF_BYTES = 1500
const COLUMN_BYTES = 200
/** Of so many series at most the whole label sets are held; those of more are made anew from their pairs. */
const WHOLE_LABELS_MAX = 2048
/** So many series that are new in a window are looked at, whether they belong to a selection. */
const NEW_SERIES_MAX = 1024

/**
 * Series of windows that fulfil matchers, whatever times they have samples of, as they were found once: in the order in which they were, each
 * with its numbers in the windows and what of its labels was wanted. It knows windows by their place in a list, and holds none of them.
 */
export class KeptSelection {
  readonly bytes: number
  readonly count: number
  readonly #matchers: readonly Matcher[]
  /** By window: of so many series it is known which ones are in. */
  readonly #seriesCounts: number[]
  /** The places of the windows that have any of the series. */
  readonly #places: readonly number[]
  /** By one of those windows, then by place in the selection: the series + 1; 0: it is not in that window. */
  readonly #columns: readonly Uint32Array[]
  /** By place, which of the labels. Undefined: each place has its own, which are made when they are wanted. */
  readonly #labelsAt: Uint32Array | undefined
  readonly #labels: (Labels | undefined)[]
  readonly #ranks: SeriesWalk['ranks']

  /** Goes through all of a walk, of `countMax` series at most, that was made when `windows` had so many series each. */
  constructor(
    matchers: readonly Matcher[],
    windows: readonly Window[],
    seriesCounts: readonly number[],
    walk: SeriesWalk,
    countMax: number,
  ) {
    const columns = walk.windows.map(() => new Uint32Array(countMax))
    const { ranks } = walk
    const labelsAt = ranks === undefined ? new Uint32Array(countMax) : undefined
    const numbers = new Map<Labels, number>()
    let count = 0
    for (; walk.next(); count++) {
      for (let i = 0; i < walk.count; i++) columns[walk.window[i]][count] = walk.series[i] + 1
      if (labelsAt === undefined) continue
      const labels = walk.labels()
      let number = numbers.get(labels)
      if (number === undefined) {
        number = numbers.size
        numbers.set(labels, number)
      }
      labelsAt[count] = number
    }
    this.count = count
    this.#matchers = matchers
    this.#seriesCounts = [...seriesCounts]
    this.#places = walk.windows.map((window) => windows.indexOf(window))
    this.#columns = columns.map((column) => column.slice(0, count))
    this.#labelsAt = labelsAt?.slice(0, count)
    this.#labels = [...numbers.keys()]
    this.#ranks = ranks
    this.bytes = keptBytes(count, columns.length, labelsAt === undefined ? Math.min(count, WHOLE_LABELS_MAX) : numbers.size, ranks)
  }

  /** What one takes of `count` series of windows, without labels. */
  static bytesMin(count: number, windowCount: number): number {
    return SELF_BYTES + windowCount * COLUMN_BYTES + count * 4 * (windowCount + 1)
  }

  /** Whether it is still all that the windows have. Series that came since and are others are remembered. */
  isWhole(windows: readonly Window[]): boolean {
    for (let w = 0; w < windows.length; w++) {
      const window = windows[w]
      const { seriesCount } = window
      const known = this.#seriesCounts[w]
      if (seriesCount === known) continue
      if (seriesCount < known || seriesCount - known > NEW_SERIES_MAX) return false
      for (let series = known; series < seriesCount; series++) if (fulfils(window, series, this.#matchers)) return false
      this.#seriesCounts[w] = seriesCount
    }
    return true
  }

  walk(windows: readonly Window[]): SeriesWalk {
    return new KeptWalk(
      this.#places.map((place) => windows[place]),
      this.#columns,
      this.count,
      this,
    )
  }

  /** What was wanted of the labels of a place, whose series is number `series` of one of the windows that the walk goes through. */
  labels(place: number, window: Window, w: number, series: number): Labels {
    if (this.#labelsAt !== undefined) return this.#labels[this.#labelsAt[place]]!
    if (this.count > WHOLE_LABELS_MAX) return allLabels(window, series, this.#ranks!, w)
    return (this.#labels[place] ??= allLabels(window, series, this.#ranks!, w))
  }
}

function keptBytes(count: number, windowCount: number, labelsCount: number, ranks: SeriesWalk['ranks']): number {
  const ranksBytes =
    ranks === undefined ? 0 : ranks.names.length * RANK_BYTES + ranks.ofPair.reduce((sum, { byteLength }) => sum + byteLength, 0)
  return KeptSelection.bytesMin(count, windowCount) + labelsCount * LABELS_BYTES + ranksBytes
}

function fulfils(window: Window, series: number, matchers: readonly Matcher[]): boolean {
  const { pairs, symbols } = window
  const count = window.labelCount(series)
  return matchers.every((matcher) => {
    const name = symbols.find(matcher.name)
    for (let i = 0; i < count; i++) {
      const pair = window.labelPair(series, i)
      if (pairs.name(pair) === name) return matcher.matches(symbols.text(pairs.value(pair)))
    }
    return matcher.matchesEmpty
  })
}

class KeptWalk implements SeriesWalk {
  count = 0
  readonly windows: readonly Window[]
  readonly window: Uint16Array
  readonly series: Uint32Array
  readonly ranks = undefined
  readonly #columns: readonly Uint32Array[]
  readonly #placeCount: number
  readonly #kept: KeptSelection
  #place = -1

  constructor(windows: readonly Window[], columns: readonly Uint32Array[], placeCount: number, kept: KeptSelection) {
    this.window = new Uint16Array(windows.length)
    this.series = new Uint32Array(windows.length)
    this.windows = windows
    this.#columns = columns
    this.#placeCount = placeCount
    this.#kept = kept
  }

  next(): boolean {
    const place = ++this.#place
    if (place >= this.#placeCount) return false
    const columns = this.#columns
    let count = 0
    for (let w = 0; w < columns.length; w++) {
      const series = columns[w][place]
      if (series === 0) continue
      this.window[count] = w
      this.series[count] = series - 1
      count++
    }
    this.count = count
    return true
  }

  labels(): Labels {
    return this.#kept.labels(this.#place, this.windows[this.window[0]], this.window[0], this.series[0])
  }
}
