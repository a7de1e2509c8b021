import type { Timestamp } from '../../model/time.ts'
import { joinIntervals, lastBegunAt, type TimeInterval } from '../block/tombstones.ts'

/** What was deleted of a window, to be sent to other threads and kept in files. */
export interface TombstonesState {
  /** Two states of a window with one number say the same. */
  readonly version: number
  /** Series, first time, last time of every interval; undefined: who asked has them. */
  readonly intervals: Float64Array | undefined
}

/**
 * What was deleted of a window, by its series: intervals of samples that were there at the time. Samples that come later are none of it:
 * those that come in order lie beyond, and late ones are taken out of it by `keep`.
 */
export class WindowTombstones {
  /** Rising, neither overlapping nor touching. Only `keep` changes a list that somebody may have. */
  #bySeries = new Map<number, readonly TimeInterval[]>()
  /** Of the lists, those that no other series has. */
  readonly #ownLists = new Map<number, TimeInterval[]>()
  #version = 0

  constructor(state?: TombstonesState) {
    if (state !== undefined) this.refresh(state)
  }

  get isEmpty(): boolean {
    return this.#bySeries.size === 0
  }

  of(series: number): readonly TimeInterval[] | undefined {
    return this.#bySeries.get(series)
  }

  /** Both inclusive. */
  add(series: number, minTime: Timestamp, maxTime: Timestamp): void {
    this.#version++
    const known = this.#bySeries.get(series)
    this.#bySeries.set(series, known === undefined ? this.#single(minTime, maxTime) : joinIntervals([...known, { minTime, maxTime }]))
    this.#ownLists.delete(series)
  }

  /** A sample came for a time that may have been deleted before. Each takes an interval apart: of one series there may be thousands. */
  keep(series: number, t: Timestamp): void {
    const known = this.#bySeries.get(series)
    if (known === undefined) return
    const at = lastBegunAt(known, t)
    if (at < 0 || known[at].maxTime < t) return
    this.#version++
    const { minTime, maxTime } = known[at]
    const parts: TimeInterval[] = []
    if (minTime < t) parts.push({ minTime, maxTime: t - 1 })
    if (t < maxTime) parts.push({ minTime: t + 1, maxTime })
    const own = this.#ownLists.get(series) ?? [...known]
    own.splice(at, 1, ...parts)
    if (own.length > 0) {
      this.#ownLists.set(series, own)
      this.#bySeries.set(series, own)
    } else {
      this.#ownLists.delete(series)
      this.#bySeries.delete(series)
    }
  }

  /** What `refresh` and the constructor take; `last`: a state that the taker has. */
  state(last?: TombstonesState): TombstonesState {
    if (last?.version === this.#version) return { version: this.#version, intervals: undefined }
    const flat: number[] = []
    for (const [series, intervals] of this.#bySeries) for (const { minTime, maxTime } of intervals) flat.push(series, minTime, maxTime)
    return { version: this.#version, intervals: Float64Array.from(flat) }
  }

  /** Takes over a state of the same window. */
  refresh({ version, intervals }: TombstonesState): void {
    this.#version = version
    if (intervals === undefined) return
    this.#bySeries = new Map()
    this.#ownLists.clear()
    // Those of a series stand together.
    for (let i = 0, end = 0; i < intervals.length; i = end) {
      const series = intervals[i]
      for (end = i + 3; end < intervals.length && intervals[end] === series; ) end += 3
      if (end === i + 3) this.#bySeries.set(series, this.#single(intervals[i + 1], intervals[i + 2]))
      else {
        const list: TimeInterval[] = []
        for (let at = i; at < end; at += 3) list.push({ minTime: intervals[at + 1], maxTime: intervals[at + 2] })
        this.#bySeries.set(series, list)
      }
    }
  }

  /** Many series begin and end together: what is deleted of them is one list. */
  #single(minTime: Timestamp, maxTime: Timestamp): readonly TimeInterval[] {
    const [last] = this.#last
    if (last?.minTime !== minTime || last.maxTime !== maxTime) this.#last = [{ minTime, maxTime }]
    return this.#last
  }

  #last: readonly TimeInterval[] = []
}
