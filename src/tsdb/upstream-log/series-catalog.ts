import type { Breather } from '../../base/breather.ts'
import type { Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import type { TimeInterval } from '../block/tombstones.ts'
import { HashIndex, mix } from '../window/hash-index.ts'
import { sortByLabels } from '../window/match.ts'
import { SampleKind } from '../window/sample-kind.ts'
import type { SlabPool } from '../window/slab-pool.ts'
import { Window } from '../window/window.ts'

/** What `seriesOf` answers for a ref that nobody has named. */
export const UNKNOWN = -1
/** And for one whose samples are in a block. */
export const ENDED = -2

/** The series of a log: by the refs that it has for them, and numbered as they come. Labels lie in slabs; no object a series. */
export class SeriesCatalog {
  /** Without samples; its series numbers are ours. */
  readonly window: Window
  /** Of a series' newest sample in order. */
  lastTimes = new Float64Array(1024).fill(Number.NEGATIVE_INFINITY)
  /** What that is: a SampleKind. */
  lastKinds = new Uint8Array(1024)
  /** What was deleted, by series, in any order. */
  readonly tombstones = new Map<number, TimeInterval[]>()
  #refs = new Float64Array(1024)
  #seriesOfRefs = new Int32Array(1024)
  #refCount = 0
  /** After the ref that was looked for last. */
  #next = 0
  readonly #index: HashIndex

  constructor(pool: SlabPool) {
    this.window = new Window(pool, 0, 0, 0)
    this.#index = new HashIndex(pool, (id) => hashRef(this.#refs[id]))
  }

  get seriesCount(): number {
    return this.window.seriesCount
  }

  /** Notes that a ref stands for these labels. The first that is said of a ref counts. */
  add(ref: number, labels: Labels): void {
    if (labels.size === 0 || this.#find(ref) >= 0) return
    const series = this.window.add(labels)
    if (series >= this.lastTimes.length) {
      const [times, kinds] = [this.lastTimes, this.lastKinds]
      this.lastTimes = new Float64Array(2 * times.length).fill(Number.NEGATIVE_INFINITY)
      this.lastTimes.set(times)
      this.lastKinds = new Uint8Array(2 * kinds.length)
      this.lastKinds.set(kinds)
    }
    if (this.#refCount === this.#refs.length) {
      const [refs, seriesOfRefs] = [this.#refs, this.#seriesOfRefs]
      this.#refs = new Float64Array(2 * refs.length)
      this.#refs.set(refs)
      this.#seriesOfRefs = new Int32Array(2 * seriesOfRefs.length)
      this.#seriesOfRefs.set(seriesOfRefs)
    }
    const id = this.#refCount++
    this.#refs[id] = ref
    this.#seriesOfRefs[id] = series
    this.#index.insert(hashRef(ref), id)
  }

  /**
   * The series of a ref, UNKNOWN or ENDED. Hot: once a sample. Samples come in the order in which their series came, as a rule: looking at
   * the next one first saves a third of the time (take-over.bench.ts).
   */
  seriesOf(ref: number): number {
    let id = this.#next
    if (id >= this.#refCount || this.#refs[id] !== ref) id = this.#find(ref)
    if (id < 0) return UNKNOWN
    this.#next = id + 1
    return this.#seriesOfRefs[id]
  }

  /** Notes a deletion. One of all time ends every ref that the series has by now. */
  delete(ref: number, minTime: Timestamp, maxTime: Timestamp): void {
    const series = this.seriesOf(ref)
    if (series < 0) return
    if (minTime === Number.NEGATIVE_INFINITY && maxTime === Number.POSITIVE_INFINITY) {
      for (let id = 0; id < this.#refCount; id++) if (this.#seriesOfRefs[id] === series) this.#seriesOfRefs[id] = ENDED
      return
    }
    const known = this.tombstones.get(series)
    if (known === undefined) this.tombstones.set(series, [{ minTime, maxTime }])
    else known.push({ minTime, maxTime })
  }

  /** A sample in order was taken. */
  setLast(series: number, t: Timestamp, kind: SampleKind): void {
    this.lastTimes[series] = t
    this.lastKinds[series] = kind
  }

  /** Whether a staleness marker for the series is one of histograms; undefined: of floats. */
  isFloatHistogram(series: number): boolean | undefined {
    const kind = this.lastKinds[series]
    return kind === SampleKind.float ? undefined : kind === SampleKind.floatHistogram
  }

  /** For each series its place in label order. */
  async ranks(breather: Breather): Promise<Uint32Array> {
    const order = new Uint32Array(this.seriesCount)
    for (let i = 0; i < order.length; i++) order[i] = i
    await sortByLabels(this.window, order, breather)
    const ranks = new Uint32Array(order.length)
    for (let i = 0; i < order.length; i++) ranks[order[i]] = i
    return ranks
  }

  release(): void {
    this.window.release()
    this.#index.release()
  }

  #find(ref: number): number {
    const index = this.#index
    for (let probe = index.first(hashRef(ref)), id = 0; (id = index.at(probe)) >= 0; probe = index.next(probe)) {
      if (this.#refs[id] === ref) return id
    }
    return -1
  }
}

function hashRef(ref: number): number {
  return mix((ref | 0) ^ Math.imul((ref / 0x1_0000_0000) | 0, 0x9e3779b1))
}
