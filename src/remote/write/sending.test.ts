import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mortalEnv } from '../../../test/support/mortal-env.ts'
import { sentV2 } from '../../../test/support/sent-message.ts'
import { type Behaviour, WriteDestination, writeConfig } from '../../../test/support/write-destination.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { histogram } from '../../chunkenc/samples.fixture.ts'
import { Labels } from '../../model/labels.ts'
import { relabelConfig } from '../../model/relabel.ts'
import { STALE_MARKER } from '../../model/staleness.ts'
import type { Appender } from '../../storage/appender.ts'
import { runDb } from '../../tsdb/db.fixture.ts'
import type { MetricMetadataEntry } from './metadata-request.ts'
import type { RemoteWriteConfig } from './remote-write-config.ts'
import { RemoteWriter } from './remote-writer.ts'

// What upstream's compliance program asks of a sender, and what its configuration says. Source: prometheus/compliance remotewrite/sender; the
// remote write 1.0 and 2.0 specifications.

/** What a case may do. */
async function sending(
  changes: Partial<RemoteWriteConfig> = {},
  { behave, metadata = [] }: { behave?: Behaviour; metadata?: readonly MetricMetadataEntry[] } = {},
) {
  const world = virtualEnv()
  const to = new WriteDestination(world)
  if (behave !== undefined) to.behave = behave
  const { env } = mortalEnv(world, { http: to.http })
  const { db, close } = await runDb(env, { exemplarsMax: 1000 })
  const writer = new RemoteWriter({
    env,
    log: db.logReader,
    dir: '/data/remote-write',
    backlog: { bytesMax: 0, ageMsMax: 0 },
    flushDeadlineMs: 60_000,
    isSinceStart: true,
    metadata: () => metadata,
  })
  await writer.apply([writeConfig(changes)])
  const end = new AbortController()
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  const running = writer.run(end.signal, resolve)
  await ready
  return {
    world,
    to,
    writer,
    /** Appends what `fill` does, and lets time pass. */
    async write(fill: (appender: Appender, now: number) => void, advanceMs = 6000): Promise<void> {
      const appender = db.appender()
      fill(appender, world.clock.now())
      await appender.commit()
      await world.clock.advance(advanceMs)
    },
    async metric(name: string): Promise<number> {
      const found = await env.metrics.getSingleMetric(name)?.get()
      return found?.values.reduce((sum, { value }) => sum + value, 0) ?? Number.NaN
    },
    async reasons(): Promise<Record<string, number>> {
      const found = await env.metrics.getSingleMetric('prometheus_remote_storage_samples_dropped_total')?.get()
      return Object.fromEntries((found?.values ?? []).filter(({ value }) => value > 0).map(({ labels, value }) => [labels.reason, value]))
    },
    async stop(): Promise<void> {
      end.abort()
      let isOver = false
      void running.finally(() => {
        isOver = true
      })
      while (!isOver) await world.clock.advance(20)
      await running
      await close()
    },
  }
}

const series = (appender: Appender, text: string) => {
  const [name, ...pairs] = text.split(' ')
  return appender.series(Labels.of([['__name__', name], ...pairs.map((pair) => pair.split('=') as [string, string])]))
}
const one = (appender: Appender, now: number) => void appender.append(series(appender, 'm'), now, 1)

test('the headers are those of the version, and name who sends', async () => {
  for (const version of [1, 2] as const) {
    const { to, write, stop } = await sending({ version, headers: { 'x-scope-orgid': 'team' } })
    await write(one)
    const [{ headers, url }] = to.requests
    assert.equal(url, 'http://far/api/v1/write')
    assert.equal(headers['content-encoding'], 'snappy')
    assert.equal(
      headers['content-type'],
      version === 1 ? 'application/x-protobuf' : 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    )
    assert.equal(headers['x-prometheus-remote-write-version'], version === 1 ? '0.1.0' : '2.0.0')
    assert.match(headers['user-agent'], /^Promontory/)
    assert.equal(headers['x-scope-orgid'], 'team')
    assert.equal(headers['retry-attempt'], undefined)
    await stop()
  }
})

