import { Counter, Gauge, type Metric, type Registry } from 'prom-client'
import type { Clock } from '../base/env.ts'
import { RecentQuantiles } from '../base/recent-quantiles.ts'

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
export function createEngineMetrics(registry: Registry, clock: Clock, concurrencyMax: number): EngineMetrics {
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
  const durations = (registry.getSingleMetric(DURATIONS) as unknown as SliceDurations | undefined) ?? new SliceDurations(clock)
  if (registry.getSingleMetric(DURATIONS) === undefined) registry.registerMetric(durations as unknown as Metric)
  return { queries, samples, samplesRead, observe: (slice, seconds) => durations.observe(slice, seconds) }
}

const DURATIONS = 'prometheus_engine_query_duration_seconds'
const QUANTILES = [0.5, 0.9, 0.99]
const SPAN_MS = 600_000
const SPAN_PARTS = 5

/** A summary: what the library keeps for quantiles takes a tenth of a query over few series. */
class SliceDurations {
  readonly name = DURATIONS
  readonly help = 'Query timings'
  readonly type = 'summary'
  readonly aggregator = 'sum'
  readonly collect = undefined
  readonly #clock: Clock
  readonly #slices = new Map<Slice, { readonly quantiles: RecentQuantiles; sum: number; count: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  observe(name: Slice, seconds: number): void {
    let slice = this.#slices.get(name)
    if (slice === undefined) {
      slice = { quantiles: new RecentQuantiles(this.#clock, SPAN_MS, SPAN_PARTS), sum: 0, count: 0 }
      this.#slices.set(name, slice)
    }
    slice.quantiles.observe(seconds)
    slice.sum += seconds
    slice.count++
  }

  async get() {
    const values = [...this.#slices].flatMap(([slice, { quantiles, sum, count }]) => [
      ...QUANTILES.map((quantile) => ({ value: quantiles.quantile(quantile), labels: { quantile, slice } })),
      { value: sum, labels: { slice }, metricName: `${DURATIONS}_sum` },
      { value: count, labels: { slice }, metricName: `${DURATIONS}_count` },
    ])
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values }
  }

  reset(): void {
    this.#slices.clear()
  }
}
