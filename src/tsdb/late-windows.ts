import type { Histogram } from '../model/histogram.ts'
import type { Timestamp } from '../model/time.ts'
import { AppendStatus } from '../storage/appender.ts'
import { isSameFloat, isSameSample, type SampleBits } from './window/same-sample.ts'
import { sampleAt } from './window/sample-at.ts'
import type { SlabPool } from './window/slab-pool.ts'
import { Window } from './window/window.ts'

// 1. A late window is there once a sample of its range came that the series had gone past, and goes with the window of the same range.
// 2. No sample is in both: of two of one time the one that was applied first stays.

/** The row that a series has in a window. */
export interface SeriesRow {
  readonly window: Window
  readonly series: number
}

/** Where the samples of one series of a range are. */
interface Place {
  readonly ref: number
  /** Of the samples that came in order; -1: there are none. */
  readonly inOrder: number
  readonly window: Window
  readonly late: Window | undefined
  readonly lateSeries: number
}

/** Windows for samples that came after newer ones of their series, beside the windows of the same ranges. */
export class LateWindows {
  readonly #pool: SlabPool
  /** In time order. */
  #all: readonly Window[] = []
  /** The place that was looked for last: late samples come many of a series at a time. */
  #recent: Place | undefined
  /** Samples that were stored here. */
  readonly appended = { float: 0, histogram: 0 }

  constructor(pool: SlabPool) {
    this.#pool = pool
  }

  /** In time order. */
  get all(): readonly Window[] {
    return this.#all
  }

  /** Counts from nothing again, but for some floats: what replay brought back was counted before. */
  forgetCounts(floats: number): void {
    this.appended.float = floats
    this.appended.histogram = 0
  }

  /** Takes the place of nothing. */
  restore(windows: readonly Window[]): void {
    this.#all = [...windows].sort((a, b) => a.start - b.start)
  }

  /** The late window beside a window. */
  beside({ start }: Window): Window | undefined {
    return this.#all.length === 0 ? undefined : this.#all.find((late) => late.start === start)
  }

  /** Takes the late window beside a window away from here. */
  takeBeside(window: Window): Window | undefined {
    this.#recent = undefined
    const late = this.beside(window)
    if (late !== undefined) this.#all = this.#all.filter((one) => one !== late)
    return late
  }

  /** What a series has at a time of a window. `home` is where its labels are. */
  at(ref: number, home: SeriesRow, window: Window, t: Timestamp): SampleBits | undefined {
    const { inOrder, late, lateSeries } = this.#placeOf(ref, home, window)
    const found = inOrder < 0 ? undefined : sampleAt(window, inOrder, t)
    return found ?? (late === undefined || lateSeries < 0 ? undefined : sampleAt(late, lateSeries, t))
  }

  /** Stores a sample beside a window, unless the series has one of the same time. `ordinal` is for a window that has to be made. */
  insert(ref: number, home: SeriesRow, window: Window, t: Timestamp, v: number, startTime: Timestamp, ordinal: () => number): AppendStatus {
    const found = this.at(ref, home, window, t)
    if (found !== undefined) return isSameFloat(found, v) ? AppendStatus.ok : AppendStatus.duplicateTimestamp
    const { late, lateSeries } = this.#madePlace(ref, home, window, ordinal)
    late.insert(lateSeries, t, v, startTime)
    late.tombstones.keep(lateSeries, t)
    this.appended.float++
    return AppendStatus.ok
  }

  /** The same for a histogram; undefined: a stale one. */
  insertHistogram(
    ref: number,
    home: SeriesRow,
    window: Window,
    t: Timestamp,
    isFloat: boolean,
    histogram: Histogram | undefined,
    startTime: Timestamp,
    sample: SampleBits,
    ordinal: () => number,
  ): AppendStatus {
    const found = this.at(ref, home, window, t)
    if (found !== undefined)
      return isSameSample(found, sample.kind, sample.high, sample.low) ? AppendStatus.ok : AppendStatus.duplicateTimestamp
    const { late, lateSeries } = this.#madePlace(ref, home, window, ordinal)
    late.insertHistogram(lateSeries, t, isFloat, histogram, startTime, sample.high, sample.low)
    late.tombstones.keep(lateSeries, t)
    this.appended.histogram++
    return AppendStatus.ok
  }

  #placeOf(ref: number, home: SeriesRow, window: Window): Place {
    const recent = this.#recent
    if (recent !== undefined && recent.ref === ref && recent.window === window) return recent
    const late = this.beside(window)
    const isHome = home.window === window
    const labels = isHome && late === undefined ? undefined : home.window.labels(home.series)
    const inOrder = isHome ? home.series : window.find(labels!)
    const lateSeries = late === undefined ? -1 : late.find(labels!)
    return this.#remember({ ref, inOrder, window, late, lateSeries })
  }

  /** The place, with a row in a late window; kept for the next sample. */
  #madePlace(ref: number, home: SeriesRow, window: Window, ordinal: () => number): { readonly late: Window; readonly lateSeries: number } {
    const place = this.#placeOf(ref, home, window)
    let { late, lateSeries } = place
    if (late === undefined) {
      late = Window.late(this.#pool, ordinal(), window.start, window.end)
      this.#all = [...this.#all, late].sort((a, b) => a.start - b.start)
    }
    if (lateSeries < 0) lateSeries = late.add(home.window.labels(home.series))
    if (place.lateSeries < 0) this.#remember({ ...place, late, lateSeries })
    return { late, lateSeries }
  }

  /** A row that is not there may come; others stay what they are. */
  #remember(place: Place): Place {
    if (place.inOrder >= 0 && place.lateSeries >= 0) this.#recent = place
    return place
  }
}