test('values arrive as they are: all kinds of floats, and markers of staleness', async () => {
  for (const version of [1, 2] as const) {
    const { to, write, stop } = await sending({ version })
    const values = [0, -0, 1, -1.5, 5e-324, 1.7976931348623157e308, Infinity, -Infinity, Number.NaN, 2 ** 53, 0.1]
    await write((appender, now) => {
      for (const [i, v] of values.entries()) appender.append(series(appender, `v i=${i}`), now, v)
      appender.append(series(appender, 'gone'), now, 1)
      appender.append(series(appender, 'gone'), now + 1, STALE_MARKER)
    })
    const now = to.store.times('v{i="0"}')[0]
    for (const [i, v] of values.entries()) assert.equal(to.store.text(`v{i="${i}"}`), `${now}=${v}`, `1 of version ${version}`)
    assert.equal(to.store.text('gone'), `${now}=1 ${now + 1}=stale`)
    await stop()
  }
})

test('native histograms of all kinds, and the end of their series', async () => {
  for (const version of [1, 2] as const) {
    const { to, write, stop } = await sending({ version })
    const exponential = histogram({ schema: 2, spans: [-3, 2, 5, 1], buckets: [3, 0, 7], sum: 12.5, zeroThreshold: 0.01 })
    const float = histogram({ isFloat: true, schema: 0, spans: [0, 2], buckets: [1.5, 2.25], sum: -4 })
    const custom = histogram({ schema: -53, spans: [0, 3], buckets: [1, 2, 3], customValues: [0.5, 1, 2.5], sum: 9 })
    await write((appender, now) => {
      appender.appendHistogram(series(appender, 'h'), now, exponential)
      appender.appendHistogram(series(appender, 'f'), now, float)
      appender.appendHistogram(series(appender, 'c'), now, custom)
      appender.append(series(appender, 'h'), now + 5, STALE_MARKER)
    })
    for (const [name, want] of Object.entries({ h: exponential, f: float, c: custom })) {
      const found = to.store.histograms(name)[0]!
      assert.deepEqual({ ...found, counterResetHint: 0 }, { ...want, counterResetHint: 0 }, name)
    }
    assert.match(to.store.text('h'), /=12\.5 \d+=stale$/)
    await stop()
  }
})

test('exemplars go with the samples of their series', async () => {
  for (const version of [1, 2] as const) {
    const { to, write, stop } = await sending({ version })
    const labels = Labels.of({ trace_id: 'ab c"d', span: '' })
    await write((appender, now) => {
      const ref = series(appender, 'm')
      appender.append(ref, now, 1)
      appender.appendExemplar(ref, { labels, value: 0.25, timestamp: now - 3, hasTimestamp: true })
    })
    const [found] = to.store.exemplars('m')
    assert.equal(found.value, 0.25)
    assert.equal(found.labels.get('trace_id'), 'ab c"d')
    assert.equal(found.timestamp, to.store.times('m')[0] - 3)
    await stop()
  }
  // A text of 2.0 stands once, whoever has it.
  const shared = await sending({ version: 2 })
  await shared.write((appender, now) => {
    const ref = series(appender, 'm trace_id=t')
    appender.append(ref, now, 1)
    appender.appendExemplar(ref, { labels: Labels.of({ trace_id: 'm', x: 'n' }), value: 1, timestamp: now, hasTimestamp: true })
    appender.append(series(appender, 'n x=y'), now, 1)
  })
  assert.deepEqual(sentV2(Buffer.from(shared.to.requests[0].message)).symbols.toSorted(), [
    '',
    '__name__',
    'm',
    'n',
    't',
    'trace_id',
    'x',
    'y',
  ])
  assert.deepEqual(shared.to.store.exemplars('m{trace_id="t"}')[0].labels.toString(), '{trace_id="m", x="n"}')
  await shared.stop()
  const without = await sending({ sendExemplars: false, sendNativeHistograms: false })
  await without.write((appender, now) => {
    const ref = series(appender, 'm')
    appender.append(ref, now, 1)
    appender.appendExemplar(ref, { labels: Labels.of({ a: 'b' }), value: 1, timestamp: now, hasTimestamp: true })
    appender.appendHistogram(series(appender, 'h'), now, histogram({ schema: 0, spans: [0, 1], buckets: [1], sum: 1 }))
  })
  assert.deepEqual(without.to.store.names(), ['m'])
  assert.deepEqual(without.to.store.exemplars('m'), [])
  await without.stop()
})

