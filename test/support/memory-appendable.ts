import type { Exemplar } from '../../src/model/exemplar.ts'
import type { Histogram } from '../../src/model/histogram.ts'
import type { Labels } from '../../src/model/labels.ts'
import type { Metadata } from '../../src/model/metadata.ts'
import { isStaleMarker } from '../../src/model/staleness.ts'
import type { Timestamp } from '../../src/model/time.ts'
import { type Appendable, type Appender, AppendStatus, ExemplarStatus, type SeriesRef } from '../../src/storage/appender.ts'

/** Values stand in their own typed column: an ordinary array of numbers may turn a staleness marker into another NaN. */
class StoredSeries {
  readonly labels: Labels
  readonly times: Timestamp[] = []
  readonly startTimes: Timestamp[] = []
  readonly histograms: (Histogram | undefined)[] = []
  readonly exemplars: Exemplar[] = []
  metadata: Metadata | undefined
  #values = new Float64Array(16)

  constructor(labels: Labels) {
    this.labels = labels
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.times.length)
  }

  push(t: Timestamp, v: number, histogram: Histogram | undefined, startTime: Timestamp): void {
    if (this.times.length === this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.times.length] = v
    this.times.push(t)
    this.histograms.push(histogram)
    this.startTimes.push(startTime)
  }
}

class Batch {
  readonly series: StoredSeries[] = []
  readonly times: Timestamp[] = []
  readonly histograms: (Histogram | undefined)[] = []
  readonly startTimes: Timestamp[] = []
  readonly exemplars: [StoredSeries, Exemplar][] = []
  values = new Float64Array(64)
  /** Where the newest sample of a series stands. */
  readonly newest = new Map<StoredSeries, number>()

  push(series: StoredSeries, t: Timestamp, v: number, histogram: Histogram | undefined, startTime: Timestamp): void {
    const index = this.series.length
    if (index === this.values.length) {
      const grown = new Float64Array(index * 2)
      grown.set(this.values)
      this.values = grown
    }
    this.newest.set(series, index)
    this.values[index] = v
    this.series.push(series)
    this.times.push(t)
    this.histograms.push(histogram)
    this.startTimes.push(startTime)
  }
}

/** The Appender of tests: keeps everything in maps, in plain sight. Shows only what was committed. */
export class MemoryAppendable implements Appendable {
  readonly #byRef = new Map<SeriesRef, StoredSeries>()
  readonly #refs = new Map<string, SeriesRef>()
  readonly #byText = new Map<string, StoredSeries>()
  #nextRef = 1
  /** How many label sets were asked for: the slow path. */
  seriesCalls = 0
  /** Answers whether a new series is refused, since a budget is full. */
  refuses: (labels: Labels) => boolean = () => false
  /** Whether what was refused still is. */
  isShut = false
  /** Commits fail while it is set. */
  failure: Error | undefined

