import { SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import type { ExposedFamily, ExposedMetric, LabelPairs } from '../../exposition/exposed-family.ts'
import { familyPage } from '../../exposition/family-page.ts'
import { negotiate } from '../../exposition/negotiate.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../../model/histogram.ts'
import { histogramSampleCount } from '../../model/histogram-size.ts'
import { compareStrings, isLegacyLabelName, Labels, METRIC_NAME } from '../../model/labels.ts'
import { labelsBytes } from '../../model/labels-size.ts'
import type { MetricType } from '../../model/metadata.ts'
import { isStaleMarker } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import { parseMetricSelector } from '../../promql/parser/parse.ts'
import type { QueryBudget, Series } from '../../storage/series-source.ts'
import { FederatedText } from './federated-text.ts'
import type { FederateRead, ReadPlace, ReadResult } from './read.ts'

// Source: Prometheus web/federate.go; docs/federation.md.

/** The newest sample of every series that a selector finds, in the format that is asked for. */
export async function federate(read: FederateRead, place: ReadPlace): Promise<ReadResult> {
  const format = negotiate(read.accept, { openMetrics: false })
  // Several selectors may find a series twice.
  if (format.kind === 'text' && read.selectors.length === 1) {
    const body = await textPage(read, place)
    if (body !== undefined) return { contentType: format.contentType, body }
  }
  const newest = await collect(read, place)
  const families = federatedFamilies(newest, addedLabels(Labels.fromSortedPairs(read.externalLabels)), format.kind === 'protobuf')
  return { contentType: format.contentType, body: familyPage(families, format) }
}

/** Undefined where series are none for it. */
async function textPage(read: FederateRead, { source, context }: ReadPlace): Promise<readonly Uint8Array[] | undefined> {
  const { selectors, minTime, maxTime, externalLabels } = read
  const added = addedLabels(Labels.fromSortedPairs(externalLabels))
  if (!added.every(([name]) => isLegacyLabelName(name))) return undefined
  const page = new FederatedText(added)
  const scratch = new SampleColumns()
  const matchers = parseMetricSelector(selectors[0])
  for await (const batch of source.select({ minTime, maxTime, matchers, hints: NEWEST }, context)) {
    for (const series of batch) {
      const index = newestSample(series, read, scratch)
      if (index < 0 || scratch.histograms?.[index] !== undefined) continue
      context.budget.chargeBytes(labelsBytes(series.labels) + BYTES_PER_SAMPLE)
      if (!page.add(series.labels, scratch.timestamps[index], scratch.values[index])) return undefined
    }
  }
  return page.end()
}

const NEWEST = { newestOnly: true }

async function collect(read: FederateRead, { source, context }: ReadPlace): Promise<Newest> {
  const { selectors, minTime, maxTime } = read
  const newest: Newest = { labels: [], times: [], values: [], histograms: [], byName: true }
  const seen = new Set<string>()
  const scratch = new SampleColumns()
  for (const selector of selectors) {
    for await (const batch of source.select({ minTime, maxTime, matchers: parseMetricSelector(selector), hints: NEWEST }, context)) {
      for (const series of batch) {
        // Only overlapping selectors can find a series twice.
        if (selectors.length > 1) {
          const key = series.labels.key()
          if (seen.has(key)) continue
          context.budget.chargeBytes(key.length)
          seen.add(key)
        }
        addNewest(newest, series, read, scratch, context.budget)
      }
    }
  }
  return newest
}

/** What series get that do not have it. A series without instance says so, or the one that scrapes us would add its own. */
function addedLabels(externalLabels: Labels): readonly (readonly [string, string])[] {
  if (externalLabels.has('instance')) return [...externalLabels]
  return [...externalLabels, ['instance', ''] as const].sort(([a], [b]) => compareStrings(a, b))
}

/** Where the newest sample of a series stands in `scratch`; -1: there is none, or the series has gone, for which the formats have no marker. */
function newestSample(
  series: Series,
  { minTime, maxTime }: { readonly minTime: Timestamp; readonly maxTime: Timestamp },
  scratch: SampleColumns,
): number {
  for (let i = series.chunks.length - 1; i >= 0; i--) {
    scratch.clear()
    decodeChunk(series.chunks[i], minTime, maxTime, scratch)
    if (scratch.length > 0) return isStaleMarker(scratch.values[scratch.length - 1]) ? -1 : scratch.length - 1
  }
  return -1
}

/** Series as columns, with the newest sample of each. */
interface Newest {
  readonly labels: Labels[]
  readonly times: number[]
  readonly values: number[]
  /** Where there is one, the sample is a histogram. */
  readonly histograms: (Histogram | undefined)[]
  /** Whether they came in order of their names, as they nearly always do: no label sorts before `__name__`. */
  byName: boolean
}

/** What a series is charged for besides its labels: the columns, the order, and the sample as it is written. */
const BYTES_PER_SERIES = 64
const BYTES_PER_HISTOGRAM = 500
const BYTES_PER_SAMPLE = 16

function addNewest(newest: Newest, series: Series, read: FederateRead, scratch: SampleColumns, budget: QueryBudget): void {
  const name = series.labels.get(METRIC_NAME)
  if (name === '') return
  const index = newestSample(series, read, scratch)
  if (index < 0) return
  const last = newest.labels.length - 1
  if (last >= 0 && compareStrings(newest.labels[last].get(METRIC_NAME), name) > 0) newest.byName = false
  const histogram = scratch.histograms?.[index]
  budget.chargeBytes(labelsBytes(series.labels) + BYTES_PER_SERIES)
  if (histogram !== undefined) budget.chargeBytes(BYTES_PER_HISTOGRAM + histogramSampleCount(histogram) * BYTES_PER_SAMPLE)
  newest.labels.push(series.labels)
  newest.times.push(scratch.timestamps[index])
  newest.values.push(scratch.values[index])
  newest.histograms.push(histogram)
}

/**
 * The samples as families, by name, one after the other. Only protobuf shows histograms, and none with custom buckets; where floats and
 * histograms, or counting ones and gauges, share a name, each run is a family of its own, which is how upstream bends the rules.
 */
function* federatedFamilies(newest: Newest, added: readonly (readonly [string, string])[], isProtobuf: boolean): Generator<ExposedFamily> {
  const { labels, times, values, histograms, byName } = newest
  const order = labels.map((_, index) => index)
  if (!byName) order.sort((a, b) => compareStrings(labels[a].get(METRIC_NAME), labels[b].get(METRIC_NAME)))
  let name = ''
  let type: MetricType = 'unknown'
  let metrics: ExposedMetric[] = []
  for (const index of order) {
    const histogram = histograms[index]
    if (histogram !== undefined && (!isProtobuf || histogram.schema === CUSTOM_BUCKETS_SCHEMA)) continue
    const ownName = labels[index].get(METRIC_NAME)
    const ownType = typeOf(histogram)
    if (metrics.length > 0 && (ownName !== name || ownType !== type)) {
      yield { name, type, help: '', unit: '', metrics }
      metrics = []
    }
    name = ownName
    type = ownType
    const pairs = [...labels[index]].filter(([label]) => label !== METRIC_NAME)
    for (const pair of added) if (!labels[index].has(pair[0])) pairs.push([...pair])
    // Upstream's text has both zeros as 0.
    const value = values[index] === 0 && !isProtobuf ? 0 : values[index]
    metrics.push(exposedMetric(pairs, times[index], value, histogram))
  }
  if (metrics.length > 0) yield { name, type, help: '', unit: '', metrics }
}

function typeOf(histogram: Histogram | undefined): MetricType {
  if (histogram === undefined) return 'unknown'
  return histogram.counterResetHint === CounterResetHint.gauge ? 'gaugehistogram' : 'histogram'
}

function exposedMetric(labels: LabelPairs, timestamp: Timestamp, value: number, histogram: Histogram | undefined): ExposedMetric {
  if (histogram === undefined) return { kind: 'value', labels, timestamp, value }
  const native = { ...histogram, isFloat: true }
  return { kind: 'histogram', labels, timestamp, count: histogram.count, sum: value, buckets: [], native }
}