test('2.0 has metadata and start times with the series, 1.0 has metadata in requests of its own', async () => {
  const said = { type: 'counter', unit: 'bytes', help: 'How many.' } as const
  const two = await sending({ version: 2 })
  await two.write((appender, now) => {
    const ref = series(appender, 'm_total')
    appender.append(ref, now, 1, now - 5000)
    appender.setMetadata(ref, said)
    appender.appendHistogram(series(appender, 'h'), now, histogram({ schema: 0, spans: [0, 1], buckets: [1], sum: 1 }), now - 70)
  })
  const now = two.to.store.times('m_total')[0]
  assert.deepEqual(two.to.store.startTimes('m_total'), [now - 5000])
  assert.deepEqual(two.to.store.startTimes('h'), [now - 70])
  assert.deepEqual(two.to.store.metadata('m_total'), said)
  await two.stop()

  const first = await sending(
    { version: 1 },
    {
      metadata: [
        { name: 'm_total', ...said },
        { name: 'n', type: 'gauge', unit: '', help: '' },
      ],
    },
  )
  await first.write(one, 61_000)
  await first.write((appender, now) => void appender.append(series(appender, 'm_total'), now, 2))
  assert.deepEqual(first.to.store.metadata('m_total'), said)
  assert.equal(await first.metric('prometheus_remote_storage_metadata_total'), 2)
  assert.ok((await first.metric('prometheus_remote_storage_metadata_bytes_total')) > 0)
  await first.stop()
})

test('labels have the external ones where they have none of the name, and are relabeled after that', async () => {
  const steps = [
    relabelConfig({ sourceLabels: ['__name__'], regex: 'drop_.*', action: 'drop' }),
    relabelConfig({ regex: 'secret', action: 'labeldrop' }),
    relabelConfig({ sourceLabels: ['region'], targetLabel: 'r', replacement: '$1-x' }),
  ]
  const relabeling = { externalLabels: Labels.of({ region: 'eu', zone: 'z' }), steps }
  const { to, write, reasons, stop } = await sending({ relabeling })
  await write((appender, now) => {
    appender.append(series(appender, 'a secret=s'), now, 1)
    appender.append(series(appender, 'b zone=own'), now, 2)
    appender.append(series(appender, 'drop_me'), now, 3)
  })
  assert.deepEqual(to.store.names(), ['a{r="eu-x", region="eu", zone="z"}', 'b{r="eu-x", region="eu", zone="own"}'])
  assert.deepEqual(await reasons(), { dropped_series: 1 })
  await stop()
})

test('what is refused for good is not sent again, what may go through is', async () => {
  const check = async (status: number, requests: number, changes: Partial<RemoteWriteConfig> = {}) => {
    let count = 0
    const { to, write, metric, stop } = await sending(changes, {
      behave: () => (count++ < 2 ? { status, text: 'no\nreally' } : undefined),
    })
    await write(one)
    assert.equal(to.requests.length, requests, `status ${status}`)
    assert.equal(to.store.names().length, requests > 1 ? 1 : 0)
    assert.equal(await metric('prometheus_remote_storage_samples_failed_total'), requests > 1 ? 0 : 1)
    assert.equal(await metric('prometheus_remote_storage_samples_retried_total'), requests - 1)
    assert.equal(await metric('prometheus_remote_storage_samples_total'), 1)
    assert.equal(to.requests[requests - 1].headers['retry-attempt'], requests > 1 ? String(requests - 1) : undefined)
    await stop()
  }
  for (const status of [400, 401, 403, 404, 409, 413, 415, 422, 429]) await check(status, 1)
  for (const status of [500, 502, 503, 504, 599]) await check(status, 3)
  await check(429, 3, { queue: { ...writeConfig().queue, retryOnHttp429: true } })
})

