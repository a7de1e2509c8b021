import { CodedError } from '../../base/errors.ts'
import type { Exemplar } from '../../model/exemplar.ts'
import type { Histogram } from '../../model/histogram.ts'
import type { Labels } from '../../model/labels.ts'
import type { Metadata } from '../../model/metadata.ts'
import { isStaleMarker } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import { zeroHistogram } from '../../model/zero-histogram.ts'
import { type Appender, AppendStatus, ExemplarStatus, type SeriesRef } from '../../storage/appender.ts'
import type { LastStartTimes } from '../last-start-times.ts'
import { RefusalLines } from '../refusal-lines.ts'
import { RequestFault } from './request-fault.ts'

/** Label sets of one request, spelled out, in characters: a resource of long attributes may have very many points. */
const SPELLED_LENGTH_MAX = 256 * 1024 * 1024

/** Upstream's texts, by AppendStatus. Source: Prometheus storage/interface.go. */
const REFUSALS: Readonly<Record<number, readonly [outcome: string, text: string]>> = {
  [AppendStatus.outOfOrder]: ['out_of_order', 'out of order sample'],
  [AppendStatus.duplicateTimestamp]: ['duplicate', 'duplicate sample for timestamp'],
  [AppendStatus.tooOld]: ['too_old', 'out of bounds'],
  [AppendStatus.tooLate]: ['too_late', 'too old sample'],
  [AppendStatus.tooFarAhead]: ['too_far_ahead', 'out of bounds: timestamp is too far in the future'],
  [AppendStatus.unknownSeries]: ['unknown_series', 'series is gone again before its sample could be stored'],
}

export interface OtlpBatchTarget {
  readonly appender: Appender
  /** Latest time of a sample. */
  readonly maxTime: Timestamp
  /** Where zero samples are wanted. */
  readonly lastStartTimes: LastStartTimes | undefined
}

/** What a point says of all of its samples. */
interface PointTimes {
  readonly time: Timestamp
  readonly startTime: Timestamp
}

/** One request on its way into an appender. What can be taken is; the rest is counted and told. */
export class OtlpBatch {
  samples = 0
  storedExemplars = 0
  outOfOrderExemplars = 0
  withoutMetadata = 0
  readonly refused = new Map<string, number>()
  readonly lines = new RefusalLines()
  readonly #target: OtlpBatchTarget
  #spelled = 0
  #metadata: Metadata = { type: 'unknown', unit: '', help: '' }
  #point: PointTimes = { time: 0, startTime: 0 }
  /** Of the sample that was taken last; -1: none was. */
  #ref: SeriesRef | -1 = -1
  /** Samples of `target_info` that are there already: several resources may be the same target. */
  readonly #targetInfos = new Set<string>()

  constructor(target: OtlpBatchTarget) {
    this.#target = target
  }

  get isEmpty(): boolean {
    return this.samples + this.storedExemplars === 0
  }

  /** The samples that come now are of this point. */
  open(metadata: Metadata, point: PointTimes): void {
    this.#metadata = metadata
    this.#point = point
  }

  /** The series of what was taken last; -1: it was not. */
  get ref(): SeriesRef | -1 {
    return this.#ref
  }

  /** A sample of a series that has been looked up. False, and nothing is done, where it cannot be stored: `sample` knows why. */
  knownSample(ref: SeriesRef, value: number): boolean {
    const { appender, maxTime } = this.#target
    const { time, startTime } = this.#point
    if (time > maxTime) return false
    if (!isStaleMarker(value)) this.#appendZero(ref, undefined)
    return this.#isKnown(ref, appender.append(ref, time, value, startTime))
  }

  /** The same of a histogram. */
  knownHistogram(ref: SeriesRef, histogram: Histogram): boolean {
    const { appender, maxTime } = this.#target
    const { time, startTime } = this.#point
    if (time > maxTime) return false
    this.#appendZero(ref, histogram)
    return this.#isKnown(ref, appender.appendHistogram(ref, time, histogram, startTime))
  }

  #isKnown(ref: SeriesRef, status: AppendStatus): boolean {
    if (status !== AppendStatus.ok) return false
    this.#ref = ref
    this.samples++
    if (isEmptyMetadata(this.#metadata)) this.withoutMetadata++
    return true
  }

  sample(labels: Labels, value: number): void {
    this.#append(labels, !isStaleMarker(value), (ref, { time, startTime }) => this.#target.appender.append(ref, time, value, startTime))
  }

  histogram(labels: Labels, histogram: Histogram): void {
    this.#append(
      labels,
      true,
      (ref, { time, startTime }) => this.#target.appender.appendHistogram(ref, time, histogram, startTime),
      histogram,
    )
  }

