import type { Exemplar } from '../../model/exemplar.ts'
import type { Histogram } from '../../model/histogram.ts'
import type { Timestamp } from '../../model/time.ts'
import type { OutgoingSeries } from './outgoing-series.ts'

export const SendKind = { float: 0, histogram: 1, floatHistogram: 2 } as const

/** Samples for one request, in columns and in the order of the log. Used again for another request. */
export class SendBatch {
  /** Of all series in it. */
  table: OutgoingSeries | undefined
  /** Different for every batch of a destination. */
  id = 0
  count = 0
  histogramCount = 0
  readonly series: Uint32Array
  readonly times: Float64Array
  readonly values: Float64Array
  readonly startTimes: Float64Array
  readonly kinds: Uint8Array
  /** By position; undefined for floats, and for histograms that say that their series has ended. */
  readonly histograms: (Histogram | undefined)[] = []
  readonly exemplars: { readonly series: number; readonly exemplar: Exemplar }[] = []
  /** Of the last entry of the log that went into it or was looked at for it, by the count of its reader. */
  lastSequence = 0
  /** Of the monotonic clock: when its first sample came. */
  openedAt = 0
  maxTime: Timestamp = Number.NEGATIVE_INFINITY
  /** It is beyond what is kept for the destination: it is not tried again. */
  isGivenUp = false

  constructor(samplesMax: number) {
    this.series = new Uint32Array(samplesMax)
    this.times = new Float64Array(samplesMax)
    this.values = new Float64Array(samplesMax)
    this.startTimes = new Float64Array(samplesMax)
    this.kinds = new Uint8Array(samplesMax)
  }

  get isEmpty(): boolean {
    return this.count === 0 && this.exemplars.length === 0
  }

  get isFull(): boolean {
    return this.count + this.exemplars.length >= this.series.length
  }

  open(table: OutgoingSeries, id: number, now: number): void {
    this.table = table
    this.id = id
    this.openedAt = now
    this.count = 0
    this.histogramCount = 0
    this.histograms.length = 0
    this.exemplars.length = 0
    this.maxTime = Number.NEGATIVE_INFINITY
    this.isGivenUp = false
  }

  /** Hot. */
  push(series: number, t: Timestamp, v: number, startTime: Timestamp): void {
    const i = this.count++
    this.series[i] = series
    this.times[i] = t
    this.values[i] = v
    this.startTimes[i] = startTime
    this.kinds[i] = SendKind.float
    if (t > this.maxTime) this.maxTime = t
  }

  pushHistogram(series: number, t: Timestamp, isFloat: boolean, histogram: Histogram | undefined, startTime: Timestamp): void {
    const i = this.count
    this.push(series, t, 0, startTime)
    this.kinds[i] = isFloat ? SendKind.floatHistogram : SendKind.histogram
    this.histograms[i] = histogram
    this.histogramCount++
  }

  /** Takes samples out that are older; how many floats and histograms went. */
  dropBefore(time: Timestamp): { readonly floats: number; readonly histograms: number } {
    let kept = 0
    let floats = 0
    let histograms = 0
    const kinds = this.kinds
    for (let i = 0; i < this.count; i++) {
      if (this.times[i] < time) {
        if (kinds[i] === SendKind.float) floats++
        else histograms++
        continue
      }
      if (kept !== i) {
        this.series[kept] = this.series[i]
        this.times[kept] = this.times[i]
        this.values[kept] = this.values[i]
        this.startTimes[kept] = this.startTimes[i]
        kinds[kept] = kinds[i]
        if (this.histogramCount > 0) this.histograms[kept] = this.histograms[i]
      }
      kept++
    }
    this.count = kept
    this.histogramCount -= histograms
    return { floats, histograms }
  }
}
