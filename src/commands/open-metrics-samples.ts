import type { Breather } from '../base/breather.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { ExpositionError } from '../exposition/exposition-error.ts'
import { OpenMetricsParser } from '../exposition/open-metrics-parser.ts'
import { Entry } from '../exposition/page-parser.ts'
import { compareLabels, type Labels } from '../model/labels.ts'
import type { MemorySeries } from '../storage/memory-source.ts'

/** Samples of one stretch of time, as they were read. */
class Bucket {
  series = new Uint32Array(1024)
  timestamps = new Float64Array(1024)
  values = new Float64Array(1024)
  length = 0

  push(series: number, t: number, v: number): void {
    if (this.length === this.series.length) {
      this.series = doubled(this.series, new Uint32Array(2 * this.length))
      this.timestamps = doubled(this.timestamps, new Float64Array(2 * this.length))
      this.values = doubled(this.values, new Float64Array(2 * this.length))
    }
    this.series[this.length] = series
    this.timestamps[this.length] = t
    this.values[this.length++] = v
  }
}

function doubled<T extends Uint32Array | Float64Array>(from: T, into: T): T {
  into.set(from)
  return into
}

/** All samples of a page in OpenMetrics text, which all have a time, by stretches of time. */
export class OpenMetricsSamples {
  readonly #rangeMs: number
  readonly #extra: Readonly<Record<string, string>>
  readonly #buckets = new Map<number, Bucket>()
  readonly #series: Labels[] = []

  /** `extra`: labels that every series gets. */
  constructor(rangeMs: number, extra: Readonly<Record<string, string>>) {
    this.#rangeMs = rangeMs
    this.#extra = extra
  }

  /** Reads the page, the first `length` bytes. Throws `bad_data` with upstream's texts. */
  async read(bytes: Uint8Array, length: number, breather: Breather): Promise<void> {
    const parser = new OpenMetricsParser({ skipCreated: false })
    parser.reset(bytes, length)
    const numbers = new Map<string, number>()
    const numbersByLabels = new Map<string, number>()
    const page = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    let bucket = new Bucket()
    let bucketStart = Number.NaN
    for (let line = 0; ; line++) {
      if (line % 1024 === 0 && breather.isDue()) await breather.rest()
      const entry = next(parser)
      if (entry === Entry.end) return
      if (entry !== Entry.series) continue
      const text = page.toString('latin1', parser.seriesStart, parser.seriesEnd)
      let series = numbers.get(text)
      if (series === undefined) {
        const labels = parser.labels().with(this.#extra)
        series = numbersByLabels.get(labels.key())
        if (series === undefined) {
          series = this.#series.push(labels) - 1
          numbersByLabels.set(labels.key(), series)
        }
        numbers.set(text, series)
      }
      if (!parser.hasTimestamp) throw new CodedError('bad_data', 'expected timestamp for series got none')
      const t = parser.numbers[1]
      const start = Math.floor(t / this.#rangeMs) * this.#rangeMs
      if (start !== bucketStart) {
        bucketStart = start
        bucket = this.#buckets.get(start) ?? new Bucket()
        this.#buckets.set(start, bucket)
      }
      bucket.push(series, t, parser.numbers[0])
    }
  }

  /** Where the stretches begin that have samples, rising. */
  starts(): readonly number[] {
    return [...this.#buckets.keys()].sort((a, b) => a - b)
  }

  /** The series of a stretch in label order, each with its samples by time; of those of the same time the first that was read. Once. */
  take(start: number): readonly MemorySeries[] {
    const { series, timestamps, values, length } = this.#buckets.get(start)!
    this.#buckets.delete(start)
    const places = new Map<number, number[]>()
    for (let i = 0; i < length; i++) {
      const known = places.get(series[i])
      if (known === undefined) places.set(series[i], [i])
      else known.push(i)
    }
    const found: MemorySeries[] = []
    for (const [number, own] of places) {
      own.sort((a, b) => timestamps[a] - timestamps[b] || a - b)
      const kept = own.filter((place, i) => i === 0 || timestamps[place] !== timestamps[own[i - 1]])
      found.push({
        labels: this.#series[number],
        timestamps: Float64Array.from(kept, (place) => timestamps[place]),
        values: Float64Array.from(kept, (place) => values[place]),
      })
    }
    return found.sort((a, b) => compareLabels(a.labels, b.labels))
  }
}

function next(parser: OpenMetricsParser): Entry {
  try {
    return parser.next()
  } catch (error) {
    if (error instanceof ExpositionError) throw new CodedError('bad_data', `next: ${errorMessage(error)}`)
    throw error
  }
}
