// Reading requests of OTLP as Protocol Buffers, points of each kind, and what the receiver makes of them:
// node src/remote/otlp/decode-protobuf.bench.ts
import { FLOATS_ONLY } from '../../../test/support/floats-only.ts'
import { type HandMetric, OTLP_PROTOBUF, otlpProtobuf, text } from '../../../test/support/otlp-requests.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { type Appendable, AppendStatus } from '../../storage/appender.ts'
import { decodeProtobuf } from './decode-protobuf.ts'
import type { MetricData } from './metrics-data.ts'
import { OtlpReceiver } from './otlp-receiver.ts'
import { toOtlpConfig } from './otlp-schema.ts'

const POINTS = 2000
const ROUNDS = 5
const BATCHES = 15

const config = toOtlpConfig(undefined)
const timeUnixNano = `${Math.floor(virtualEnv().clock.now())}000000`
const common = (i: number) => ({
  attributes: [
    text('http.request.method', 'GET'),
    text('http.route', `/api/v1/query_${i}`),
    text('url.scheme', 'https'),
    { key: 'http.response.status_code', value: { intValue: '200' } },
  ],
  startTimeUnixNano: timeUnixNano,
  timeUnixNano,
})
const points = <P>(more: (i: number) => P) => Array.from({ length: POINTS }, (_, i) => ({ ...common(i), ...more(i) }))
const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const metrics: readonly HandMetric[] = [
  { name: 'process.memory', unit: 'By', gauge: { dataPoints: points((i) => ({ asDouble: i * 1.5 })) } },
  {
    name: 'http.server.requests',
    sum: { dataPoints: points((i) => ({ asInt: String(i) })), aggregationTemporality: 2, isMonotonic: true },
  },
  {
    name: 'http.server.request.duration',
    unit: 's',
    histogram: {
      dataPoints: points((i) => ({
        count: String(15 * i),
        sum: i / 8,
        bucketCounts: [...bounds, Infinity].map(() => String(i)),
        explicitBounds: bounds,
      })),
      aggregationTemporality: 2,
    },
  },
  {
    name: 'http.client.request.duration',
    unit: 's',
    exponentialHistogram: {
      dataPoints: points((i) => ({
        count: String(20 * i + 1),
        sum: i / 8,
        scale: 3,
        zeroCount: '1',
        positive: { offset: -5, bucketCounts: new Array<string>(20).fill(String(i)) },
      })),
      aggregationTemporality: 2,
    },
  },
  {
    name: 'rpc.duration',
    summary: {
      dataPoints: points((i) => ({
        count: String(i),
        sum: i / 8,
        quantileValues: [0.5, 0.9, 0.99].map((quantile) => ({ quantile, value: i })),
      })),
    },
  },
]

let sum = 0

/** Reads each point; its attributes too, where nothing is known of them. */
function readAll(data: MetricData | undefined, withAttributes: boolean): void {
  for (const point of data?.points ?? []) {
    sum += point.time + (point.attributes.bytes?.end ?? 0)
    if (withAttributes) sum += point.attributes.all().size
  }
}

/** CPU time, the best of some batches: what the others took more is the machine's. */
async function time(name: string, run: () => unknown): Promise<void> {
  let best = Number.POSITIVE_INFINITY
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = process.cpuUsage()
    for (let i = 0; i < ROUNDS; i++) await run()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, ((user + system) * 1e3) / ROUNDS / POINTS)
  }
  console.log(`${name.padEnd(62)} ${best.toFixed(0).padStart(6)} ns/point`)
}

const appendable: Appendable = {
  appender: () => ({
    ...FLOATS_ONLY,
    series: () => 1,
    append: () => AppendStatus.ok,
    appendHistogram: () => AppendStatus.ok,
    commit: async () => {},
    rollback: () => {},
  }),
}
for (const metric of metrics) {
  const body = otlpProtobuf({
    resourceMetrics: [
      { resource: { attributes: [text('service.name', 'api')] }, scopeMetrics: [{ scope: { name: 'sdk' }, metrics: [metric] }] },
    ],
  })
  const read = (withAttributes: boolean) => () => {
    for (const { scopes } of decodeProtobuf(body))
      for (const { metrics } of scopes) for (const { data } of metrics) readAll(data, withAttributes)
  }
  const title = `${metric.name} (${(body.length / POINTS).toFixed(0)} bytes a point)`
  await time(`${title}: decode`, read(false))
  await time(`${title}: and attributes`, read(true))
  const receiver = new OtlpReceiver({
    env: virtualEnv(),
    appendable,
    config: () => config,
    deltas: 'refused',
    zeroSamples: false,
    typeAndUnitLabels: false,
    lookbackMs: 300_000,
  })
  await time(`${title}: receive`, () => receiver.receive({ contentType: OTLP_PROTOBUF, contentEncoding: undefined, body }))
}
if (!Number.isFinite(sum)) throw new Error('what was read must have a finite sum')