test('waits between tries grow up to the most, never all alike, and are as long as the receiver asks', async () => {
  let requests = 0
  const queue = { ...writeConfig().queue, minBackoffMs: 100, maxBackoffMs: 1000 }
  const first = await sending({ queue }, { behave: () => (requests++ < 8 ? { status: 500 } : undefined) })
  await first.write(one, 20_000)
  const waits = first.to.requests.slice(1).map(({ time }, i) => time - first.to.requests[i].time)
  assert.equal(waits.length, 8)
  for (const [i, wait] of waits.entries()) {
    const full = Math.min(1000, 100 * 2 ** i)
    assert.ok(wait >= 0.75 * full && wait <= 1.25 * full + 20, `wait ${i} is ${wait}`)
  }
  assert.notEqual(Math.round(waits[6]), Math.round(waits[7]))
  await first.stop()

  for (const after of ['17', (now: number) => new Date(now + 17_000).toUTCString()]) {
    let count = 0
    const asked = await sending(
      {},
      {
        behave: ({ time }) =>
          count++ === 0 ? { status: 503, headers: { 'retry-after': typeof after === 'string' ? after : after(time) } } : undefined,
      },
    )
    await asked.write(one, 30_000)
    const wait = asked.to.requests[1].time - asked.to.requests[0].time
    assert.ok(wait >= 16_000 && wait <= 18_000, `waited ${wait}`)
    await asked.stop()
  }
})

test('a receiver that does not take 2.0 gets 1.0 from then on, one that says it does is never asked to', async () => {
  const fallen = await sending(
    { version: 2 },
    { behave: ({ headers }) => (headers['x-prometheus-remote-write-version'] === '2.0.0' ? { status: 415, text: 'no 2.0' } : undefined) },
  )
  await fallen.write(one)
  await fallen.write(one)
  assert.deepEqual(
    fallen.to.requests.map(({ headers }) => headers['x-prometheus-remote-write-version']),
    ['2.0.0', '0.1.0', '0.1.0'],
  )
  assert.equal(fallen.to.store.times('m').length, 2)
  assert.equal(await fallen.metric('promontory_remote_write_fell_back'), 1)
  assert.equal(await fallen.metric('prometheus_remote_storage_samples_failed_total'), 0)
  await fallen.stop()

  // An answer that does not say what was written is one that wrote nothing, and is no reason to send it again.
  const silent = await sending({ version: 2 }, { behave: () => ({ status: 204 }) })
  await silent.write(one)
  await silent.write(one)
  assert.equal(silent.to.requests.length, 2)
  assert.ok(silent.to.requests.every(({ headers }) => headers['x-prometheus-remote-write-version'] === '2.0.0'))
  assert.equal(await silent.metric('prometheus_remote_storage_samples_failed_total'), 2)
  await silent.stop()

  const partial = await sending(
    { version: 2 },
    {
      behave: () => ({
        status: 400,
        headers: {
          'x-prometheus-remote-write-samples-written': '2',
          'x-prometheus-remote-write-histograms-written': '0',
          'x-prometheus-remote-write-exemplars-written': '0',
        },
      }),
    },
  )
  await partial.write((appender, now) => {
    for (let i = 0; i < 5; i++) appender.append(series(appender, `m i=${i}`), now, 1)
  })
  assert.equal(partial.to.requests.length, 1)
  assert.equal(await partial.metric('prometheus_remote_storage_samples_failed_total'), 3)
  await partial.stop()
})

test('a request that takes too long is ended and sent again', async () => {
  let count = 0
  const { to, write, stop } = await sending({ remoteTimeoutMs: 2000 }, { behave: () => (count++ === 0 ? 'deaf' : undefined) })
  await write(one, 12_000)
  assert.equal(to.requests.length, 2)
  assert.equal(to.store.times('m').length, 1)
  await stop()
})

