import type { Histogram } from '../../model/histogram.ts'
import { histogramSampleCount } from '../../model/histogram-size.ts'
import type { Labels } from '../../model/labels.ts'
import type { QueryBudget } from '../../storage/series-source.ts'

// 1. `values[k]` means something only where `present[k]` is 1; elsewhere it is whatever was there before.
// 2. A series has one holder at a time: who is handed it passes it on, keeps it, or releases it; nobody else touches it then.
// 3. Memory comes from ColumnMemory alone, which charges the budget before it allocates.
// 4. A sample is a native histogram where `histograms[k]` is one, and `values[k]` then means nothing. A series of floats alone has no
//    such column, and whoever works on floats has nothing to ask but that, once a series.

/** The native histograms of a series, a place a step: undefined where the sample is a float, or there is none. */
export type HistogramColumn = (Histogram | undefined)[]

/** One series of a step vector: a value a step, as columns. */
export class StepSeries {
  labels: Labels
  readonly values: Float64Array
  readonly present: Uint8Array
  histograms: HistogramColumn | undefined = undefined
  /** The metric name is to be dropped, at the latest before the answer: only under delayed name removal. */
  dropName = false
  /** Samples charged to the budget while this series is held, and what its histograms take. */
  charged = 0
  chargedBytes = 0

  constructor(labels: Labels, values: Float64Array, present: Uint8Array) {
    this.labels = labels
    this.values = values
    this.present = present
  }
}

/** What a consumer of series is: takes each one over. */
export type Sink = (series: StepSeries) => void

const BYTES_PER_STEP = 9
/** What the objects around a series' two columns cost, about. */
const SERIES_OVERHEAD_BYTES = 400
/** What a histogram takes, about, beside the 16 bytes of each sample that it counts for: the objects of its four columns. */
export const BYTES_PER_HISTOGRAM = 500
const BYTES_PER_SAMPLE = 16
/** Of a table by text: the text's object, the entry, and an entry of the list beside it. */
const BYTES_PER_ENTRY = 80

/** Steps of the columns that lie in one piece of memory, and of one of them at most. */
const SHARED_STEPS = 512
const SHARED_STEPS_MAX = 8
const NO_BLOCK = new ArrayBuffer(0)

/** Columns of one query: charged before they are allocated, used again once released, all given back by `close`. */
export class ColumnMemory {
  readonly #budget: QueryBudget
  readonly #free = new Map<number, StepSeries[]>()
  #chargedBytes = 0
  #block = NO_BLOCK
  #flagBlock = NO_BLOCK
  #blockLeft = 0

  constructor(budget: QueryBudget) {
    this.#budget = budget
  }

