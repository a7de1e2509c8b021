import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { NO_STATS, StatsReader } from './instance-stats.ts'

const SERVER = { name: 'a', role: 'server', address: { host: '127.0.0.1', port: 9090 }, args: [], dataDir: undefined, files: [] }

test('samples a second: over the last ten seconds, and anew after a restart', async () => {
  const env = virtualEnv()
  const reader = new StatsReader(env, SERVER)
  let samples = 0
  await env.http.listen({ host: '127.0.0.1', port: 9090 }, (_, response) =>
    response.end(
      `prometheus_tsdb_head_samples_appended_total{type="float"} ${samples}\nprometheus_tsdb_head_samples_appended_total{type="histogram"} 1\n`,
    ),
  )
  const rateAfter = async (ms: number, now: number) => {
    await env.clock.advance(ms)
    samples = now
    const reading = reader.read(1)
    await env.clock.advance(0)
    return (await reading).samplesPerSecond
  }
  assert.equal(await rateAfter(0, 1000), undefined)
  assert.equal(await rateAfter(1000, 1000), 0)
  assert.equal(await rateAfter(1000, 2000), 500)
  assert.equal(await rateAfter(8000, 11_000), 1000)
  assert.equal(await rateAfter(1000, 11_100), 1010, 'the first count is too old by now')
  assert.equal(await rateAfter(1000, 10), undefined)
  assert.equal(await rateAfter(2000, 30), 10)
})

test('what cannot be read is not known', async () => {
  const env = virtualEnv()
  const check = async (reader: StatsReader, pid: number) => {
    const reading = reader.read(pid)
    await env.clock.advance(5_000)
    assert.deepEqual(await reading, NO_STATS)
  }
  await check(new StatsReader(env, SERVER), 0)
  await check(new StatsReader(env, SERVER), 7)
  await env.http.listen({ host: '127.0.0.1', port: 9090 }, (_, response) => response.writeHead(503).end('starting'))
  await check(new StatsReader(env, SERVER), 7)
  await check(new StatsReader(env, { ...SERVER, role: 'exporter' }), 7)
})
