// How long range queries over a day take: 24 h of samples 15 s apart, evaluated at 15 s and at 60 s steps.
// Run: node src/promql/exec/range-query.bench.ts [series] [filter]
import { Registry } from 'prom-client'
import type { Env } from '../../base/env.ts'
import { realClock } from '../../base/real/clock.ts'
import { Labels } from '../../model/labels.ts'
import { type MemorySeries, MemorySource } from '../../storage/memory-source.ts'
import { createEngine } from '../engine.ts'

const SERIES_COUNT = Number(process.argv[2] ?? 1000)
const FILTER = process.argv[3] ?? ''
const INTERVAL_MS = 15_000
const SAMPLE_COUNT = 5760

let seed = 42
function random(): number {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return seed / 0x7fffffff
}

function makeSeries(): MemorySeries[] {
  const timestamps = Float64Array.from({ length: SAMPLE_COUNT }, (_, i) => i * INTERVAL_MS)
  const all: MemorySeries[] = []
  for (let i = 0; i < SERIES_COUNT; i++) {
    const values = new Float64Array(SAMPLE_COUNT)
    let value = 0
    for (let k = 0; k < SAMPLE_COUNT; k++) {
      value = random() < 0.0005 ? 0 : value + Math.floor(random() * 20)
      values[k] = value
    }
    const labels = {
      job: `job${i % 10}`,
      instance: `host${i % 100}:9100`,
      path: `/p${Math.floor(i / 100)}`,
      code: i % 7 === 0 ? '500' : '200',
    }
    all.push({ labels: Labels.of({ __name__: 'requests_total', ...labels }), timestamps, values })
    all.push({ labels: Labels.of({ __name__: 'load', ...labels }), timestamps, values: values.map((v) => Math.sin(v) * 100) })
  }
  return all
}

const QUERIES = [
  'load',
  'sum by (job) (load)',
  'rate(requests_total[5m])',
  'sum by (job) (rate(requests_total[5m]))',
  'sum(rate(requests_total{code="500"}[5m])) / sum(rate(requests_total[5m]))',
  'avg_over_time(load[1h])',
  'max_over_time(load[1h])',
  'quantile_over_time(0.9, load[10m])',
  'stddev_over_time(load[10m])',
  'deriv(load[10m])',
  'topk(5, load)',
  'quantile by (job) (0.9, load)',
  'load / on (job, instance, path, code) requests_total',
  'load > 50 or requests_total',
  'max_over_time(rate(requests_total[5m])[1h:1m])',
]

const source = new MemorySource(makeSeries())
const engine = createEngine({
  env: { clock: realClock, metrics: new Registry() } as unknown as Env,
  source,
  maxSamples: 1e9,
  maxBytes: 8e9,
})
const signal = new AbortController().signal
const end = (SAMPLE_COUNT - 1) * INTERVAL_MS
for (const query of QUERIES.filter((text) => text.includes(FILTER))) {
  for (const stepMs of [15_000, 60_000]) {
    let best = Infinity
    let peak = 0
    for (let run = 0; run < 3; run++) {
      const start = performance.now()
      const result = await engine.range(query, 0, end, stepMs, { signal })
      best = Math.min(best, performance.now() - start)
      peak = result.stats.samplesPeak
    }
    console.log(
      `${query} step ${stepMs / 1000}s: ${best.toFixed(0)} ms, ${((best * 1e3) / SERIES_COUNT).toFixed(0)} µs a series, peak ${peak} samples`,
    )
  }
}
