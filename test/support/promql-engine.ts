import { Registry } from 'prom-client'
import type { Env } from '../../src/base/env.ts'
import { realClock } from '../../src/base/real/clock.ts'
import { Labels } from '../../src/model/labels.ts'
import { STALE_MARKER } from '../../src/model/staleness.ts'
import { createEngine, type EngineOptions } from '../../src/promql/engine.ts'
import { formatHistogram } from '../../src/promql/functions/format-histogram.ts'
import type { QueryEngine } from '../../src/promql/query-engine.ts'
import type { QueryResult } from '../../src/promql/value.ts'
import { type MemorySeries, MemorySource } from '../../src/storage/memory-source.ts'
import type { SeriesSource } from '../../src/storage/series-source.ts'

/** One sample every `intervalMs` from 0: a number, `undefined` for a gap, `stale` for the marker. */
export type Value = number | undefined | 'stale'

export function seriesOf(labels: Readonly<Record<string, string>>, values: readonly Value[], intervalMs = 10_000): MemorySeries {
  // Into typed arrays at once: an ordinary array may lose the payload of the marker.
  const timestamps = new Float64Array(values.length)
  const numbers = new Float64Array(values.length)
  let length = 0
  values.forEach((value, i) => {
    if (value === undefined) return
    timestamps[length] = i * intervalMs
    numbers[length++] = value === 'stale' ? STALE_MARKER : value
  })
  return { labels: Labels.of(labels), timestamps: timestamps.slice(0, length), values: numbers.slice(0, length) }
}

/** An engine on the real clock over some series, or a source. */
export function engineOver(data: readonly MemorySeries[] | SeriesSource, options: Partial<EngineOptions> = {}): QueryEngine {
  const source = 'select' in data ? data : new MemorySource(data)
  const env = { clock: realClock, metrics: new Registry() } as unknown as Env
  return createEngine({ env, source, ...options })
}

export function signal(): AbortSignal {
  return new AbortController().signal
}

/** The value as text: `labels value` a line, a matrix with `value@seconds` for each point. */
export function showValue({ value }: QueryResult): string {
  switch (value.type) {
    case 'scalar':
    case 'string':
      return String(value.v)
    case 'vector':
      return value.samples.map(({ labels, v, h }) => `${labels} ${h === undefined ? v : formatHistogram(h)}`).join('\n')
    case 'matrix':
      return value.series
        .map(({ labels, timestamps, values, histograms, length }) => {
          const point = (i: number) => (histograms?.[i] === undefined ? values[i] : formatHistogram(histograms[i]))
          const points = Array.from({ length }, (_, i) => `${point(i)}@${timestamps[i] / 1000}`)
          return `${labels} ${points.join(' ')}`
        })
        .join('\n')
  }
}
