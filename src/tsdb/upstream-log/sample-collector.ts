import type { Breather } from '../../base/breather.ts'
import { type Chunk, SampleColumns } from '../../chunkenc/codec.ts'
import type { Histogram } from '../../model/histogram.ts'
import { isStaleMarker } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { digest, digestHistogram } from '../histogram-digest.ts'
import { histogramKind, kindOf, SampleKind } from '../window/sample-kind.ts'
import type { SlabPool } from '../window/slab-pool.ts'
import { Window } from '../window/window.ts'
import { selectFromWindows } from '../window/window-reader.ts'
import { FinishedChunks, samplesOfChunk } from './finished-chunks.ts'
import { LateSamples, type RangeOfSeries } from './late-samples.ts'
import type { RecordHistogram } from './record-histogram.ts'
import type { Runs } from './runs.ts'
import { ENDED, type SeriesCatalog } from './series-catalog.ts'

const EVERYTHING = { minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY, matchers: [] }

/** A window that is being filled, by block range. */
interface Filling {
  readonly window: Window
  /** Of the catalog's series: number in the window + 1, 0 for none. */
  readonly rows: Uint32Array
  readonly translated: Uint32Array
}

export interface CollectorOptions {
  readonly rangeMs: number
  /** Samples in order that are older are in blocks. */
  readonly minValidTime: Timestamp
  /** Of what is collected, besides the catalog's own. */
  readonly memoryBytes: number
}

/** Takes the samples of a log, and hands them on as runs when they have become too many. Rules: docs/formats/prometheus-wal.md, 9 to 13. */
export class SampleCollector {
  readonly #catalog: SeriesCatalog
  readonly #pool: SlabPool
  readonly #options: CollectorOptions
  readonly #runs: Runs
  readonly #catalogBytes: number
  readonly #fillings = new Map<Timestamp, Filling>()
  #recent: Filling | undefined
  readonly #late: LateSamples
  readonly #chunks: FinishedChunks
  readonly #columns = new SampleColumns()
  #ranks: Uint32Array | undefined
  #ordinal = 0
  /** Samples whose series is not known. */
  lost = 0
  /** Chunks and histograms that were none. */
  unusable = 0

  /** The catalog has all its series, and all that is in the pool is the catalog's. */
  constructor(catalog: SeriesCatalog, pool: SlabPool, runs: Runs, options: CollectorOptions) {
    this.#catalog = catalog
    this.#pool = pool
    this.#options = options
    this.#runs = runs
    this.#catalogBytes = pool.usedBytes
    this.#late = new LateSamples(catalog, options.rangeMs)
    this.#chunks = new FinishedChunks(catalog, options.rangeMs, options.minValidTime)
  }

  /**
   * Takes a finished chunk. `isContinued`: the log goes on after it, what the log has before its end is in chunks; `isWanted`: its samples are
   * not had already.
   */
  chunk(ref: number, isOutOfOrder: boolean, chunk: Chunk, isContinued: boolean, isWanted: boolean): void {
    const catalog = this.#catalog
    const series = catalog.seriesOf(ref)
    if (series < 0) {
      if (series !== ENDED && isWanted) this.lost += chunk.sampleCount
      return
    }
    const isOld = !isOutOfOrder && chunk.maxTime < this.#options.minValidTime
    if (isOld) return
    const columns = this.#columns
    if (!samplesOfChunk(chunk, columns)) {
      this.unusable++
      return
    }
    if (!isOutOfOrder) {
      if (isWanted) this.#chunks.add(series, chunk, columns)
      const last = columns.timestamps[columns.length - 1]
      if (isContinued && last > catalog.lastTimes[series]) catalog.setLast(series, last, kindOf(chunk.encoding))
      return
    }
    if (!isWanted) return
    for (let i = 0; i < columns.length; i++) this.#late.add(series, columns.timestamps[i], columns.values[i], columns.histograms?.[i])
  }

