import { Counter, type Registry } from 'prom-client'
import { ChunkWriter } from '../base/chunk-writer.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { type Answer, errorAnswer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { SampleColumns } from '../chunkenc/codec.ts'
import { decodeChunk } from '../chunkenc/decode-chunk.ts'
import { labelPair, sampleLine, typeLine } from '../exposition/text-writer.ts'
import { compareStrings, isLegacyLabelName, isLegacyMetricName, type Labels, METRIC_NAME } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
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

  /** /federate: the newest sample inside the lookback of every series that a selector finds, in the text format. */
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
    const names: NameStyle = /escaping\s*=\s*allow-utf-8/.test(request.headers.accept ?? '') ? 'allow-utf-8' : 'underscores'
    return {
      status: 200,
      headers: { 'content-type': `text/plain; version=0.0.4; charset=utf-8; escaping=${names}` },
      body: encodePage(newest, this.#deps.externalLabels(), names),
    }
  }

  async #collect(sets: readonly (readonly Matcher[])[], signal: AbortSignal): Promise<Newest> {
    const { source, env, lookbackMs } = this.#deps
    const maxTime = Math.floor(env.clock.now())
    const minTime = maxTime - lookbackMs
    const newest: Newest = { labels: [], times: [], values: [], byName: true }
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
    // The text format has no staleness marker: a series that has gone is left out.
    if (isStaleMarker(value)) return
    const last = newest.labels.length - 1
    if (last >= 0 && compareStrings(newest.labels[last].get(METRIC_NAME), name) > 0) newest.byName = false
    newest.labels.push(series.labels)
    newest.times.push(scratch.timestamps[scratch.length - 1])
    newest.values.push(value)
    return
  }
}

type NameStyle = 'allow-utf-8' | 'underscores'

function* encodePage({ labels, times, values, byName }: Newest, externalLabels: Labels, names: NameStyle): Generator<Uint8Array> {
  const writer = new ChunkWriter()
  const order = labels.map((_, index) => index)
  if (!byName) order.sort((a, b) => compareStrings(labels[a].get(METRIC_NAME), labels[b].get(METRIC_NAME)))
  // A series without instance says so, or the one that scrapes us would add its own.
  const added = externalLabels.has('instance')
    ? [...externalLabels]
    : [...externalLabels, ['instance', ''] as const].sort(([a], [b]) => compareStrings(a, b))
  let family = ''
  for (const index of order) {
    const name = labels[index].get(METRIC_NAME)
    const shown = names === 'underscores' ? underscored(name, isLegacyMetricName) : name
    if (name !== family) writer.text(typeLine(shown, 'untyped'))
    family = name
    const parts: string[] = []
    for (const [label, value] of labels[index]) if (label !== METRIC_NAME) parts.push(pair(label, value, names))
    for (const [label, value] of added) if (!labels[index].has(label)) parts.push(pair(label, value, names))
    // Upstream writes both zeros as 0 here.
    writer.text(sampleLine(shown, parts.join(','), values[index] === 0 ? 0 : values[index], times[index]))
    if (writer.hasFull) yield* writer.take()
  }
  yield* writer.end()
}

function pair(label: string, value: string, names: NameStyle): string {
  return labelPair(names === 'underscores' ? underscored(label, isLegacyLabelName) : label, value)
}

function underscored(name: string, isLegacy: (name: string) => boolean): string {
  return isLegacy(name) ? name : [...name].map((char, index) => (isLegacy(index === 0 ? char : `_${char}`) ? char : '_')).join('')
}
