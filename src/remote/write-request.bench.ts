// Decoding of remote write requests, and the lookup of their series: node src/remote/write-request.bench.ts
import { FLOATS_ONLY } from '../../test/support/floats-only.ts'
import { messageV1, messageV2, snappyBlock, V1, V2 } from '../../test/support/write-requests.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { type Appendable, AppendStatus } from '../storage/appender.ts'
import { decodeV1 } from './decode-v1.ts'
import { decodeV2 } from './decode-v2.ts'
import { WireReader } from './wire-reader.ts'
import { WriteColumns } from './write-columns.ts'
import { WriteReceiver } from './write-receiver.ts'

const SERIES = 2000
const ROUNDS = 30
const BATCHES = 15

const now = virtualEnv().clock.now()
const series = Array.from({ length: SERIES }, (_, i) => ({
  labels: [
    ['__name__', 'http_request_duration_seconds_bucket'],
    ['code', '200'],
    ['handler', '/api/v1/query'],
    ['instance', `10.0.${i >> 8}.${i & 255}:9100`],
    ['job', 'api'],
    ['le', '0.5'],
    ['pod', `api-7c9d-${i}`],
    ['region', 'eu-west-1'],
  ] as [string, string][],
  samples: [[now, i * 1.5]] as [number, number][],
  metadata: { type: 3, help: 'How long requests took.', unit: 'seconds' },
}))

/** CPU time, the best of some batches: what the others took more is the machine's. */
async function time(name: string, run: () => unknown): Promise<void> {
  let best = Number.POSITIVE_INFINITY
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = process.cpuUsage()
    for (let i = 0; i < ROUNDS; i++) await run()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, ((user + system) * 1e3) / ROUNDS / SERIES)
  }
  console.log(`${name.padEnd(50)} ${best.toFixed(0).padStart(6)} ns/series ${(1000 / best).toFixed(2).padStart(6)} M series/s`)
}

const columns = new WriteColumns()
const reader = new WireReader()
const appendable: Appendable = {
  appender: () => ({ ...FLOATS_ONLY, series: () => 1, append: () => AppendStatus.ok, commit: async () => {}, rollback: () => {} }),
}
const versions = [
  { name: '1.0', message: messageV1(series), decode: decodeV1, contentType: V1 },
  { name: '2.0', message: messageV2(series), decode: decodeV2, contentType: V2 },
] as const
for (const { name, message, decode, contentType } of versions) {
  await time(`${name}: decode (${(message.length / SERIES).toFixed(0)} bytes a series)`, () => {
    if (decode(message, reader, columns) !== undefined) throw new Error('not decoded')
  })
  const receiver = new WriteReceiver({ env: virtualEnv(), appendable })
  const request = { contentType, contentEncoding: 'snappy', body: snappyBlock(message) }
  await time(`${name}: receive: snappy, decode, lookup, empty append`, () => receiver.receive(request))
}

// Native histograms of 20 buckets in two spans.
const histograms = series.map(({ labels, metadata }) => ({
  labels,
  metadata,
  histograms: [
    {
      t: now,
      count: 210,
      sum: 99.5,
      schema: 3,
      positiveSpans: [
        [-5, 12],
        [4, 8],
      ] as [number, number][],
      positive: new Array(20).fill(1),
    },
  ],
}))
const ofHistograms: Appendable = {
  appender: () => ({ ...appendable.appender(), appendHistogram: () => AppendStatus.ok }),
}
for (const { name, encode, contentType } of [
  { name: '1.0', encode: messageV1, contentType: V1 },
  { name: '2.0', encode: messageV2, contentType: V2 },
]) {
  const receiver = new WriteReceiver({ env: virtualEnv(), appendable: ofHistograms })
  const request = { contentType, contentEncoding: 'snappy', body: snappyBlock(encode(histograms)) }
  await time(`${name}: receive histograms of 20 buckets`, () => receiver.receive(request))
}
