import type { Labels } from '../../src/model/labels.ts'
import { isStaleMarker } from '../../src/model/staleness.ts'
import type { Timestamp } from '../../src/model/time.ts'
import { type Appendable, type Appender, AppendStatus, type SeriesRef } from '../../src/storage/appender.ts'

interface StoredSeries {
  readonly labels: Labels
  readonly samples: [Timestamp, number][]
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
    const batch: [StoredSeries, Timestamp, number][] = []
    const newest = new Map<StoredSeries, [Timestamp, number]>()
    let isOver = false
    return {
      series: (labels) => {
        this.seriesCalls++
        const key = labels.key()
        const known = this.#refs.get(key)
        if (known !== undefined) return known
        const ref = this.#nextRef++
        this.#refs.set(key, ref)
        this.#byRef.set(ref, { labels, samples: [] })
        return ref
      },
      append: (ref, t, v) => {
        if (isOver) throw new Error('append after the batch was committed or rolled back')
        const series = this.#byRef.get(ref)
        if (series === undefined) return AppendStatus.unknownSeries
        const last = newest.get(series) ?? series.samples.at(-1)
        if (last !== undefined && t < last[0]) return AppendStatus.outOfOrder
        if (last !== undefined && t === last[0]) return Object.is(last[1], v) ? AppendStatus.ok : AppendStatus.duplicateTimestamp
        newest.set(series, [t, v])
        batch.push([series, t, v])
        return AppendStatus.ok
      },
      commit: async () => {
        isOver = true
        if (this.failure !== undefined) throw this.failure
        for (const [series, t, v] of batch) series.samples.push([t, v])
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
    return this.samples(series)
      .map(([t, v]) => `${t}=${isStaleMarker(v) ? 'stale' : v}`)
      .join(' ')
  }

  samples(series: string): readonly (readonly [Timestamp, number])[] {
    for (const { labels, samples } of this.#byRef.values()) if (labels.toString() === series) return samples
    return []
  }

  /** All series that have samples, sorted. */
  names(): string[] {
    return [...this.#byRef.values()]
      .filter(({ samples }) => samples.length > 0)
      .map(({ labels }) => labels.toString())
      .sort()
  }
}
