import type { SeriesRef } from '../../storage/appender.ts'
import { SampleRun } from '../window/append-run.ts'
import { type SampleSlice, SLICE_SAMPLES } from './sample-slices.ts'

// Where samples of the log stand: a scrape's one after the other, the next scrape of the same series a million samples later. To put each where it belongs
// touches rows and cells of all series for every scrape, which is mostly waiting for memory. So samples are gathered, 8 bytes each, and what
// several records have of the same series goes to a series at once.

/** Samples that are gathered at most: 32 MB, or so many of each series, which are 64 bytes beside the 160 and more that a series takes. */
const GATHERED_MAX = 4 * 1024 * 1024
const GATHERED_OF_SERIES = 8
/** Runs, of 16 bytes each. */
const RUNS_MAX = 64 * 1024
/** A shorter run costs more to be put in order than what it saves. */
const RUN_SAMPLES_MIN = 8
/** Runs of the same series that are looked at at once. */
const DEPTH_MAX = 256
/** Samples that are applied between two looks at the clock, where runs are many and long. */
const SAMPLES_AT_ONCE = 64 * 1024
/** Short runs that are applied between two looks at the clock. */
const RUNS_AT_ONCE = 256

/** Who gets what was gathered. */
export interface GatheredTarget {
  /** The first `count` samples of a run, which is lent for the call: of one series, in order of the log. */
  samples(ref: SeriesRef, run: SampleRun, count: number): void
}

/** Samples of a segment in order of the log: runs of series that follow each other, of one time each. */
export class GatheredSamples {
  readonly #capacity: number
  readonly #values: Float64Array
  #count = 0
  /** Of each run: the number of its first series in the segment, where its values begin, and its time. */
  readonly #firstSeries: Uint32Array
  readonly #valuesAt: Uint32Array
  readonly #times: Float64Array
  #runCount = 0
  /** No series here has a higher number, or this one. */
  seriesEnd = 0
  /** By series: 1 where a run has it. Of the first `#marked` runs, for those who ask. */
  #marks = new Uint8Array(0)
  #marked = 0
  /** Runs by their first series, each as `first * RUNS_MAX + run`; undefined: to be made. */
  #order: Float64Array | undefined
  /** What is applied in turn has come so far: of series with lower numbers nothing is left. */
  #doneBefore = 0
  /** By series: 1 where all there is of it was applied before its turn. */
  #taken: Uint8Array | undefined
  /** Of those that were applied: samples whose series is not known, and the others. */
  lost = 0
  applied = 0

