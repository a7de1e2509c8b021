import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HurriedClock } from '../../test/support/hurried-clock.ts'
import { MemoryAppendable } from '../../test/support/memory-appendable.ts'
import { type HandSeries, messageV1, messageV2, snappyBlock, V1, V2 } from '../../test/support/write-requests.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { OtlpReceiver } from './otlp/otlp-receiver.ts'
import { toOtlpConfig } from './otlp/otlp-schema.ts'
import { WriteReceiver } from './write-receiver.ts'

const COUNT = 6000

function hurried() {
  const env = virtualEnv()
  const clock = new HurriedClock(env.clock)
  return { env: { ...env, clock }, clock, world: env, store: new MemoryAppendable() }
}

test('long requests that come at once are taken in turns, one after the other, and nothing of one gets into another', async () => {
  const { env, clock, world, store } = hurried()
  const receiver = new WriteReceiver({ env, appendable: store })
  const now = world.clock.now()
  const series = (job: string): HandSeries[] =>
    Array.from({ length: COUNT }, (_, i) => ({
      labels: [
        ['__name__', `x${i}`],
        ['job', job],
      ],
      samples: [[now, i]],
    }))
  const input = { contentEncoding: 'snappy' }
  const answers = Promise.all([
    receiver.receive({ ...input, contentType: V1, body: snappyBlock(messageV1(series('a'), [])) }),
    receiver.receive({ ...input, contentType: V2, body: snappyBlock(messageV2(series('b'))) }),
    receiver.receive({ ...input, contentType: V1, body: new Uint8Array([1]) }),
    receiver.receive({ ...input, contentType: V1, body: snappyBlock(messageV1(series('c'), [])) }),
  ])
  await world.clock.advance(10_000)
  assert.deepEqual(
    (await answers).map(({ status }) => status),
    [204, 204, 400, 204],
  )
  for (const job of ['a', 'b', 'c'])
    for (let i = 0; i < COUNT; i += 250) assert.equal(store.text(`x${i}{job="${job}"}`), `${now}=${i}`, `x${i} of ${job}`)
  assert.ok(clock.restCount >= 3, `${clock.restCount} rests`)
})

test('a long request of OTLP is taken in turns', async () => {
  const { env, clock, world, store } = hurried()
  const receiver = new OtlpReceiver({
    env,
    appendable: store,
    config: () => toOtlpConfig(undefined),
    deltas: 'refused',
    zeroSamples: false,
    typeAndUnitLabels: false,
    lookbackMs: 300_000,
  })
  const now = world.clock.now()
  const metrics = Array.from({ length: 200 }, (_, i) => ({
    name: `x${i}`,
    gauge: { dataPoints: [{ timeUnixNano: `${BigInt(now) * 1_000_000n}`, asDouble: i }] },
  }))
  const body = Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }))
  const answer = receiver.receive({ contentType: 'application/json', contentEncoding: undefined, body })
  await world.clock.advance(10_000)
  assert.deepEqual(await answer, { status: 200, text: undefined })
  for (let i = 0; i < 200; i += 20) assert.equal(store.text(`x${i}`), `${now}=${i}`)
  assert.ok(clock.restCount > 3, `${clock.restCount} rests`)
})
