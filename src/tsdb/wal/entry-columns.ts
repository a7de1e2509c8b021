import type { Exemplar } from '../../model/exemplar.ts'
import type { Histogram } from '../../model/histogram.ts'
import type { ExemplarEntries, HistogramEntries, SampleEntries } from '../../storage/log-reader.ts'
import { decodeExemplarsRecord, decodeHistogramsRecord, decodeSamplesFromRecord, decodeSamplesRecord } from './decode.ts'
import { RecordType } from './record.ts'

/** Room that is kept for the next record. */
const KEPT_ENTRIES_MAX = 1 << 16

/** The entries of one record after the other, in columns that are used again. */
export class EntryColumns implements SampleEntries, HistogramEntries, ExemplarEntries {
  count = 0
  series = new Uint32Array(1024)
  times = new Float64Array(1024)
  values = new Float64Array(1024)
  startTimes = new Float64Array(1024)
  isFloat = new Uint8Array(1024)
  histograms: (Histogram | undefined)[] = []
  exemplars: Exemplar[] = []

  /** Throws `RangeError` when the payload makes no sense. */
  read(type: number, bytes: Uint8Array, start: number, end: number): void {
    this.#clear()
    if (type === RecordType.samples) decodeSamplesRecord(bytes, start, end, this.#onSample)
    else if (type === RecordType.samplesFrom) decodeSamplesFromRecord(bytes, start, end, this.#onSample)
    else if (type === RecordType.histograms) decodeHistogramsRecord(bytes, start, end, this.#onHistogram)
    else decodeExemplarsRecord(bytes, start, end, this.#onExemplar)
  }

  #clear(): void {
    this.count = 0
    this.histograms.length = 0
    this.exemplars.length = 0
    if (this.series.length > KEPT_ENTRIES_MAX) this.#resize(KEPT_ENTRIES_MAX)
  }

  #resize(size: number): void {
    const kept = Math.min(size, this.count)
    const columns = [new Uint32Array(size), new Float64Array(size), new Float64Array(size), new Float64Array(size)] as const
    columns[0].set(this.series.subarray(0, kept))
    columns[1].set(this.times.subarray(0, kept))
    columns[2].set(this.values.subarray(0, kept))
    columns[3].set(this.startTimes.subarray(0, kept))
    const isFloat = new Uint8Array(size)
    isFloat.set(this.isFloat.subarray(0, kept))
    this.series = columns[0]
    this.times = columns[1]
    this.values = columns[2]
    this.startTimes = columns[3]
    this.isFloat = isFloat
  }

  readonly #onSample = (series: number, t: number, v: number, startTime = 0): void => {
    if (this.count === this.series.length) this.#resize(2 * this.count)
    const i = this.count++
    this.series[i] = series
    this.times[i] = t
    this.values[i] = v
    this.startTimes[i] = startTime
  }

  readonly #onHistogram = (series: number, t: number, isFloat: boolean, histogram: Histogram | undefined, startTime: number): void => {
    this.#onSample(series, t, 0, startTime)
    this.isFloat[this.count - 1] = isFloat ? 1 : 0
    this.histograms.push(histogram)
  }

  readonly #onExemplar = (series: number, exemplar: Exemplar): void => {
    this.#onSample(series, exemplar.timestamp, exemplar.value)
    this.exemplars.push(exemplar)
  }
}