  /** For a log of so many bytes, and so many series as far as is known. */
  constructor(bytes: number, seriesCount: number) {
    this.#capacity = Math.min(Math.max(GATHERED_MAX, GATHERED_OF_SERIES * seriesCount), bytes) + SLICE_SAMPLES
    // What is shared does not count when the engine asks itself whether to collect: as much as this makes it do so at once.
    this.#values = new Float64Array(new SharedArrayBuffer(8 * this.#capacity))
    const runs = Math.min(this.#capacity, RUNS_MAX)
    this.#firstSeries = new Uint32Array(runs)
    this.#valuesAt = new Uint32Array(runs + 1)
    this.#times = new Float64Array(runs)
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** Whether it is time to apply what is here: a record of usual size has hardly room. */
  get isFull(): boolean {
    return this.#count >= 0.95 * this.#capacity || this.#runCount >= RUNS_MAX / 2
  }

  /** Whether there is room for a slice. */
  get hasRoom(): boolean {
    return this.#count + SLICE_SAMPLES <= this.#capacity && this.#runCount + SLICE_SAMPLES <= RUNS_MAX
  }

  /** Whether it is worth it to put runs in order of their series. */
  get isInRuns(): boolean {
    return this.#count >= RUN_SAMPLES_MIN * this.#runCount
  }

  /** Takes the first `count` samples of a slice, which are all of it. */
  add({ values, runCount, firstSeries, starts, times, seriesEnd }: SampleSlice, count: number): void {
    const at = this.#count
    this.#values.set(count === values.length ? values : values.subarray(0, count), at)
    for (let run = 0; run < runCount; run++) {
      this.#firstSeries[this.#runCount] = firstSeries[run]
      this.#valuesAt[this.#runCount] = at + starts[run]
      this.#times[this.#runCount++] = times[run]
    }
    if (seriesEnd > this.seriesEnd) this.seriesEnd = seriesEnd
    this.#order = undefined
    this.#count = at + count
    this.#valuesAt[this.#runCount] = this.#count
  }

  /** Whether something of a series is here. */
  has(series: number): boolean {
    if (series >= this.seriesEnd) return false
    if (this.#marks.length < this.seriesEnd) {
      this.#marks = new Uint8Array(Math.max(this.seriesEnd, 2 * this.#marks.length))
      this.#marked = 0
    }
    for (; this.#marked < this.#runCount; this.#marked++)
      this.#marks.fill(1, this.#firstSeries[this.#marked], this.#seriesEndOf(this.#marked))
    return this.#marks[series] === 1
  }

  /**
   * Hands over what is here, and begins anew: of each series in order of the log. `refs` has, by the number of a series, its ref + 1, 0 where it is not
   * known. Yields wherever it can pause; nothing may be added before it has ended.
   */
  *apply(refs: Float64Array, target: GatheredTarget): Generator<undefined, void> {
    if (this.isInRuns) yield* this.#applyBySeries(refs, target)
    else yield* this.#applyInOrder(refs, target)
    if (this.#marked > 0) this.#marks.fill(0, 0, this.seriesEnd)
    this.#marked = 0
    this.#count = 0
    this.#runCount = 0
    this.#order = undefined
    this.#doneBefore = 0
    this.seriesEnd = 0
  }

  /**
   * Hands over what is here of some series, by their rising numbers, before `apply` comes to them: before it has begun, or where it yields. What is added of
   * them from now on is left out. `isInRuns` holds, or nothing is here.
   */
  applyOf(numbers: ArrayLike<number>, refs: Float64Array, target: GatheredTarget): void {
    const taken = this.#takenUpTo(numbers[numbers.length - 1] ?? -1)
    const order = this.#ordered()
    const samples = new SampleRun(Math.min(order.length, DEPTH_MAX))
    let active: number[] = []
    let next = 0
    for (let n = 0; n < numbers.length; n++) {
      const series = numbers[n]
      if (taken[series] === 1) continue
      if (series >= this.#doneBefore && series < this.seriesEnd) {
        const begin = next
        while (next < order.length && this.#firstSeries[order[next] % RUNS_MAX] <= series) next++
        if (next > begin || active.some((run) => this.#seriesEndOf(run) <= series)) {
          for (let i = begin; i < next; i++) active.push(order[i] % RUNS_MAX)
          active = active.filter((run) => this.#seriesEndOf(run) > series).sort((a, b) => a - b)
        }
        for (let from = 0; from < active.length; from += DEPTH_MAX)
          this.#applyRuns(active, from, Math.min(from + DEPTH_MAX, active.length), series, series + 1, refs, samples, target)
      }
      taken[series] = 1
    }
  }

  /** Whether all there is of a series was applied before its turn. */
  isTaken(series: number): boolean {
    return this.#taken !== undefined && this.#taken[series] === 1
  }

  #takenUpTo(series: number): Uint8Array {
    if (this.#taken === undefined || this.#taken.length <= series) {
      const larger = new Uint8Array(Math.max(series + 1, this.seriesEnd))
      if (this.#taken !== undefined) larger.set(this.#taken)
      this.#taken = larger
    }
    return this.#taken
  }

  /** Runs by their first series; of equals in order of the log. */
  #ordered(): Float64Array {
    if (this.#order !== undefined) return this.#order
    const runCount = this.#runCount
    const order = new Float64Array(runCount)
    for (let run = 0; run < runCount; run++) order[run] = this.#firstSeries[run] * RUNS_MAX + run
    this.#order = order.sort()
    return order
  }

  /** From the lowest series to the highest: the runs that have it, for as many series as these are the same runs. */
  *#applyBySeries(refs: Float64Array, target: GatheredTarget): Generator<undefined, void> {
    const runCount = this.#runCount
    const order = this.#ordered()
    const samples = new SampleRun(Math.min(runCount, DEPTH_MAX))
    let active: number[] = []
    let series = 0
    for (let next = 0; next < runCount || active.length > 0; ) {
      if (active.length === 0) series = this.#firstSeries[order[next] % RUNS_MAX]
      const begin = next
      while (next < runCount && this.#firstSeries[order[next] % RUNS_MAX] === series) next++
      if (next > begin) active = merged(active, order, begin, next)
      let end = series + Math.max(1, Math.floor(SAMPLES_AT_ONCE / active.length))
      if (next < runCount) end = Math.min(end, this.#firstSeries[order[next] % RUNS_MAX])
      for (const run of active) end = Math.min(end, this.#seriesEndOf(run))
      // A series is done whole, or not begun, wherever others may run.
      for (let from = 0; from < active.length; from += DEPTH_MAX)
        this.#applyRuns(active, from, Math.min(from + DEPTH_MAX, active.length), series, end, refs, samples, target)
      this.#doneBefore = end
      yield
      series = end
      active = active.filter((run) => this.#seriesEndOf(run) > end)
    }
  }

  /** What the runs from `from` up to `to` have of the series from `series` up to `end`. Hot in replay. */
  #applyRuns(
    runs: readonly number[],
    from: number,
    to: number,
    series: number,
    end: number,
    refs: Float64Array,
    samples: SampleRun,
    target: GatheredTarget,
  ): void {
    const count = to - from
    const values = this.#values
    const taken = this.#taken
    for (let i = 0; i < count; i++) {
      const run = runs[from + i]
      samples.times[i] = this.#times[run]
      // The values of a run are in order of its series.
      valuesAt[i] = this.#valuesAt[run] + series - this.#firstSeries[run]
    }
    for (let offset = 0; offset < end - series; offset++) {
      if (taken !== undefined && taken[series + offset] === 1) continue
      const known = series + offset < refs.length ? refs[series + offset] : 0
      if (known === 0) {
        this.lost += count
        continue
      }
      this.applied += count
      for (let i = 0; i < count; i++) samples.values[i] = values[valuesAt[i] + offset]
      target.samples(known - 1, samples, count)
    }
  }

  *#applyInOrder(refs: Float64Array, target: GatheredTarget): Generator<undefined, void> {
    const samples = new SampleRun(1)
    for (let run = 0; run < this.#runCount; run++) {
      this.#applyRuns([run], 0, 1, this.#firstSeries[run], this.#seriesEndOf(run), refs, samples, target)
      if (run % RUNS_AT_ONCE === 0) yield
    }
  }

  /** The number after that of the last series of a run. */
  #seriesEndOf(run: number): number {
    return this.#firstSeries[run] + this.#valuesAt[run + 1] - this.#valuesAt[run]
  }
}

const valuesAt = new Uint32Array(DEPTH_MAX)

/** Runs that are in order of the log, and others of `order` from `from` up to `to` that are as well. */
function merged(runs: readonly number[], order: Float64Array, from: number, to: number): number[] {
  const all: number[] = []
  let next = from
  for (const run of runs) {
    while (next < to && order[next] % RUNS_MAX < run) all.push(order[next++] % RUNS_MAX)
    all.push(run)
  }
  while (next < to) all.push(order[next++] % RUNS_MAX)
  return all
}
