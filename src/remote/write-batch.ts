import { CodedError } from '../base/errors.ts'
import { METRIC_NAME } from '../model/labels.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { zeroHistogram } from '../model/zero-histogram.ts'
import { type Appender, AppendStatus, ExemplarStatus, type SeriesRef } from '../storage/appender.ts'
import type { LabelRefCache } from './label-ref-cache.ts'
import type { LastStartTimes } from './last-start-times.ts'
import { type MetricMetadata, metricType } from './metric-metadata.ts'
import { RefusalLines } from './refusal-lines.ts'
import { SentSeries, type SentSeriesSource } from './sent-series.ts'
import { readExemplarV1, readExemplarV2, type SentExemplar } from './write-exemplar.ts'
import { readHistogram, type SentHistogram } from './write-histogram.ts'
import { faultOfRefs, MalformedRequest } from './write-labels.ts'
import type { WriteCounts } from './write-metrics.ts'

/** Texts of metadata that are longer are not kept. */
const METADATA_TEXT_BYTES_MAX = 64 * 1024
/** Upstream's texts, by AppendStatus. Source: Prometheus storage/interface.go. */
const REFUSALS: Readonly<Record<number, readonly [outcome: string, text: string]>> = {
  [AppendStatus.outOfOrder]: ['out_of_order', 'out of order sample'],
  [AppendStatus.duplicateTimestamp]: ['duplicate', 'duplicate sample for timestamp'],
  [AppendStatus.tooOld]: ['too_old', 'out of bounds'],
  [AppendStatus.tooLate]: ['too_late', 'too old sample'],
  [AppendStatus.tooFarAhead]: ['too_far_ahead', 'out of bounds: timestamp is too far in the future'],
  [AppendStatus.unknownSeries]: ['unknown_series', 'series is gone again before its sample could be stored'],
}

const EXEMPLAR_REFUSALS: Readonly<Record<number, string>> = {
  [ExemplarStatus.unknownSeries]: 'unknown_series',
  [ExemplarStatus.outOfOrder]: 'out_of_order',
  [ExemplarStatus.labelsTooLong]: 'labels_too_long',
}

/** Where the parts of a request go, and what is known about series from requests before. */
export interface BatchTarget extends SentSeriesSource {
  readonly appender: Appender
  readonly cache: LabelRefCache
  readonly metricMetadata: MetricMetadata
  /** Where zero samples are wanted. */
  readonly lastStartTimes: LastStartTimes | undefined
  readonly now: Timestamp
  /** Latest time of a sample. */
  readonly maxTime: Timestamp
}

/** Senders bring some thousand. */
const SERIES_AT_ONCE = 500

/** One decoded request on its way into an appender. What can be taken is; the rest is counted and told. */
export class WriteBatch implements WriteCounts {
  samples = 0
  histograms = 0
  exemplars = 0
  withoutMetadata = 0
  invalidLabels = 0
  readonly refused = new Map<string, number>()
  readonly refusedExemplars = new Map<string, number>()
  readonly lines = new RefusalLines()
  readonly #target: BatchTarget
  readonly #isV2: boolean
  /** The first series of which something was refused; for the log. */
  refusedSeries = ''
  /** The series at hand, and its handle. */
  readonly #sent: SentSeries
  #ref: SeriesRef = -1
  /** The next one. */
  #series = 0
  /** Time of its last sample. */
  #lastTime: Timestamp = 0

  constructor(version: 1 | 2, target: BatchTarget) {
    this.#isV2 = version === 2
    this.#target = target
    this.#sent = new SentSeries(version, target)
  }

  /** Whether anything was taken. */
  get isEmpty(): boolean {
    return this.samples + this.histograms + this.exemplars === 0
  }

