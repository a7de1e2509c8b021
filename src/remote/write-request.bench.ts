// Decoding of remote write requests, and the lookup of their series: node src/remote/write-request.bench.ts
import { compressSync } from 'snappy'
import { FLOATS_ONLY } from '../../test/support/floats-only.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { type Appendable, AppendStatus } from '../storage/appender.ts'
import { WriteReceiver } from './write-receiver.ts'
import { encodeWriteMessage } from './write-request.ts'
import { WriteRequestColumns } from './write-request-columns.ts'

const SERIES = 2000
const ROUNDS = 300

const now = virtualEnv().clock.now()
const message = encodeWriteMessage(
  Array.from({ length: SERIES }, (_, i) => ({
    labels: Labels.of({
      __name__: 'http_request_duration_seconds_bucket',
      job: 'api',
      instance: `10.0.${i >> 8}.${i & 255}:9100`,
      region: 'eu-west-1',
      code: '200',
      handler: '/api/v1/query',
      le: '0.5',
      pod: `api-7c9d-${i}`,
    }),
    samples: [[now, i * 1.5]] as [number, number][],
  })),
)
const block = compressSync(message)

async function time(name: string, run: () => unknown): Promise<void> {
  for (let i = 0; i < 30; i++) await run()
  const start = performance.now()
  for (let i = 0; i < ROUNDS; i++) await run()
  const ns = ((performance.now() - start) * 1e6) / ROUNDS / SERIES
  console.log(`${name.padEnd(46)} ${ns.toFixed(0).padStart(6)} ns/series ${(1000 / ns).toFixed(2).padStart(6)} M series/s`)
}

const columns = new WriteRequestColumns()
await time(`decode (${(message.length / SERIES).toFixed(0)} bytes a series)`, () => {
  if (columns.decode(message) !== undefined) throw new Error('not decoded')
})

const appendable: Appendable = {
  appender: () => ({ ...FLOATS_ONLY, series: () => 1, append: () => AppendStatus.ok, commit: async () => {}, rollback: () => {} }),
}
const receiver = new WriteReceiver({ env: virtualEnv(), appendable })
const request = { contentType: 'application/x-protobuf', contentEncoding: 'snappy', body: block }
await time('receive: snappy, decode, lookup, empty append', () => receiver.receive(request))
