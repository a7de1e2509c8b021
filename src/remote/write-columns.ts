// A remote write request as columns, of either version. Filled by decode-v1.ts and decode-v2.ts, read by write-batch.ts. Hot: a row
// a series and sample of everything that is pushed to us; allocates nothing but room to grow. Earned by write-request.bench.ts.
//
// 1. Series `i` has the samples from `samplesEnd[i - 1]` (0 for the first) up to, not including, `samplesEnd[i]`; histograms,
//    exemplars and label references likewise.
// 2. Positions are those of the decoded bytes. All of it is valid until the next request is decoded.

import { ByteRanges, grown, kept } from './byte-ranges.ts'

/** Most of each kind in a request: a few bytes each would else cost gigabytes. Powers of two, as columns grow. */
export const ROWS_MAX = 2 ** 21
export const LABEL_REFS_MAX = 2 ** 23

const FIRST_SERIES = 256
const FIRST_SAMPLES = 1024

export class WriteColumns {
  seriesCount = 0
  /** 1.0: the label fields of each series, one after the other as sent. */
  labelsStart: Uint32Array = new Uint32Array(FIRST_SERIES)
  labelsEnd: Uint32Array = new Uint32Array(FIRST_SERIES)
  /** Ends of what belongs to each series in the columns below. */
  labelRefsEnd: Uint32Array = new Uint32Array(FIRST_SERIES)
  samplesEnd: Uint32Array = new Uint32Array(FIRST_SERIES)
  histogramsEnd: Uint32Array = new Uint32Array(FIRST_SERIES)
  exemplarsEnd: Uint32Array = new Uint32Array(FIRST_SERIES)
  /** 2.0: metadata of each series. */
  metricType: Uint32Array = new Uint32Array(FIRST_SERIES)
  helpRef: Uint32Array = new Uint32Array(FIRST_SERIES)
  unitRef: Uint32Array = new Uint32Array(FIRST_SERIES)
  /** 2.0: start time of those samples of the series that have none of their own; 0: not known. */
  createdTime: Float64Array = new Float64Array(FIRST_SERIES)

  sampleCount = 0
  timestamps: Float64Array = new Float64Array(FIRST_SAMPLES)
  values: Float64Array = new Float64Array(FIRST_SAMPLES)
  /** 2.0: 0 where it is not known. */
  startTimes: Float64Array = new Float64Array(FIRST_SAMPLES)

  /** 2.0: name, value, name, value, …, of one series after the other. */
  labelRefCount = 0
  labelRefs: Uint32Array = new Uint32Array(FIRST_SAMPLES)

  readonly histograms: ByteRanges = new ByteRanges(ROWS_MAX)
  readonly exemplars: ByteRanges = new ByteRanges(ROWS_MAX)
  /** 2.0. */
  readonly symbols: ByteRanges = new ByteRanges(ROWS_MAX)
  /** 1.0: metadata of metrics. */
  readonly metadata: ByteRanges = new ByteRanges(ROWS_MAX)
  #overflow: string | undefined

  clear(): void {
    this.#overflow = undefined
    this.seriesCount = 0
    this.labelsStart = kept(this.labelsStart)
    this.labelsEnd = kept(this.labelsEnd)
    this.labelRefsEnd = kept(this.labelRefsEnd)
    this.samplesEnd = kept(this.samplesEnd)
    this.histogramsEnd = kept(this.histogramsEnd)
    this.exemplarsEnd = kept(this.exemplarsEnd)
    this.metricType = kept(this.metricType)
    this.helpRef = kept(this.helpRef)
    this.unitRef = kept(this.unitRef)
    this.createdTime = kept(this.createdTime)
    this.sampleCount = 0
    this.timestamps = kept(this.timestamps)
    this.values = kept(this.values)
    this.startTimes = kept(this.startTimes)
    this.labelRefCount = 0
    this.labelRefs = kept(this.labelRefs)
    this.histograms.clear()
    this.exemplars.clear()
    this.symbols.clear()
    this.metadata.clear()
  }

  /** The index of a new series, after everything that belongs to it was pushed. */
  pushSeries(): number {
    if (this.seriesCount === this.samplesEnd.length) this.#growSeries()
    const index = this.seriesCount++
    this.labelRefsEnd[index] = this.labelRefCount
    this.samplesEnd[index] = this.sampleCount
    this.histogramsEnd[index] = this.histograms.count
    this.exemplarsEnd[index] = this.exemplars.count
    return index
  }

  pushSample(t: number, v: number, startTime: number): void {
    if (this.sampleCount === this.timestamps.length) this.#growSamples()
    const index = this.sampleCount++
    this.timestamps[index] = t
    this.values[index] = v
    this.startTimes[index] = startTime
  }

  /** The column of label references, with room for `count` more behind those that are there; whoever writes them counts them. */
  roomForLabelRefs(count: number): Uint32Array {
    if (this.labelRefCount + count > this.labelRefs.length) this.#growLabelRefs(count)
    return this.labelRefs
  }

  /** What there is too much of; undefined when a request may hold this. What was pushed is nonsense then. */
  overflow(): string | undefined {
    if (this.histograms.overflowed) return tooMany('histograms', ROWS_MAX)
    if (this.exemplars.overflowed) return tooMany('exemplars', ROWS_MAX)
    if (this.symbols.overflowed) return tooMany('symbols', ROWS_MAX)
    if (this.metadata.overflowed) return tooMany('metadata', ROWS_MAX)
    return this.#overflow
  }

  #growSeries(): void {
    if (this.seriesCount >= ROWS_MAX) {
      this.#overflow ??= tooMany('series', ROWS_MAX)
      this.seriesCount = 0
      return
    }
    this.labelsStart = grown(this.labelsStart)
    this.labelsEnd = grown(this.labelsEnd)
    this.labelRefsEnd = grown(this.labelRefsEnd)
    this.samplesEnd = grown(this.samplesEnd)
    this.histogramsEnd = grown(this.histogramsEnd)
    this.exemplarsEnd = grown(this.exemplarsEnd)
    this.metricType = grown(this.metricType)
    this.helpRef = grown(this.helpRef)
    this.unitRef = grown(this.unitRef)
    this.createdTime = grown(this.createdTime)
  }

  #growSamples(): void {
    if (this.sampleCount >= ROWS_MAX) {
      this.#overflow ??= tooMany('samples', ROWS_MAX)
      this.sampleCount = 0
      return
    }
    this.timestamps = grown(this.timestamps)
    this.values = grown(this.values)
    this.startTimes = grown(this.startTimes)
  }

  #growLabelRefs(count: number): void {
    if (this.labelRefCount + count > LABEL_REFS_MAX) {
      this.#overflow ??= tooMany('references of labels', LABEL_REFS_MAX)
      this.labelRefCount = 0
    }
    while (this.labelRefCount + count > this.labelRefs.length && this.labelRefs.length < LABEL_REFS_MAX)
      this.labelRefs = grown(this.labelRefs)
  }
}

function tooMany(what: string, max: number): string {
  return `request has more than ${max} ${what}`
}