  /** A series of `stepCount` steps with nothing present. */
  series(labels: Labels, stepCount: number): StepSeries {
    const reused = this.#free.get(stepCount)?.pop()
    if (reused !== undefined) {
      reused.labels = labels
      reused.present.fill(0)
      return reused
    }
    this.#charge(stepCount * BYTES_PER_STEP + SERIES_OVERHEAD_BYTES)
    if (stepCount > SHARED_STEPS_MAX || stepCount === 0)
      return new StepSeries(labels, new Float64Array(stepCount), new Uint8Array(stepCount))
    if (this.#blockLeft < stepCount) this.#beginBlock()
    const at = SHARED_STEPS - this.#blockLeft
    this.#blockLeft -= stepCount
    return new StepSeries(labels, new Float64Array(this.#block, 8 * at, stepCount), new Uint8Array(this.#flagBlock, at, stepCount))
  }

  /** Columns of a few steps lie in memory of several series: one of its own would be as large as three of them. */
  #beginBlock(): void {
    this.#block = new ArrayBuffer(8 * SHARED_STEPS)
    this.#flagBlock = new ArrayBuffer(SHARED_STEPS)
    this.#blockLeft = SHARED_STEPS
  }

  /** The same series in columns of its own. */
  copy(series: StepSeries): StepSeries {
    const copied = this.series(series.labels, series.values.length)
    copied.values.set(series.values)
    copied.present.set(series.present)
    copied.dropName = series.dropName
    if (series.histograms !== undefined) {
      copied.histograms = this.histograms(series.values.length)
      for (let k = 0; k < series.histograms.length; k++) copied.histograms[k] = series.histograms[k]
    }
    this.chargeSamples(copied, series.charged)
    return copied
  }

  /** Zeroed; given back with everything else. */
  floats(count: number): Float64Array {
    this.#charge(count * 8)
    return new Float64Array(count)
  }

  /** Zeroed; given back with everything else. */
  flags(count: number): Uint8Array {
    this.#charge(count)
    return new Uint8Array(count)
  }

  /** Zeroed; given back with everything else. */
  indexes(count: number): Int32Array {
    this.#charge(count * 4)
    return new Int32Array(count)
  }

  /** All undefined; given back with everything else. */
  histograms(count: number): HistogramColumn {
    this.#charge(count * 8)
    return new Array<Histogram | undefined>(count).fill(undefined)
  }

  /** Counts samples that `series` holds; they are given back when it is released. */
  chargeSamples(series: StepSeries, count: number): void {
    this.#budget.chargeSamples(count)
    series.charged += count
    if (series.histograms === undefined) return
    const bytes = count * BYTES_PER_SAMPLE + series.histograms.length * BYTES_PER_HISTOGRAM
    this.#budget.chargeBytes(bytes)
    series.chargedBytes += bytes
  }

  release(series: StepSeries): void {
    if (series.charged > 0) this.#budget.releaseSamples(series.charged)
    if (series.chargedBytes > 0) this.#budget.releaseBytes(series.chargedBytes)
    series.charged = 0
    series.chargedBytes = 0
    series.dropName = false
    series.histograms = undefined
    const stepCount = series.values.length
    const free = this.#free.get(stepCount)
    if (free === undefined) this.#free.set(stepCount, [series])
    else free.push(series)
  }

  /** Charges text of so many characters that is to be made or kept, and its place in a table; given back with everything else. */
  chargeText(length: number): void {
    this.#charge(BYTES_PER_ENTRY + length)
  }

  /** Takes back what a column was charged that is no longer in use. */
  giveBack(bytes: number): void {
    this.#budget.releaseBytes(bytes)
    this.#chargedBytes -= bytes
  }

  close(): void {
    this.#free.clear()
    this.#budget.releaseBytes(this.#chargedBytes)
    this.#chargedBytes = 0
  }

  #charge(bytes: number): void {
    this.#budget.chargeBytes(bytes)
    this.#chargedBytes += bytes
  }
}

/** How many steps have a value. */
export function countPresent(present: Uint8Array): number {
  let count = 0
  for (let k = 0; k < present.length; k++) count += present[k]
  return count
}

/** What the samples of a series count for in the budget: a histogram is as many as take its space. */
export function countSamples({ present, histograms }: StepSeries): number {
  let count = countPresent(present)
  if (histograms === undefined) return count
  for (let k = 0; k < present.length; k++) {
    const histogram = histograms[k]
    if (present[k] === 1 && histogram !== undefined) count += histogramSampleCount(histogram) - 1
  }
  return count
}

/** Leaves only the floats of a series. Whether there was anything else. */
export function dropHistograms(series: StepSeries): boolean {
  const { present, histograms } = series
  if (histograms === undefined) return false
  let dropped = false
  for (let k = 0; k < present.length; k++) {
    if (histograms[k] === undefined || present[k] === 0) continue
    present[k] = 0
    dropped = true
  }
  series.histograms = undefined
  return dropped
}

/** Whether any sample of a series is a float. */
export function hasFloats({ present, histograms }: StepSeries): boolean {
  if (histograms === undefined) return isAnyPresent(present)
  for (let k = 0; k < present.length; k++) if (present[k] === 1 && histograms[k] === undefined) return true
  return false
}

export function isAnyPresent(present: Uint8Array): boolean {
  return present.includes(1)
}
