import type { Labels } from '../../src/model/labels.ts'
import { isStaleMarker } from '../../src/model/staleness.ts'
import type { Timestamp } from '../../src/model/time.ts'
import { type Appendable, type Appender, AppendStatus, type SeriesRef } from '../../src/storage/appender.ts'

/** Values stand in their own typed column: an ordinary array of numbers may turn a staleness marker into another NaN. */
class StoredSeries {
  readonly labels: Labels
  readonly times: Timestamp[] = []
  #values = new Float64Array(16)

  constructor(labels: Labels) {
    this.labels = labels
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.times.length)
  }

  push(t: Timestamp, v: number): void {
    if (this.times.length === this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.times.length] = v
    this.times.push(t)
  }
}

class Batch {
  readonly series: StoredSeries[] = []
  readonly times: Timestamp[] = []
  values = new Float64Array(64)
  /** Where the newest sample of a series stands. */
  readonly newest = new Map<StoredSeries, number>()

  push(series: StoredSeries, t: Timestamp, v: number): void {
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
  }
}

/** The Appender of tests: keeps everything in maps, in plain sight. Shows only what was committed. */
export class MemoryAppendable implements Appendable {
  readonly #byRef = new Map<SeriesRef, StoredSeries>()
  readonly #refs = new Map<string, SeriesRef>()
  #nextRef = 1
  /** How many label sets were asked for: the slow path. */
  seriesCalls = 0
  /** Commits fail while it is set. */
  failure: Error | undefined

  appender(): Appender {
    const batch = new Batch()
    let isOver = false
    return {
      series: (labels) => {
        this.seriesCalls++
        const key = labels.key()
        const known = this.#refs.get(key)
        if (known !== undefined) return known
        const ref = this.#nextRef++
        this.#refs.set(key, ref)
        this.#byRef.set(ref, new StoredSeries(labels))
        return ref
      },
      append: (ref, t, v) => {
        if (isOver) throw new Error('append after the batch was committed or rolled back')
        const series = this.#byRef.get(ref)
        if (series === undefined) return AppendStatus.unknownSeries
        const inBatch = batch.newest.get(series)
        const [times, values, last] =
          inBatch === undefined ? [series.times, series.values, series.times.length - 1] : [batch.times, batch.values, inBatch]
        if (last >= 0 && t < times[last]) return AppendStatus.outOfOrder
        if (last >= 0 && t === times[last]) return Object.is(values[last], v) ? AppendStatus.ok : AppendStatus.duplicateTimestamp
        batch.push(series, t, v)
        return AppendStatus.ok
      },
      commit: async () => {
        isOver = true
        if (this.failure !== undefined) throw this.failure
        for (let i = 0; i < batch.series.length; i++) batch.series[i].push(batch.times[i], batch.values[i])
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

  /** Times of a series' samples. */
  times(series: string): readonly Timestamp[] {
    return this.#find(series)?.times ?? []
  }

  #find(series: string): StoredSeries | undefined {
    for (const stored of this.#byRef.values()) if (stored.labels.toString() === series) return stored
    return undefined
  }

  /** All series that have samples, sorted. */
  names(): string[] {
    return [...this.#byRef.values()]
      .filter(({ times }) => times.length > 0)
      .map(({ labels }) => labels.toString())
      .sort()
  }
}
