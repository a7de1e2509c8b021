// Which series a point is of, when it comes again: known by the bytes of its attributes and by what is said around it, so that it costs neither
// texts nor labels nor a look-up. Hot: once a sample. What is asked for and what is remembered belongs to one request at a time, the cache to all.

import type { SeriesRef } from '../../storage/appender.ts'
import type { LabelRefCache } from '../label-ref-cache.ts'
import type { Point } from './metrics-data.ts'

const SCOPE = 0
const METRIC = 1
const POINT = 2
const BOUNDS = 3
const ALL = Uint32Array.of(SCOPE, METRIC, POINT, BOUNDS)

export class KnownSeries {
  readonly #cache: LabelRefCache
  /** Four words of a hash for each of the above. */
  readonly #hashes = new Uint32Array(4 * ALL.length)
  #hasKey = false

  constructor(cache: LabelRefCache) {
    this.#cache = cache
  }

  /** `text` is all that resource, scope and configuration make of the labels of the points to come. */
  openScope(text: string): void {
    this.#hashText(text, SCOPE)
  }

  /** `text` is all that the metric makes of labels and metadata. */
  openMetric(text: string): void {
    this.#hashText(text, METRIC)
  }

  /** `bounds` are those that labels have. */
  openPoint({ attributes: { bytes } }: Point, bounds: Float64Array): void {
    this.#hasKey = bytes !== undefined
    if (bytes === undefined) return
    const { view, start, end } = bytes
    this.#cache.hashSymbol(view, start, end, this.#hashes, POINT)
    if (bounds.length === 0) this.#hashes.fill(0, 4 * BOUNDS)
    else
      this.#cache.hashSymbol(new DataView(bounds.buffer, bounds.byteOffset, bounds.byteLength), 0, bounds.byteLength, this.#hashes, BOUNDS)
  }

  /** One of the series of the point, which `part` tells apart; -1: it is not known. */
  find(part: number): SeriesRef | -1 {
    return this.#hasKey ? this.#cache.findSymbols(this.#hashes, ALL, 0, ALL.length, part) : -1
  }

  /** Keeps the series of what was last asked for. */
  remember(ref: SeriesRef): void {
    if (this.#hasKey) this.#cache.remember(ref)
  }

  #hashText(text: string, symbol: number): void {
    const bytes = Buffer.from(text)
    this.#cache.hashSymbol(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, this.#hashes, symbol)
  }
}
