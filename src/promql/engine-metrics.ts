import { Counter, Gauge, type Metric, type Registry, Summary } from 'prom-client'

const SLICES = ['queue_time', 'prepare_time', 'inner_eval', 'result_sort'] as const
export type Slice = (typeof SLICES)[number]

/** The engine's own metrics, under upstream's names. Source: Prometheus promql/engine.go, NewEngine. */
export interface EngineMetrics {
  readonly queries: Gauge
  readonly samples: Counter
  readonly samplesRead: Counter
  observe(slice: Slice, seconds: number): void
}

/** Registers the metrics; engines on the same registry share them. */
export function createEngineMetrics(registry: Registry, concurrencyMax: number): EngineMetrics {
  const registers = [registry]
  const once = <T extends Metric>(name: string, create: (name: string) => T) =>
    (registry.getSingleMetric(name) as T | undefined) ?? create(name)
  const queries = once(
    'prometheus_engine_queries',
    (name) => new Gauge({ name, help: 'The current number of queries being executed or waiting.', registers }),
  )
  once(
    'prometheus_engine_queries_concurrent_max',
    (name) => new Gauge({ name, help: 'The max number of concurrent queries.', registers }),
  ).set(concurrencyMax)
  const samples = once(
    'prometheus_engine_query_samples_total',
    (name) => new Counter({ name, help: 'The total number of samples loaded by all queries.', registers }),
  )
  const samplesRead = once(
    'prometheus_engine_query_samples_read_total',
    (name) => new Counter({ name, help: 'The total number of samples read by all queries.', registers }),
  )
  const durations = once(
    'prometheus_engine_query_duration_seconds',
    (name) =>
      new Summary({
        name,
        help: 'Query timings',
        labelNames: ['slice'],
        percentiles: [0.5, 0.9, 0.99],
        maxAgeSeconds: 600,
        ageBuckets: 5,
        registers,
      }),
  )
  return { queries, samples, samplesRead, observe: (slice, seconds) => durations.observe({ slice }, seconds) }
}
