// Encoding of a matrix of 1,000 series with 1,000 points: node src/api/json/encode-query.bench.ts
import { Labels } from '../../model/labels.ts'
import type { QueryResult } from '../../promql/value.ts'
import { encodeQuery } from './encode-query.ts'

const SERIES = 1000
const POINTS = 1000

function matrix(valueAt: (series: number, point: number) => number): QueryResult {
  const timestamps = Float64Array.from({ length: POINTS }, (_, i) => 1_700_000_000_123 + i * 15_000)
  const series = Array.from({ length: SERIES }, (_, s) => ({
    labels: Labels.of({ __name__: 'node_cpu_seconds_total', job: 'node', instance: `10.0.0.${s}:9100`, cpu: String(s % 64), mode: 'idle' }),
    timestamps,
    values: Float64Array.from({ length: POINTS }, (_, i) => valueAt(s, i)),
    length: POINTS,
  }))
  return {
    value: { type: 'matrix', series },
    warnings: [],
    infos: [],
    stats: { samplesTotal: 0, samplesRead: 0, samplesPeak: 0, timings: {} },
  }
}

function measure(name: string, result: QueryResult): void {
  let best = Infinity
  let sizeBytes = 0
  for (let round = 0; round < 7; round++) {
    sizeBytes = 0
    const start = performance.now()
    for (const chunk of encodeQuery(result, { stats: false })) sizeBytes += chunk.length
    best = Math.min(best, performance.now() - start)
  }
  const nsPerPoint = (best * 1e6) / SERIES / POINTS
  console.log(
    `${name.padEnd(28)} ${best.toFixed(0).padStart(5)} ms ${nsPerPoint.toFixed(0).padStart(5)} ns/point ${(sizeBytes / 1e6).toFixed(1).padStart(6)} MB ${(sizeBytes / best / 1e3).toFixed(0).padStart(5)} MB/s`,
  )
}

measure(
  'counters (whole numbers)',
  matrix((s, i) => s * 1000 + i * 17),
)
measure(
  'gauges (few decimals)',
  matrix((s, i) => ((s * 37 + i * 11) % 10_000) / 100),
)
measure(
  'rates that stay for 8 points',
  matrix((s, i) => (s + 1) / ((i >> 3) + 3)),
)
measure(
  'rates (17 digits)',
  matrix((s, i) => (s + 1) / (i + 3)),
)
const plain = matrix((s, i) => (s + 1) / (i + 3))
const start = performance.now()
if (plain.value.type === 'matrix') {
  const data = plain.value.series.map(({ labels, timestamps, values }) => ({
    metric: labels.toObject(),
    values: Array.from(values, (v, i) => [timestamps[i] / 1000, String(v)]),
  }))
  const text = Buffer.from(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: data } }))
  console.log(
    `${'rates by JSON.stringify'.padEnd(28)} ${(performance.now() - start).toFixed(0).padStart(5)} ms ${(text.length / 1e6).toFixed(1)} MB`,
  )
}