  /** Samples of value 1. */
  targetInfo(labels: Labels, metadata: Metadata, times: Float64Array): void {
    const key = labels.key()
    for (const time of times) {
      const sampleKey = `${time} ${key}`
      if (this.#targetInfos.has(sampleKey)) continue
      this.#targetInfos.add(sampleKey)
      this.open(metadata, { time, startTime: 0 })
      this.sample(labels, 1)
    }
  }

  /** Exemplars of the series whose sample came last. */
  exemplars(exemplars: readonly Exemplar[]): void {
    const ref = this.#ref
    if (ref < 0 || exemplars.length === 0) return
    const { appender, maxTime } = this.#target
    const timed = exemplars.map((exemplar) => (exemplar.hasTimestamp ? exemplar : { ...exemplar, timestamp: this.#point.time }))
    for (const exemplar of timed.sort((a, b) => a.timestamp - b.timestamp)) {
      if (exemplar.timestamp > maxTime) continue
      const status = appender.appendExemplar(ref, exemplar)
      if (status === ExemplarStatus.ok || status === ExemplarStatus.duplicate) this.storedExemplars++
      else if (status === ExemplarStatus.outOfOrder) this.outOfOrderExemplars++
    }
  }

  /** `count` samples or points that cannot be stored, and why: the text is made when it is shown. */
  refuse(outcome: string, count: number, line: () => string): void {
    this.refused.set(outcome, (this.refused.get(outcome) ?? 0) + count)
    this.lines.add(line)
  }

  #append(labels: Labels, mayZero: boolean, append: (ref: SeriesRef, point: PointTimes) => AppendStatus, histogram?: Histogram): void {
    this.#ref = -1
    const point = this.#point
    if (point.time > this.#target.maxTime) {
      this.#refuseSample(AppendStatus.tooFarAhead, labels)
      return
    }
    const ref = this.#series(labels)
    if (ref === undefined) return
    if (mayZero) this.#appendZero(ref, histogram)
    const status = append(ref, point)
    if (status !== AppendStatus.ok) {
      this.#refuseSample(status, labels)
      return
    }
    this.#ref = ref
    this.samples++
    if (isEmptyMetadata(this.#metadata)) this.withoutMetadata++
    else this.#target.appender.setMetadata(ref, this.#metadata)
  }

  #series(labels: Labels): SeriesRef | undefined {
    for (const text of labels.pairs) this.#spelled += text.length
    if (this.#spelled > SPELLED_LENGTH_MAX)
      throw new RequestFault(`labels of all series of the request have more than ${SPELLED_LENGTH_MAX} characters`)
    try {
      return this.#target.appender.series(labels)
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'bad_data') throw error
      this.refuse('invalid_labels', 1, () => error.message)
      return undefined
    }
  }

  /** A sample of value zero where counting began. Whether there is something newer, the storage knows. */
  #appendZero(ref: SeriesRef, histogram: Histogram | undefined): void {
    const { appender, lastStartTimes } = this.#target
    const { time, startTime } = this.#point
    if (lastStartTimes === undefined || startTime <= 0 || startTime >= time || !lastStartTimes.isNew(ref, startTime)) return
    appender.takesLate = false
    if (histogram === undefined) appender.append(ref, startTime, 0)
    else appender.appendHistogram(ref, startTime, zeroHistogram(histogram))
    appender.takesLate = true
  }

  #refuseSample(status: AppendStatus, labels: Labels): void {
    if (status === AppendStatus.badHistogram) {
      const { refusal } = this.#target.appender
      this.refuse('bad_histogram', 1, () => `${refusal} for series ${labels}`)
      return
    }
    if (status === AppendStatus.overBudget) {
      const { refusal } = this.#target.appender
      this.refuse('over_budget', 1, () => `${refusal}: refused series ${labels}`)
      return
    }
    const [outcome, text] = REFUSALS[status]
    this.refuse(outcome, 1, () => `${text} for series ${labels}`)
  }
}

function isEmptyMetadata({ type, unit, help }: Metadata): boolean {
  return type === 'unknown' && unit === '' && help === ''
}
