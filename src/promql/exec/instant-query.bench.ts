// How long instant queries over many series take: what a rule or a table asks for.
// Run: node src/promql/exec/instant-query.bench.ts [series]
import { Registry } from 'prom-client'
import type { Env } from '../../base/env.ts'
import { realClock } from '../../base/real/clock.ts'
import { Labels } from '../../model/labels.ts'
import { type MemorySeries, MemorySource } from '../../storage/memory-source.ts'
import { createEngine } from '../engine.ts'

const SERIES_COUNT = Number(process.argv[2] ?? 50_000)

const timestamps = Float64Array.from({ length: 40 }, (_, i) => i * 15_000)
const series: MemorySeries[] = Array.from({ length: SERIES_COUNT }, (_, i) => ({
  labels: Labels.of({
    __name__: 'requests_total',
    job: `job${i % 10}`,
    instance: `host${i % 1000}:9100`,
    path: `/p${i}`,
    code: '200',
    region: 'eu',
    zone: 'a',
  }),
  timestamps,
  values: timestamps.map((t) => t + i),
}))
const env = { clock: realClock, metrics: new Registry() } as unknown as Env
const engine = createEngine({ env, source: new MemorySource(series) })
const { signal } = new AbortController()

for (const query of [
  'requests_total',
  'sum by (job) (requests_total)',
  'sum by (job, instance) (rate(requests_total[5m]))',
  'count by (path) (requests_total)',
  'topk(5, requests_total)',
  'requests_total * 2',
  'requests_total / requests_total',
  'requests_total and requests_total',
]) {
  let best = Infinity
  for (let run = 0; run < 3; run++) {
    const start = performance.now()
    await engine.instant(query, 600_000, { signal })
    best = Math.min(best, performance.now() - start)
  }
  console.log(`${query}: ${best.toFixed(0)} ms, ${((best * 1e6) / SERIES_COUNT).toFixed(0)} ns a series`)
}
