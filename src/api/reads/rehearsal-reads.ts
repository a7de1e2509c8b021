import type { Timestamp } from '../../model/time.ts'
import { instantQuestion, type Question, rangeQuestion } from '../../promql/evaluate.ts'
import { MADE_UP_END } from '../../tsdb/made-up-windows.ts'
import type { Read } from './read.ts'

const END: Timestamp = MADE_UP_END
const RANGE_MS = 40 * 60_000

// What dashboards and rules mostly ask, of each kind of node and reader some.
const INSTANT = [
  'sum by (status) (rate(requests_total[5m]))',
  'histogram_quantile(0.99, sum by (le, path) (rate(duration_seconds_bucket[5m])))',
  'topk(10, rate(requests_total[5m]))',
  'sum(increase(requests_total{path=~"/api/v[12]/.*",status!~"2.."}[5m]))',
  'sum by (instance) (rate(cpu_seconds_total{mode!="idle"}[5m])) * on (instance) group_left (version) build_info',
  'max_over_time(sum(rate(requests_total[5m]))[20m:1m])',
  'count_values("depth", queue_depth)',
  'count(usage_seconds_total)',
  'count by (namespace) (usage_seconds_total{pod=~"web-.*7.*"})',
  'sum by (pod) (rate(usage_seconds_total[5m]))',
  'avg_over_time(memory_bytes[40m])',
  'quantile_over_time(0.95, queue_depth[40m])',
  'requests_total{status="500"} unless on (instance) (queue_depth{queue="mail"} > 20)',
]

const RANGE: readonly (readonly [query: string, stepMs: number])[] = [
  ['sum by (path) (rate(requests_total[1m]))', 15_000],
  ['histogram_quantile(0.9, sum by (le) (rate(duration_seconds_bucket[5m])))', 60_000],
  ['memory_bytes', 15_000],
  ['topk(5, sum by (instance, path) (rate(requests_total[5m])))', 60_000],
  ['sum by (instance) (rate(requests_total{status=~"5.."}[5m])) / on (instance) sum by (instance) (rate(requests_total[5m]))', 60_000],
  ['max by (instance) (max_over_time(queue_depth[10m]))', 60_000],
  ['predict_linear(memory_bytes[20m], 3600)', 60_000],
  ['rate(requests_total{instance="web-3:8080",status="200",path="/api/v1/items"}[5m])', 15_000],
]

const SMALL_INSTANT = [
  'sum by (status) (rate(requests_total[5m]))',
  'histogram_quantile(0.99, sum by (le, path) (rate(duration_seconds_bucket[5m])))',
  'sum(rate(requests_total{path=~"/api/v[12]/.*",status!~"2.."}[5m]))',
  'sum by (instance) (rate(cpu_seconds_total{mode!="idle"}[5m])) * on (instance) group_left (version) build_info',
  'count_values("depth", queue_depth)',
  'requests_total{status="500"} unless on (instance) (queue_depth{queue="mail"} > 20)',
  'max(memory_bytes) - min(memory_bytes)',
  'topk(10, rate(requests_total[5m]))',
  'avg_over_time(memory_bytes[40m])',
  'quantile_over_time(0.95, queue_depth[40m])',
]
const SMALL_RANGE: readonly (readonly [query: string, stepMs: number])[] = [
  ['rate(requests_total{instance="web-3:8080",status="200",path="/api/v1/items"}[5m])', 15_000],
  ['predict_linear(memory_bytes[20m], 3600)', 300_000],
]

// In the order of the API's, and put together as there: else it is another kind of object to compiled code.
const SCOPE = { limit: 0, minTime: END - RANGE_MS, maxTime: END, selectors: [] }
const LISTS: readonly Read[] = [
  { kind: 'labelValues', name: 'pod', ...SCOPE },
  { kind: 'series', minTime: END - RANGE_MS, maxTime: END, selectors: ['requests_total'], limit: 0 },
]

/** Those that are as much work as any. */
export const REHEARSAL_READS: readonly Read[] = [
  ...INSTANT.map((query) => asked(instantQuestion(query, END, {}))),
  ...RANGE.map(([query, stepMs]) => asked(rangeQuestion(query, [END - RANGE_MS, END, stepMs], {}))),
  ...LISTS,
]

/** Those that are little work. */
export const SMALL_REHEARSAL_READS: readonly Read[] = [
  ...SMALL_INSTANT.map((query) => asked(instantQuestion(query, END, {}))),
  ...SMALL_RANGE.map(([query, stepMs]) => asked(rangeQuestion(query, [END - RANGE_MS, END, stepMs], {}))),
  ...LISTS,
]

function asked(question: Question): Read {
  return { kind: 'query', question, timeoutMs: undefined, limit: 0, stats: false }
}