  /** Hands the next series to the appender: true, when there are more. Throws MalformedRequest when the request turns out to be none. */
  appendSome(): boolean {
    const { columns } = this.#target
    const { samplesEnd, histogramsEnd, exemplarsEnd } = columns
    const end = Math.min(this.#series + SERIES_AT_ONCE, columns.seriesCount)
    let series = this.#series
    let sample = series === 0 ? 0 : samplesEnd[series - 1]
    let histogram = series === 0 ? 0 : histogramsEnd[series - 1]
    let exemplar = series === 0 ? 0 : exemplarsEnd[series - 1]
    for (; series < end; series++) {
      const sampleEnd = samplesEnd[series]
      const histogramEnd = histogramsEnd[series]
      const exemplarEnd = exemplarsEnd[series]
      this.#sent.index = series
      const count = sampleEnd - sample + histogramEnd - histogram
      if (this.#find(count, exemplarEnd > exemplar)) {
        const before = this.samples + this.histograms
        this.#lastTime = sampleEnd > sample ? columns.timestamps[sampleEnd - 1] : this.#target.now
        if (sampleEnd > sample) this.#appendSamples(sample, sampleEnd)
        if (histogramEnd > histogram) this.#appendHistograms(histogram, histogramEnd)
        const taken = this.samples + this.histograms - before
        if (exemplarEnd > exemplar && (taken > 0 || count === 0)) this.#appendExemplars(exemplar, exemplarEnd)
        if (this.#isV2 && taken > 0) this.#noteMetadata(taken)
      }
      sample = sampleEnd
      histogram = histogramEnd
      exemplar = exemplarEnd
    }
    this.#series = series
    return series < columns.seriesCount
  }

  /** Finds or makes the series at hand, which brings `count` samples. False when there is nothing to do for it, or nothing to be done. */
  #find(count: number, hasExemplars: boolean): boolean {
    const { columns, cache, reader, symbols } = this.#target
    const sent = this.#sent
    if (!this.#isV2) {
      if (count === 0 && !hasExemplars) return false
      this.#ref = cache.find(reader.view, columns.labelsStart[sent.index], columns.labelsEnd[sent.index])
    } else {
      const [start, end] = [sent.refsStart, sent.refsEnd]
      const fault = faultOfRefs(symbols, columns.labelRefs, start, end)
      if (fault !== undefined) {
        this.#refuseLabels(count, () => `parsing labels for series ${sent.refsText()}: ${fault}`)
        return false
      }
      const metadataFault = sent.metadataFault()
      if (metadataFault !== undefined) {
        this.#refuse('invalid_metadata', count, () => `parsing metadata for series ${sent.refsText()}: ${metadataFault}`)
        return false
      }
      this.#ref = cache.findSymbols(symbols.hashes, columns.labelRefs, start, end, sent.typeAndUnitSalt())
    }
    // A series that was refused has a handle as well: whether it still is, the appender knows.
    if (this.#ref !== -1) return count > 0 || hasExemplars || this.#refuseEmpty()
    if (count > 0) return this.#make(count)
    // A series of exemplars alone is one that was there before. They are beside the samples, which make it.
    if (hasExemplars) count1(this.refusedExemplars, 'unknown_series')
    else this.#refuseEmpty()
    return false
  }

  /** Makes the series that the cache was just asked for. */
  #make(count: number): boolean {
    const labels = this.#sent.labels()
    if (typeof labels === 'string') {
      this.#refuseLabels(count, () => labels)
      return false
    }
    const { appender, cache, metricMetadata } = this.#target
    try {
      this.#ref = appender.series(labels)
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'bad_data') throw error
      this.#refuseLabels(count, () => error.message)
      return false
    }
    cache.remember(this.#ref)
    if (this.#isV2) return true
    const metadata = metricMetadata.of(labels.get(METRIC_NAME))
    if (metadata !== undefined) appender.setMetadata(this.#ref, metadata)
    return true
  }

  #appendSamples(start: number, end: number): void {
    const { appender, columns, maxTime, lastStartTimes } = this.#target
    const { timestamps, values, startTimes } = columns
    const isV2 = this.#isV2
    const createdTime = isV2 ? columns.createdTime[this.#sent.index] : 0
    for (let sample = start; sample < end; sample++) {
      const t = timestamps[sample]
      const startTime = isV2 ? startTimes[sample] || createdTime : 0
      if (lastStartTimes !== undefined && this.#wantsZero(lastStartTimes, t, startTime)) {
        appender.takesLate = false
        appender.append(this.#ref, startTime, 0)
        appender.takesLate = true
      }
      let status: AppendStatus = t > maxTime ? AppendStatus.tooFarAhead : appender.append(this.#ref, t, values[sample], startTime)
      if (status === AppendStatus.unknownSeries && this.#make(1)) status = appender.append(this.#ref, t, values[sample], startTime)
      if (status === AppendStatus.ok) this.samples++
      else this.#refuseSample(status, t, String(values[sample]))
    }
  }

  #appendHistograms(start: number, end: number): void {
    const { appender, columns, maxTime, reader, lastStartTimes } = this.#target
    const createdTime = this.#isV2 ? columns.createdTime[this.#sent.index] : 0
    for (let i = start; i < end; i++) {
      reader.position = columns.histograms.start(i)
      const sent = readHistogram(reader, columns.histograms.end(i))
      if (reader.fault !== undefined) throw new MalformedRequest(reader.fault)
      const { timestamp: t, refusal } = sent
      if (refusal !== undefined) {
        this.#refuse('bad_histogram', 1, () => this.#forSeries(refusal))
        continue
      }
      const startTime = this.#isV2 ? sent.startTime || createdTime : 0
      if (!sent.isStale && lastStartTimes !== undefined && this.#wantsZero(lastStartTimes, t, startTime)) {
        appender.takesLate = false
        appender.appendHistogram(this.#ref, startTime, zeroHistogram(sent.histogram))
        appender.takesLate = true
      }
      let status: AppendStatus = t > maxTime ? AppendStatus.tooFarAhead : this.#appendHistogram(sent, startTime)
      if (status === AppendStatus.unknownSeries && this.#make(1)) status = this.#appendHistogram(sent, startTime)
      this.#lastTime = t
      if (status === AppendStatus.ok) this.histograms++
      else this.#refuseSample(status, t, undefined)
    }
  }

  #appendHistogram({ timestamp, histogram, isStale }: SentHistogram, startTime: Timestamp): AppendStatus {
    const { appender } = this.#target
    if (isStale) return appender.append(this.#ref, timestamp, STALE_MARKER)
    return appender.appendHistogram(this.#ref, timestamp, histogram, startTime)
  }

  /** Zero samples go before the sample they belong to; whether there is something newer, the storage knows. */
  #wantsZero(lastStartTimes: LastStartTimes, t: Timestamp, startTime: Timestamp): boolean {
    return this.#ref >= 0 && startTime > 0 && startTime < t && t <= this.#target.maxTime && lastStartTimes.isNew(this.#ref, startTime)
  }

  #appendExemplars(start: number, end: number): void {
    const { appender, columns, maxTime } = this.#target
    const sent: SentExemplar[] = []
    for (let i = start; i < end; i++) sent.push(this.#readExemplar(columns.exemplars.start(i), columns.exemplars.end(i)))
    const timeOf = ({ timestamp }: SentExemplar) => timestamp || this.#lastTime
    if (sent.length > 1) sent.sort((a, b) => timeOf(a) - timeOf(b))
    for (const one of sent) {
      const { labels, fault, value } = one
      if (labels === 'refs') {
        count1(this.refusedExemplars, 'invalid_labels')
        this.lines.add(() => `parsing exemplar for series ${this.#sent.text()}: ${fault}`)
        continue
      }
      const t = timeOf(one)
      if (labels === 'unfit' || t > maxTime) {
        count1(this.refusedExemplars, labels === 'unfit' ? 'labels_too_long' : 'too_far_ahead')
        continue
      }
      const status = appender.appendExemplar(this.#ref, { labels, value, timestamp: t, hasTimestamp: one.timestamp !== 0 })
      const outcome = EXEMPLAR_REFUSALS[status]
      if (outcome === undefined) {
        this.exemplars++
        continue
      }
      count1(this.refusedExemplars, outcome)
      // 1.0 never fails for an exemplar. 2.0 does for this one, as upstream.
      if (this.#isV2 && status === ExemplarStatus.outOfOrder) this.lines.add(() => this.#forSeries('out of order exemplar'))
    }
  }

  #readExemplar(start: number, end: number): SentExemplar {
    const { reader, symbols } = this.#target
    reader.position = start
    const sent = this.#isV2 ? readExemplarV2(reader, end, symbols) : readExemplarV1(reader, end)
    if (reader.fault !== undefined) throw new MalformedRequest(reader.fault)
    return sent
  }

  /** 2.0 says metadata with every series: it is handed on when it is news. */
  #noteMetadata(taken: number): void {
    const { appender, columns, symbols, cache } = this.#target
    const sent = this.#sent
    const series = sent.index
    const [type, helpRef, unitRef] = [columns.metricType[series], columns.helpRef[series], columns.unitRef[series]]
    const [helpBytes, unitBytes] = [sent.symbolBytes(helpRef), sent.symbolBytes(unitRef)]
    if (type === 0 && helpBytes === 0 && unitBytes === 0) {
      this.withoutMetadata += taken
      return
    }
    const { hashes } = symbols
    const bits = Math.imul(hashes[helpRef * 4] ^ Math.imul(hashes[unitRef * 4 + 1] ^ type, 0x85ebca6b), 0xc2b2ae35) || 1
    if (!cache.note(bits)) return
    const maySpell = sent.maySpell(helpBytes + unitBytes)
    if (!maySpell || helpBytes > METADATA_TEXT_BYTES_MAX || unitBytes > METADATA_TEXT_BYTES_MAX) return
    appender.setMetadata(this.#ref, {
      type: metricType(type),
      unit: unitBytes === 0 ? '' : symbols.text(unitRef),
      help: helpBytes === 0 ? '' : symbols.text(helpRef),
    })
  }

  /** Without a value it is a histogram. */
  #refuseSample(status: AppendStatus, t: Timestamp, value: string | undefined): void {
    if (status === AppendStatus.badHistogram) {
      const { refusal } = this.#target.appender
      this.#refuse('bad_histogram', 1, () => this.#forSeries(refusal))
      return
    }
    if (status === AppendStatus.overBudget) {
      const { refusal } = this.#target.appender
      this.#refuse('over_budget', 1, () => `${refusal}: refused series ${this.#sent.text()}`)
      return
    }
    const [outcome, text] = REFUSALS[status]
    const isDuplicate = status === AppendStatus.duplicateTimestamp && value !== undefined
    this.#refuse(outcome, 1, () => this.#forSeries(isDuplicate ? `${text} ${t}; overrides not allowed: new value ${value}` : text))
  }

  /** Always false. */
  #refuseEmpty(): boolean {
    if (this.#isV2) this.lines.add(() => `TimeSeries must contain at least one sample or histogram for series ${this.#sent.text()}`)
    return false
  }

  #refuseLabels(count: number, line: () => string): void {
    this.invalidLabels += count
    this.#refuse('invalid_labels', count, line)
  }

  #refuse(outcome: string, count: number, line: () => string): void {
    this.refused.set(outcome, (this.refused.get(outcome) ?? 0) + count)
    this.lines.add(line)
    if (this.refusedSeries === '') this.refusedSeries = this.#sent.text()
  }

  #forSeries(text: string): string {
    return this.#isV2 ? `${text} for series ${this.#sent.text()}` : text
  }
}

function count1(counts: Map<string, number>, outcome: string): void {
  counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
}