  appender(): Appender {
    const batch = new Batch()
    let isOver = false
    const take = (ref: SeriesRef, t: Timestamp, v: number, histogram: Histogram | undefined, startTime: Timestamp): AppendStatus => {
      if (isOver) throw new Error('append after the batch was committed or rolled back')
      const series = this.#byRef.get(ref)
      if (series === undefined) return ref < -1 && this.isShut ? AppendStatus.overBudget : AppendStatus.unknownSeries
      const inBatch = batch.newest.get(series)
      const [times, values, last] =
        inBatch === undefined ? [series.times, series.values, series.times.length - 1] : [batch.times, batch.values, inBatch]
      if (last >= 0 && t < times[last]) return AppendStatus.outOfOrder
      if (last >= 0 && t === times[last]) return Object.is(values[last], v) ? AppendStatus.ok : AppendStatus.duplicateTimestamp
      batch.push(series, t, v, histogram, startTime)
      return AppendStatus.ok
    }
    return {
      series: (labels) => {
        this.seriesCalls++
        const key = labels.key()
        const known = this.#refs.get(key)
        if (known !== undefined) return known
        if (this.isShut && this.refuses(labels)) return -2
        const ref = this.#nextRef++
        this.#refs.set(key, ref)
        const stored = new StoredSeries(labels)
        this.#byRef.set(ref, stored)
        this.#byText.set(labels.toString(), stored)
        return ref
      },
      append: (ref, t, v, startTime = 0) => take(ref, t, v, undefined, startTime),
      appendHistogram: (ref, t, histogram, startTime = 0) => take(ref, t, histogram.sum, histogram, startTime),
      appendExemplar: (ref, exemplar) => {
        const series = this.#byRef.get(ref)
        if (series === undefined) return ExemplarStatus.unknownSeries
        const last = series.exemplars.at(-1)
        if (last !== undefined && exemplar.timestamp < last.timestamp) return ExemplarStatus.outOfOrder
        if (last !== undefined && exemplar.value === last.value && exemplar.labels.equals(last.labels)) return ExemplarStatus.duplicate
        batch.exemplars.push([series, exemplar])
        return ExemplarStatus.ok
      },
      setMetadata: (ref, metadata) => {
        const series = this.#byRef.get(ref)
        if (series !== undefined) series.metadata = metadata
      },
      refusal: '',
      takesLate: true,
      commit: async () => {
        isOver = true
        if (this.failure !== undefined) throw this.failure
        for (let i = 0; i < batch.series.length; i++)
          batch.series[i].push(batch.times[i], batch.values[i], batch.histograms[i], batch.startTimes[i])
        for (const [series, exemplar] of batch.exemplars) series.exemplars.push(exemplar)
      },
      rollback: () => {
        isOver = true
      },
    }
  }

  /** The storage lets go of every series, as at the end of a window: their handles are no longer good. */
  forgetRefs(): void {
    for (const [key, ref] of this.#refs) {
      const series = this.#byRef.get(ref)!
      this.#byRef.delete(ref)
      this.#byRef.set(this.#nextRef, series)
      this.#refs.set(key, this.#nextRef++)
    }
  }

  /** Samples of a series as text: `1000=5 2000=stale`. */
  text(series: string): string {
    const found = this.#find(series)
    if (found === undefined) return ''
    const { times, values } = found
    return times.map((t, i) => `${t}=${isStaleMarker(values[i]) ? 'stale' : values[i]}`).join(' ')
  }

  /** Times of the samples that a handle is for. */
  timesOf(ref: SeriesRef): readonly Timestamp[] {
    return this.#byRef.get(ref)?.times ?? []
  }

  /** Whether the series of a handle has this sample; a histogram is known by its sum. */
  has(ref: SeriesRef, t: Timestamp, v: number): boolean {
    const series = this.#byRef.get(ref)
    const at = series?.times.lastIndexOf(t) ?? -1
    return at >= 0 && (Object.is(series!.values[at], v) || (isStaleMarker(series!.values[at]) && isStaleMarker(v)))
  }

  /** Times of a series' samples. */
  times(series: string): readonly Timestamp[] {
    return this.#find(series)?.times ?? []
  }

  /** Histograms of a series, undefined where a sample is a float. */
  histograms(series: string): readonly (Histogram | undefined)[] {
    return this.#find(series)?.histograms ?? []
  }

  startTimes(series: string): readonly Timestamp[] {
    return this.#find(series)?.startTimes ?? []
  }

  exemplars(series: string): readonly Exemplar[] {
    return this.#find(series)?.exemplars ?? []
  }

  metadata(series: string): Metadata | undefined {
    return this.#find(series)?.metadata
  }

  #find(series: string): StoredSeries | undefined {
    return this.#byText.get(series)
  }

  /** All series that have samples, sorted. */
  names(): string[] {
    return [...this.#byRef.values()]
      .filter(({ times }) => times.length > 0)
      .map(({ labels }) => labels.toString())
      .sort()
  }
}
