import { Counter, type Registry } from 'prom-client'
import { CodedError, errorMessage } from '../base/errors.ts'
import { type Answer, errorAnswer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { SampleColumns } from '../chunkenc/codec.ts'
import { decodeChunk } from '../chunkenc/decode-chunk.ts'
import type { ExposedFamily, ExposedMetric, LabelPairs } from '../exposition/exposed-family.ts'
import { familyPage } from '../exposition/family-page.ts'
import { negotiate } from '../exposition/negotiate.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../model/histogram.ts'
import { compareStrings, type Labels, METRIC_NAME } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import type { MetricType } from '../model/metadata.ts'
import { isStaleMarker } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { parseMetricSelector } from '../promql/parser/parse.ts'
import type { Series } from '../storage/series-source.ts'
import type { ApiDeps } from './deps.ts'

// Source: Prometheus web/federate.go; docs/federation.md.

export class Federation {
  readonly #deps: ApiDeps
  readonly #errors: Counter

  constructor(deps: ApiDeps, registry: Registry) {
    this.#deps = deps
    this.#errors = new Counter({
      name: 'prometheus_web_federation_errors_total',
      help: 'Total number of errors that occurred while sending federation responses.',
      registers: [registry],
    })
  }

  /** /federate: the newest sample inside the lookback of every series that a selector finds, in the format that is asked for. */
  async serve(request: RouteRequest): Promise<Answer> {
    let sets: readonly (readonly Matcher[])[]
    try {
      sets = request.form.all('match[]').map((text) => parseMetricSelector(text))
    } catch (error) {
      return errorAnswer(400, errorMessage(error))
    }
    let newest: Newest
    try {
      newest = await this.#collect(sets, request.signal)
    } catch (error) {
      this.#errors.inc()
      return errorAnswer(error instanceof CodedError && error.code === 'timeout' ? 503 : 500, errorMessage(error))
    }
    const format = negotiate(request.headers.accept, { openMetrics: false })
    const pages = federatedFamilies(newest, this.#deps.externalLabels(), format.kind === 'protobuf')
    return { status: 200, headers: { 'content-type': format.contentType }, body: familyPage(pages, format) }
  }

  async #collect(sets: readonly (readonly Matcher[])[], signal: AbortSignal): Promise<Newest> {
    const { source, env, lookbackMs } = this.#deps
    const maxTime = Math.floor(env.clock.now())
    const minTime = maxTime - lookbackMs
    const newest: Newest = { labels: [], times: [], values: [], histograms: [], byName: true }
    const seen = new Set<string>()
    const scratch = new SampleColumns()
    const ctx = { signal, budget: this.#deps.newBudget() }
    for (const matchers of sets) {
      for await (const batch of source.select({ minTime, maxTime, matchers }, ctx)) {
        for (const series of batch) {
          // Only overlapping selectors can find a series twice.
          if (sets.length > 1) {
            const key = series.labels.key()
            if (seen.has(key)) continue
            seen.add(key)
          }
          addNewest(newest, series, minTime, maxTime, scratch)
        }
      }
    }
    return newest
  }
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

function addNewest(newest: Newest, series: Series, minTime: Timestamp, maxTime: Timestamp, scratch: SampleColumns): void {
  const name = series.labels.get(METRIC_NAME)
  if (name === '') return
  for (let i = series.chunks.length - 1; i >= 0; i--) {
    scratch.clear()
    decodeChunk(series.chunks[i], minTime, maxTime, scratch)
    if (scratch.length === 0) continue
    const value = scratch.values[scratch.length - 1]
    // The formats have no staleness marker: a series that has gone is left out.
    if (isStaleMarker(value)) return
    const last = newest.labels.length - 1
    if (last >= 0 && compareStrings(newest.labels[last].get(METRIC_NAME), name) > 0) newest.byName = false
    newest.labels.push(series.labels)
    newest.times.push(scratch.timestamps[scratch.length - 1])
    newest.values.push(value)
    newest.histograms.push(scratch.histograms?.[scratch.length - 1])
    return
  }
}

/**
 * The samples as families, by name, one after the other. Only protobuf shows histograms, and none with custom buckets; where floats and
 * histograms, or counting ones and gauges, share a name, each run is a family of its own, which is how upstream bends the rules.
 */
function* federatedFamilies(newest: Newest, externalLabels: Labels, withHistograms: boolean): Generator<ExposedFamily> {
  const { labels, times, values, histograms, byName } = newest
  const order = labels.map((_, index) => index)
  if (!byName) order.sort((a, b) => compareStrings(labels[a].get(METRIC_NAME), labels[b].get(METRIC_NAME)))
  // A series without instance says so, or the one that scrapes us would add its own.
  const added = externalLabels.has('instance')
    ? [...externalLabels]
    : [...externalLabels, ['instance', ''] as const].sort(([a], [b]) => compareStrings(a, b))
  let name = ''
  let type: MetricType = 'unknown'
  let metrics: ExposedMetric[] = []
  for (const index of order) {
    const histogram = histograms[index]
    if (histogram !== undefined && (!withHistograms || histogram.schema === CUSTOM_BUCKETS_SCHEMA)) continue
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
    metrics.push(exposedMetric(pairs, times[index], values[index], histogram))
  }
  if (metrics.length > 0) yield { name, type, help: '', unit: '', metrics }
}

function typeOf(histogram: Histogram | undefined): MetricType {
  if (histogram === undefined) return 'unknown'
  return histogram.counterResetHint === CounterResetHint.gauge ? 'gaugehistogram' : 'histogram'
}

function exposedMetric(labels: LabelPairs, timestamp: Timestamp, value: number, histogram: Histogram | undefined): ExposedMetric {
  // Upstream writes both zeros as 0 here.
  if (histogram === undefined) return { kind: 'value', labels, timestamp, value: value === 0 ? 0 : value }
  const native = { ...histogram, isFloat: true }
  return { kind: 'histogram', labels, timestamp, count: histogram.count, sum: value, buckets: [], native }
}
