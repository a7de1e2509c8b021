// What the last good page of a target looked like: a column entry for every series line, in the order of the lines.
//
// 1. Entry i has the series bytes [offsets[i], offsets[i+1]) of `bytes` and the storage's handle in refs[i].
// 2. A page is not changed by a scrape that matches it; one that differs builds a new page and leaves this one as it was, so a
//    scrape that fails half way loses nothing. (Only a handle that the storage let go of is replaced in place.)
// 3. Nothing here is an object per series: 1 million series of 100 bytes take 113 MB, and nothing for the collector to walk.

import type { Timestamp } from '../model/time.ts'
import type { SeriesRef } from '../storage/appender.ts'
import { SeriesTable } from './series-table.ts'

/** Bits of an entry's flags. 0: an ordinary series, to be marked stale when it goes. */
export const SeriesFlag = {
  /** Metric relabeling drops it: it has no handle. */
  dropped: 1,
  /** Not to be marked stale: it carries its own timestamps, or no sample of it was taken. */
  untracked: 2,
  /** The same bytes stand further up on the page. */
  repeated: 4,
} as const

export interface SeriesPage {
  readonly count: number
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
  readonly refs: Float64Array
  readonly flags: Uint8Array
  /** Start times for which a sample at zero is stored, 0 for none; empty where such samples are not stored. */
  readonly startTimes: Float64Array
}

export const EMPTY_PAGE: SeriesPage = {
  count: 0,
  bytes: new Uint8Array(0),
  offsets: new Uint32Array(1),
  refs: new Float64Array(0),
  flags: new Uint8Array(0),
  startTimes: new Float64Array(0),
}

/** The start time for which a sample at zero is stored, 0 for none. */
export function startTimeOf({ startTimes }: SeriesPage, index: number): Timestamp {
  return startTimes.length > 0 ? startTimes[index] : 0
}

/** Collects the entries of a page that differs from the last one. */
export class SeriesPageBuilder {
  /** For whoever fills the builder, to find series again. */
  readonly table = new SeriesTable()
  #count = 0
  #bytes = new Uint8Array(16 * 1024)
  #offsets = new Uint32Array(129)
  #refs = new Float64Array(128)
  #flags = new Uint8Array(128)
  /** Without entries where samples at zero are not stored. */
  #startTimes = new Float64Array(0)

  /** Begins a page. */
  begin(withStartTimes: boolean): void {
    this.#count = 0
    if (this.#startTimes.length > 0 !== withStartTimes) this.#startTimes = new Float64Array(withStartTimes ? this.#refs.length : 0)
  }

  get count(): number {
    return this.#count
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  start(index: number): number {
    return this.#offsets[index]
  }

  end(index: number): number {
    return this.#offsets[index + 1]
  }

  ref(index: number): SeriesRef {
    return this.#refs[index]
  }

  flags(index: number): number {
    return this.#flags[index]
  }

  startTime(index: number): Timestamp {
    return this.#startTimes.length > 0 ? this.#startTimes[index] : 0
  }

  /** Takes over the first `count` entries of a page. */
  copyFrom(page: SeriesPage, count: number): void {
    this.#reserve(count, page.offsets[count])
    this.#bytes.set(page.bytes.subarray(0, page.offsets[count]))
    this.#offsets.set(page.offsets.subarray(0, count + 1))
    this.#refs.set(page.refs.subarray(0, count))
    this.#flags.set(page.flags.subarray(0, count))
    if (this.#startTimes.length > 0) this.#startTimes.set(page.startTimes.subarray(0, count))
    this.#count = count
  }

  add(from: Uint8Array, start: number, end: number, ref: SeriesRef, flags: number, startTime: Timestamp): void {
    const index = this.#count
    const at = this.#offsets[index]
    this.#reserve(index + 1, at + end - start)
    this.#bytes.set(from.subarray(start, end), at)
    this.#offsets[index + 1] = at + end - start
    this.#refs[index] = ref
    this.#flags[index] = flags
    if (this.#startTimes.length > 0) this.#startTimes[index] = startTime
    this.#count = index + 1
  }

  /** What it holds. */
  get heldBytes(): number {
    return this.#bytes.length + 21 * this.#refs.length + this.table.heldBytes
  }

  /** The page so far. Its text, `bytes` and `offsets`, is lent: it is good until the builder goes on. */
  page(): SeriesPage {
    const count = this.#count
    return {
      count,
      bytes: this.#bytes.subarray(0, this.#offsets[count]),
      offsets: this.#offsets.subarray(0, count + 1),
      refs: this.#refs.slice(0, count),
      flags: this.#flags.slice(0, count),
      startTimes: this.#startTimes.slice(0, count),
    }
  }

  #reserve(count: number, sizeBytes: number): void {
    if (sizeBytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(sizeBytes, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    if (count <= this.#refs.length) return
    const capacity = Math.max(count, this.#refs.length * 2)
    const [offsets, refs, flags, startTimes] = [this.#offsets, this.#refs, this.#flags, this.#startTimes]
    this.#offsets = new Uint32Array(capacity + 1)
    this.#refs = new Float64Array(capacity)
    this.#flags = new Uint8Array(capacity)
    this.#offsets.set(offsets)
    this.#refs.set(refs)
    this.#flags.set(flags)
    if (startTimes.length === 0) return
    this.#startTimes = new Float64Array(capacity)
    this.#startTimes.set(startTimes)
  }
}

const KEPT_BUILDERS_MAX = 4
const KEPT_BYTES_MAX = 256 * 1024

/** Builders for use again: at a start every page is built, and what each would leave behind is more than all pages are in the end. */
export class PageBuilders {
  readonly #free: SeriesPageBuilder[] = []

  take(withStartTimes: boolean): SeriesPageBuilder {
    const builder = this.#free.pop() ?? new SeriesPageBuilder()
    builder.begin(withStartTimes)
    return builder
  }

  give(builder: SeriesPageBuilder): void {
    if (this.#free.length < KEPT_BUILDERS_MAX && builder.heldBytes <= KEPT_BYTES_MAX) this.#free.push(builder)
  }
}

/** The handles of all entries that are to be marked stale when they go, sorted. */
export function trackedRefs(page: SeriesPage): Float64Array {
  const refs = new Float64Array(page.count)
  let count = 0
  for (let i = 0; i < page.count; i++) if (page.flags[i] === 0) refs[count++] = page.refs[i]
  return refs.subarray(0, count).sort()
}

/** Whether a sorted column has a value. */
export function includesRef(sorted: Float64Array, ref: SeriesRef): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < ref) low = middle + 1
    else high = middle
  }
  return sorted[low] === ref
}
