import { METRIC_NAME } from '../model/labels.ts'
import { Kind, type ProtobufFamily } from './protobuf-family.ts'
import type { ProtobufMetric } from './protobuf-metric.ts'
import { type ProtobufSeriesBytes, Role } from './protobuf-series-bytes.ts'

export interface ProtobufOptions {
  /** Native histograms are not looked at: what is classic in them is kept. Source: Prometheus' scrape_native_histograms. */
  readonly ignoreNative: boolean
  /** Classic buckets are told of even where there is a native histogram. Source: Prometheus' always_scrape_classic_histograms. */
  readonly keepClassic: boolean
}

/** What of a metric is told of next. From 0 on: the bucket or quantile of that number. */
const Part = { native: -3, count: -2, sum: -1, first: 0 } as const

/** The samples that a metric becomes, one after the other. */
export class ProtobufSamples {
  readonly #options: ProtobufOptions
  readonly #family: ProtobufFamily
  readonly #metric: ProtobufMetric
  readonly #seriesBytes: ProtobufSeriesBytes
  #part = 0
  /** Of the sample at hand. */
  value = 0
  isPlain = true
  isHistogram = false
  /** The metric becomes more of them. */
  hasMore = false

  constructor(options: ProtobufOptions, family: ProtobufFamily, metric: ProtobufMetric, seriesBytes: ProtobufSeriesBytes) {
    this.#options = options
    this.#family = family
    this.#metric = metric
    this.#seriesBytes = seriesBytes
  }

  /** The first sample of the metric that was read. */
  first(): void {
    const isHistogram = this.#family.kind === Kind.histogram || this.#family.kind === Kind.gaugeHistogram
    if (isHistogram && !this.#options.ignoreNative && this.#metric.histogram.isNative) this.#part = Part.native
    else this.#part = isHistogram || this.#family.kind === Kind.summary ? Part.count : Part.first
    this.#read()
  }

  /** The next one, of which there is one. Hot: once a sample. */
  next(): void {
    this.#part++
    this.#read()
  }

  #read(): void {
    const metric = this.#metric
    this.isHistogram = false
    switch (this.#family.kind) {
      case Kind.counter:
        this.isPlain = metric.exemplarAt.length === 0
        this.#sample(metric.counter, Role.whole, false)
        return
      case Kind.gauge:
      case Kind.untyped:
        this.isPlain = true
        this.#sample(this.#family.kind === Kind.gauge ? metric.gauge : metric.untyped, Role.whole, false)
        return
      case Kind.summary:
        this.isPlain = true
        this.#readSummary(this.#part)
        return
      default:
        this.isPlain = true
        this.#readHistogram(this.#part)
    }
  }

  #readSummary(part: number): void {
    const { count, sum, quantiles, quantileValues } = this.#metric.summary
    if (part === Part.count) this.#sample(count, Role.count, true)
    else if (part === Part.sum) this.#sample(sum, Role.sum, quantiles.length > 0)
    else {
      this.#sample(quantileValues.at(part), Role.quantile, part + 1 < quantiles.length)
      this.#seriesBytes.bound(quantiles.at(part), part)
    }
  }

  #readHistogram(part: number): void {
    const { histogram } = this.#metric
    switch (part) {
      case Part.native:
        this.isPlain = false
        this.isHistogram = true
        this.#sample(0, Role.whole, this.#options.keepClassic && histogram.bucketBounds.length > 0)
        return
      case Part.count:
        this.#sample(histogram.total, Role.count, true)
        return
      case Part.sum:
        this.#sample(histogram.sum, Role.sum, true)
        return
      default: {
        const isExposed = part < histogram.bucketBounds.length
        const bound = isExposed ? histogram.bucketBounds.at(part) : Infinity
        this.isPlain = !isExposed || histogram.bucketExemplarAt.at(part * 2) < 0
        this.#sample(isExposed ? histogram.bucketCounts.at(part) : histogram.total, Role.bucket, bound !== Infinity)
        this.#seriesBytes.bound(bound, part)
      }
    }
  }

  #sample(value: number, role: number, hasMore: boolean): void {
    this.value = value
    this.hasMore = hasMore
    this.#seriesBytes.next(role)
  }

  /** Number of the bucket that the sample is of; -1: of none. */
  get bucketIndex(): number {
    return this.#family.kind >= Kind.histogram && this.#part >= Part.first ? this.#part : -1
  }

  /** The name of the sample's series, and the label with its bound, as names and values. */
  ownLabels(): string[] {
    const { name, kind } = this.#family
    const isHistogram = kind >= Kind.histogram
    if ((!isHistogram && kind !== Kind.summary) || this.#part === Part.native) return [METRIC_NAME, name]
    if (this.#part === Part.count) return [METRIC_NAME, `${name}_count`]
    if (this.#part === Part.sum) return [METRIC_NAME, `${name}_sum`]
    const { boundText } = this.#seriesBytes
    return isHistogram ? [METRIC_NAME, `${name}_bucket`, 'le', boundText] : [METRIC_NAME, name, 'quantile', boundText]
  }
}