  /** A sample of the log. Hot. */
  sample(ref: number, t: Timestamp, v: number): void {
    const series = this.#seriesOf(ref)
    if (series < 0 || !this.#isNext(series, t)) return
    const isFloat = isStaleMarker(v) ? this.#catalog.isFloatHistogram(series) : undefined
    if (isFloat !== undefined) {
      this.#append(series, t, isFloat, undefined)
      return
    }
    const filling = this.#fillingOf(t)
    filling.window.append(this.#rowOf(filling, series), t, v)
    this.#catalog.setLast(series, t, SampleKind.float)
  }

  histogram(ref: number, t: Timestamp, isFloat: boolean, histogram: RecordHistogram): void {
    const series = this.#seriesOf(ref)
    if (series < 0 || !this.#isNext(series, t)) return
    if (histogram === 'unusable') this.unusable++
    else this.#append(series, t, isFloat, histogram === 'stale' ? undefined : histogram)
  }

  /** A sample of the log of those that came out of order. */
  lateSample(ref: number, t: Timestamp, v: number): void {
    const series = this.#seriesOf(ref)
    if (series >= 0 && Number.isSafeInteger(t)) this.#late.add(series, t, v, undefined)
  }

  lateHistogram(ref: number, t: Timestamp, histogram: RecordHistogram): void {
    const series = this.#seriesOf(ref)
    if (series < 0 || !Number.isSafeInteger(t)) return
    if (histogram === 'unusable') this.unusable++
    else if (histogram === 'stale') this.#late.addStale(series, t)
    else this.#late.add(series, t, histogram.sum, histogram)
  }

  /** Whether `flush` is due. */
  get isFull(): boolean {
    const held = this.#pool.usedBytes - this.#catalogBytes + this.#late.heldBytes + this.#chunks.heldBytes
    // Each window has labels of its own: less than those would mean a run for every few samples.
    return held > this.#options.memoryBytes + 2 * this.#catalogBytes
  }

  /** Hands on all that is held. */
  async flush(breather: Breather, signal: AbortSignal): Promise<void> {
    this.#ranks ??= await this.#catalog.ranks(breather)
    await this.#runs.add(this.#chunks.take(this.#ranks, breather), false)
    await this.#runs.add(this.#takeWindows(breather, signal), false)
    await this.#runs.add(this.#late.take(this.#ranks, breather), true)
  }

  async *#takeWindows(breather: Breather, signal: AbortSignal): AsyncIterable<RangeOfSeries> {
    for (const [start, { window }] of this.#fillings) {
      const series = selectFromWindows([window], EVERYTHING, unlimitedContext(signal), breather)
      if (window.sampleCount > 0) yield { start, series }
      window.release()
    }
    this.#fillings.clear()
    this.#recent = undefined
  }

  #seriesOf(ref: number): number {
    const series = this.#catalog.seriesOf(ref)
    if (series < 0 && series !== ENDED) this.lost++
    return series
  }

  #isNext(series: number, t: Timestamp): boolean {
    return t >= this.#options.minValidTime && t > this.#catalog.lastTimes[series] && Number.isSafeInteger(t)
  }

  /** Undefined: a stale histogram. */
  #append(series: number, t: Timestamp, isFloat: boolean, histogram: Histogram | undefined): void {
    const filling = this.#fillingOf(t)
    const row = this.#rowOf(filling, series)
    digestHistogram(histogram)
    filling.window.appendHistogram(row, t, isFloat, histogram, 0, digest.high, digest.low)
    this.#catalog.setLast(series, t, histogramKind(isFloat))
  }

  #fillingOf(t: Timestamp): Filling {
    const recent = this.#recent
    if (recent !== undefined && t >= recent.window.start && t < recent.window.end) return recent
    const { rangeMs } = this.#options
    const start = Math.floor(t / rangeMs) * rangeMs
    let filling = this.#fillings.get(start)
    if (filling === undefined) {
      const window = new Window(this.#pool, ++this.#ordinal, start, start + rangeMs)
      const { window: catalog, seriesCount } = this.#catalog
      filling = { window, rows: new Uint32Array(seriesCount), translated: new Uint32Array(catalog.pairs.count) }
      this.#fillings.set(start, filling)
    }
    this.#recent = filling
    return filling
  }

  #rowOf({ window, rows, translated }: Filling, series: number): number {
    if (rows[series] === 0) rows[series] = window.addFrom(this.#catalog.window, series, translated) + 1
    return rows[series] - 1
  }
}
