import { quote } from '../../base/go-quote.ts'
import { formatGeneral, formatGeneralPrecision } from '../../model/go-float.ts'
import type { Timestamp } from '../../model/time.ts'
import type { PositionRange } from '../parser/ast.ts'

interface MonotonicityFix {
  readonly range: PositionRange
  readonly metricName: string
  minTime: Timestamp
  maxTime: Timestamp
  minBucket: number
  maxBucket: number
  maxDiff: number
  count: number
}

/** One annotation: its text, and what in the query it is about. */
export interface Remark {
  readonly isWarning: boolean
  readonly text: string
  readonly range: PositionRange
}

/** What was done with histograms when something was to be said of it. */
export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation'

/**
 * What a query wants said about its answer: warnings (the answer may not be what was meant) and infos.
 * Source of the texts: Prometheus util/annotations/annotations.go.
 */
export class Annotations {
  readonly #query: string
  readonly #remarks: Remark[] = []
  readonly #warnings = new Set<string>()
  readonly #infos = new Set<string>()
  readonly #fixes = new Map<string, MonotonicityFix>()

  constructor(query: string) {
    this.#query = query
  }

  get warnings(): string[] {
    return [...this.#warnings]
  }

  get infos(): string[] {
    return [...this.#infos, ...[...this.#fixes.values()].map((fix) => this.#formatFix(fix))]
  }

  invalidQuantile(quantile: number, range: PositionRange): void {
    this.#warn(`quantile value should be between 0 and 1, got ${formatGeneral(quantile)}`, range)
  }

  invalidRatio(ratio: number, cappedTo: number, range: PositionRange): void {
    this.#warn(`ratio value should be between -1 and 1, got ${formatGeneral(ratio)}, capping to ${formatGeneral(cappedTo)}`, range)
  }

  badBucketLabel(metricName: string, label: string, range: PositionRange): void {
    this.#warn(`bucket label "le" is missing or has a malformed value of ${quote(label)}${forMetric(metricName)}`, range)
  }

  sortInRangeQuery(range: PositionRange): void {
    this.#warn('sort is ineffective for range queries since results are always ordered by labels', range)
  }

  possibleNonCounter(metricName: string, range: PositionRange): void {
    this.#inform(`metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quote(metricName)}`, range)
  }

  incompatibleTypes(left: string, operator: string, right: string, range: PositionRange): void {
    this.#inform(`incompatible sample types encountered for binary operator ${quote(operator)}: ${left} ${operator} ${right}`, range)
  }

  incompatibleBuckets(operator: string, range: PositionRange): void {
    this.#warn(`incompatible bucket layout encountered for binary operator ${operator}`, range)
  }

  boundsReconciled(operation: HistogramOperation, range: PositionRange): void {
    this.#inform(`mismatched custom buckets were reconciled during ${operation}`, range)
  }

  resetsCollide(operation: HistogramOperation, range: PositionRange): void {
    this.#warn(`conflicting counter resets during histogram ${operation}`, range)
  }

  histogramIgnored(aggregation: string, range: PositionRange): void {
    this.#inform(`ignored histogram in ${aggregation} aggregation`, range)
  }

  histogramsIgnoredInRange(metricName: string, range: PositionRange): void {
    this.#inform(`ignored histograms in a range containing both floats and histograms for metric name ${quote(metricName)}`, range)
  }

  mixedRange(metricName: string, range: PositionRange): void {
    this.#warn(`encountered a mix of histograms and floats for metric name ${quote(metricName)}`, range)
  }

  mixedAggregation(range: PositionRange): void {
    this.#warn('encountered a mix of histograms and floats for aggregation', range)
  }

  mixedSchemas(metricName: string, range: PositionRange): void {
    this.#warn(
      `vector contains a mix of histograms with exponential and custom buckets schemas for metric name ${quote(metricName)}`,
      range,
    )
  }

  mixedClassicAndNative(metricName: string, range: PositionRange): void {
    this.#warn(`vector contains a mix of classic and native histograms${forMetric(metricName)}`, range)
  }

  startTimeOverlaps(metricName: string, range: PositionRange): void {
    this.#warn(`sample has start time that overlaps with previous sample timestamp for metric ${quote(metricName)}`, range)
  }

  notCounter(metricName: string, range: PositionRange): void {
    this.#warn(`this native histogram metric is not a counter: ${quote(metricName)}`, range)
  }

  notGauge(metricName: string, range: PositionRange): void {
    this.#warn(`this native histogram metric is not a gauge: ${quote(metricName)}`, range)
  }

  quantileIsNaN(metricName: string, range: PositionRange): void {
    this.#inform(`input to histogram_quantile has NaN observations, result is NaN${forMetric(metricName)}`, range)
  }

  quantileIsSkewed(metricName: string, range: PositionRange): void {
    this.#inform(`input to histogram_quantile has NaN observations, result is skewed higher${forMetric(metricName)}`, range)
  }

  fractionLeavesOutNaN(metricName: string, range: PositionRange): void {
    this.#inform(`input to histogram_fraction has NaN observations, which are excluded from all fractions${forMetric(metricName)}`, range)
  }

  /** Buckets of a classic histogram that had to be made monotonic; told once for all samples. */
  forcedMonotonicity(
    fixed: { metricName: string; time: Timestamp; minBucket: number; maxBucket: number; maxDiff: number },
    range: PositionRange,
  ): void {
    const key = `${range.start} ${fixed.metricName}`
    const known = this.#fixes.get(key)
    if (known === undefined) {
      this.#fixes.set(key, {
        range,
        metricName: fixed.metricName,
        minTime: fixed.time,
        maxTime: fixed.time,
        minBucket: fixed.minBucket,
        maxBucket: fixed.maxBucket,
        maxDiff: fixed.maxDiff,
        count: 1,
      })
      return
    }
    known.minTime = Math.min(known.minTime, fixed.time)
    known.maxTime = Math.max(known.maxTime, fixed.time)
    known.minBucket = Math.min(known.minBucket, fixed.minBucket)
    known.maxBucket = Math.max(known.maxBucket, fixed.maxBucket)
    known.maxDiff = Math.max(known.maxDiff, fixed.maxDiff)
    known.count++
  }

  #formatFix(fix: MonotonicityFix): string {
    const text =
      'PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)'
    const buckets = `from buckets ${formatGeneral(fix.minBucket)} to ${formatGeneral(fix.maxBucket)}`
    const diff = `with a max diff of ${formatGeneralPrecision(fix.maxDiff, 2)}`
    const samples = `over ${fix.count} samples from ${formatSeconds(fix.minTime)} to ${formatSeconds(fix.maxTime)}`
    return `${text}${forMetric(fix.metricName)}, ${buckets}, ${diff}, ${samples} (${positionText(this.#query, fix.range.start)})`
  }

  /** How many there are so far, those told once for many samples left out. */
  get remarkCount(): number {
    return this.#remarks.length
  }

  /** What was said since there were `count`. */
  remarksSince(count: number): readonly Remark[] {
    return this.#remarks.slice(count)
  }

  /** Says it again of another place that is written alike, `shift` bytes further on. */
  repeat(remarks: readonly Remark[], shift: number): void {
    for (const { isWarning, text, range } of remarks) {
      this.#note(isWarning, text, { start: range.start + shift, end: range.end + shift })
    }
  }

  #warn(text: string, range: PositionRange): void {
    this.#note(true, text, range)
  }

  #inform(text: string, range: PositionRange): void {
    this.#note(false, text, range)
  }

  #note(isWarning: boolean, text: string, range: PositionRange): void {
    const said = isWarning ? this.#warnings : this.#infos
    const full = `PromQL ${isWarning ? 'warning' : 'info'}: ${text} (${positionText(this.#query, range.start)})`
    if (said.has(full)) return
    said.add(full)
    this.#remarks.push({ isWarning, text, range })
  }
}

function forMetric(metricName: string): string {
  return metricName === '' ? '' : ` for metric name ${quote(metricName)}`
}

/** `line:column`, both from 1, the column in bytes, as upstream's StartPosInput. */
export function positionText(query: string, startByte: number): string {
  const bytes = new TextEncoder().encode(query)
  let line = 1
  let lineStart = 0
  for (let i = 0; i < Math.min(startByte, bytes.length); i++) {
    if (bytes[i] !== 0x0a) continue
    line++
    lineStart = i + 1
  }
  return `${line}:${startByte - lineStart + 1}`
}

/** RFC 3339 in UTC, whole seconds. */
function formatSeconds(time: Timestamp): string {
  return new Date(Math.trunc(time / 1000) * 1000).toISOString().replace('.000Z', 'Z')
}
