import type { Breather } from '../../base/breather.ts'
import { sortNumbers } from '../../base/sort-numbers.ts'
import { encodeChunks } from '../../chunkenc/encode-chunks.ts'
import type { Histogram } from '../../model/histogram.ts'
import { STALE_MARKER } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import { SERIES_BATCH, type Series } from '../../storage/series-source.ts'
import { histogramParts } from '../wal/histogram-body.ts'
import type { SeriesCatalog } from './series-catalog.ts'

/** Columns of a sample: series, time, value. */
const SAMPLE_BYTES = 20
const HISTOGRAM_BYTES = 200
const CAPACITY = 1024

/** A sorted part of what was collected: series of one block range, in label order. */
export interface RangeOfSeries {
  /** Where the block range begins. */
  readonly start: Timestamp
  readonly series: AsyncIterable<readonly Series[]>
}

/** Samples in any order, as columns, until there are enough to be sorted and written. */
export class LateSamples {
  readonly #catalog: SeriesCatalog
  readonly #rangeMs: number
  #series = new Uint32Array(CAPACITY)
  #times = new Float64Array(CAPACITY)
  #values = new Float64Array(CAPACITY)
  /** By place; what has nothing is a float. */
  #histograms = new Map<number, Histogram>()
  #histogramBytes = 0
  #count = 0

  constructor(catalog: SeriesCatalog, rangeMs: number) {
    this.#catalog = catalog
    this.#rangeMs = rangeMs
  }

  get heldBytes(): number {
    return this.#series.length * SAMPLE_BYTES + this.#histogramBytes
  }

  /** Takes a sample over. `v` is the sum of a histogram. */
  add(series: number, t: Timestamp, v: number, histogram: Histogram | undefined): void {
    if (this.#count === this.#series.length) this.#grow()
    const at = this.#count++
    this.#series[at] = series
    this.#times[at] = t
    this.#values[at] = v
    if (histogram === undefined) return
    this.#histograms.set(at, histogram)
    this.#histogramBytes += HISTOGRAM_BYTES + 8 * histogramParts(histogram)
  }

  addStale(series: number, t: Timestamp): void {
    this.add(series, t, STALE_MARKER, undefined)
  }

  /** Everything, sorted; each part must be read before the next. Of samples of the same time the first that was added stays. */
  async *take(ranks: Uint32Array, breather: Breather): AsyncIterable<RangeOfSeries> {
    const order = new Uint32Array(this.#count)
    for (let i = 0; i < order.length; i++) order[i] = i
    const [series, times] = [this.#series, this.#times]
    const range = (at: number) => Math.floor(times[at] / this.#rangeMs)
    const compare = (a: number, b: number) => range(a) - range(b) || ranks[series[a]] - ranks[series[b]] || times[a] - times[b] || a - b
    await sortNumbers(order, compare, breather)
    for (let from = 0; from < order.length; ) {
      let to = from + 1
      while (to < order.length && range(order[to]) === range(order[from])) to++
      yield { start: range(order[from]) * this.#rangeMs, series: this.#encode(order.subarray(from, to), breather) }
      from = to
    }
    this.#reset()
  }

  async *#encode(order: Uint32Array, breather: Breather): AsyncIterable<readonly Series[]> {
    let batch: Series[] = []
    for (let from = 0; from < order.length; ) {
      let to = from + 1
      while (to < order.length && this.#series[order[to]] === this.#series[order[from]]) to++
      batch.push(this.#seriesOf(order.subarray(from, to)))
      from = to
      if (batch.length < SERIES_BATCH) continue
      yield batch
      batch = []
      if (breather.isDue()) await breather.rest()
    }
    if (batch.length > 0) yield batch
  }

  #seriesOf(places: Uint32Array): Series {
    const kept = places.filter((place, i) => i === 0 || this.#times[place] !== this.#times[places[i - 1]])
    const values = new Float64Array(kept.length)
    const timestamps = new Float64Array(kept.length)
    for (let i = 0; i < kept.length; i++) {
      values[i] = this.#values[kept[i]]
      timestamps[i] = this.#times[kept[i]]
    }
    const histograms = this.#histograms.size === 0 ? undefined : Array.from(kept, (place) => this.#histograms.get(place))
    return { labels: this.#catalog.window.labels(this.#series[places[0]]), chunks: encodeChunks({ timestamps, values, histograms }) }
  }

  #grow(): void {
    const [series, times, values] = [this.#series, this.#times, this.#values]
    this.#series = new Uint32Array(2 * series.length)
    this.#series.set(series)
    this.#times = new Float64Array(2 * times.length)
    this.#times.set(times)
    this.#values = new Float64Array(2 * values.length)
    this.#values.set(values)
  }

  #reset(): void {
    this.#series = new Uint32Array(CAPACITY)
    this.#times = new Float64Array(CAPACITY)
    this.#values = new Float64Array(CAPACITY)
    this.#histograms = new Map()
    this.#histogramBytes = 0
    this.#count = 0
  }
}