test('a batch is sent when it is full, or when its first sample has waited long enough', async () => {
  const queue = { ...writeConfig().queue, maxSamplesPerSend: 4, batchSendDeadlineMs: 3000 }
  const { world, to, write, stop } = await sending({ queue })
  await write((appender, now) => {
    for (let i = 0; i < 10; i++) appender.append(series(appender, `m i=${i}`), now, i)
  }, 1000)
  assert.equal(to.requests.length, 2)
  assert.equal(to.store.names().length, 8)
  await world.clock.advance(2500)
  assert.equal(to.requests.length, 3)
  assert.equal(to.store.names().length, 10)
  await stop()
})

test('samples that are older than the limit are dropped, also after they have waited', async () => {
  let isAway = true
  const queue = { ...writeConfig().queue, sampleAgeLimitMs: 60_000, batchSendDeadlineMs: 1000 }
  const { to, write, reasons, stop } = await sending({ queue }, { behave: () => (isAway ? 'refused' : undefined) })
  await write((appender, now) => {
    appender.append(series(appender, 'old'), now - 61_000, 1)
    appender.append(series(appender, 'm'), now, 1)
  }, 50_000)
  await write((appender, now) => void appender.append(series(appender, 'm'), now, 2), 20_000)
  isAway = false
  await write((appender, now) => void appender.append(series(appender, 'm'), now, 3), 10_000)
  assert.match(to.store.text('m'), /^\d+=2 \d+=3$/)
  assert.deepEqual(await reasons(), { too_old: 2 })
  await stop()
})

test('a reload adds, changes and removes destinations without a loss', async () => {
  const { world, to, writer, write, stop } = await sending()
  let n = 0
  const next = () => write((appender, now) => void appender.append(series(appender, 'm'), now, ++n), 6000)
  const apply = async (...configs: RemoteWriteConfig[]) => {
    const applied = writer.apply(configs)
    let isOver = false
    void applied.finally(() => {
      isOver = true
    })
    while (!isOver) await world.clock.advance(20)
  }
  await next()
  await apply(writeConfig({ fingerprint: 'b', version: 2 }))
  await next()
  await apply(
    writeConfig({ fingerprint: 'b', version: 2 }),
    writeConfig({ key: 'two', name: 'two', url: 'http://two/write', fingerprint: 'c' }),
  )
  await next()
  await apply()
  await next()
  await apply(writeConfig())
  await world.clock.advance(10_000)
  const versions = to.requests.map(({ url, headers }) => `${new URL(url).hostname} ${headers['x-prometheus-remote-write-version']}`)
  assert.deepEqual(new Set(versions), new Set(['far 0.1.0', 'far 2.0.0', 'two 0.1.0']))
  assert.equal(to.store.text('m').replaceAll(/\d+=/g, ''), '1 2 3 4')
  await stop()
})

test('metrics tell what waits, what was sent, and up to when', async () => {
  let isAway = true
  const { to, world, write, metric, stop } = await sending({}, { behave: () => (isAway ? 'refused' : undefined) })
  await write((appender, now) => {
    for (let i = 0; i < 3; i++) appender.append(series(appender, `m i=${i}`), now, 1)
  }, 20_000)
  const newest = (world.clock.now() - 20_000) / 1000
  assert.equal(await metric('prometheus_remote_storage_samples_pending'), 3)
  assert.equal(await metric('prometheus_remote_storage_highest_timestamp_in_seconds'), newest)
  assert.ok((await metric('promontory_remote_write_backlog_bytes')) > 0)
  assert.equal(await metric('prometheus_remote_storage_shards'), 1)
  assert.equal(await metric('prometheus_remote_storage_shards_max'), 50)
  isAway = false
  await world.clock.advance(20_000)
  assert.equal(to.store.names().length, 3)
  assert.equal(await metric('prometheus_remote_storage_samples_pending'), 0)
  assert.equal(await metric('prometheus_remote_storage_queue_highest_sent_timestamp_seconds'), newest)
  assert.equal(await metric('promontory_remote_write_backlog_bytes'), 0)
  assert.equal(await metric('prometheus_remote_storage_samples_total'), 3)
  assert.ok((await metric('prometheus_remote_storage_bytes_total')) > 0)
  await stop()
})
