import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { apiClient, apiDeps } from '../../test/support/api-deps.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { PushGateway } from './push-service.ts'

const FILE = '/data/pushgateway.json'

async function setUp() {
  const env = virtualEnv()
  await env.fs.mkdir('/data')
  const gateway = await PushGateway.open({ env, file: FILE, persistenceIntervalMs: 5000, prefix: '', allowsWipe: true })
  const controller = new AbortController()
  const done = gateway.run(controller.signal, () => {})
  const ask = apiClient(apiDeps({ addPushRoutes: (routes) => gateway.addRoutes(routes) }))
  const push = async (job: string) => (await ask({ method: 'PUT', url: `/metrics/job/${job}`, payload: 'x 1\n' })).status
  const stop = async () => {
    controller.abort()
    await done
  }
  const kept = async () => ((await env.fs.stat(FILE)) === null ? '' : await env.fs.readText(FILE))
  return { env, ask, push, stop, kept, signal: controller.signal }
}

test('what was pushed is in its file after the interval, and at an orderly end', async () => {
  const { env, push, stop, kept, ask } = await setUp()
  assert.equal(await push('one'), 200)
  assert.equal(await kept(), '')
  await env.clock.advance(5001)
  assert.match(await kept(), /"job":"one"/)
  assert.equal(await push('two'), 200)
  assert.doesNotMatch(await kept(), /"job":"two"/)
  await stop()
  assert.match(await kept(), /"job":"two"/)
  assert.match((await ask('/pushgateway/metrics')).body, /^x\{instance="",job="one"\} 1\nx\{instance="",job="two"\} 1$/m)
  assert.doesNotMatch((await ask('/metrics')).body, /job="one"/)
})

test('however often it has saved, one listener waits for the end', async () => {
  const { env, push, stop, signal } = await setUp()
  for (let i = 0; i < 5; i++) {
    await push(`job-${i}`)
    await env.clock.advance(5001)
  }
  assert.equal(getEventListeners(signal, 'abort').length, 1)
  await stop()
})

test('what is pushed while the file is written for the last time is in it', async () => {
  const { env, push, stop, kept } = await setUp()
  const { rename } = env.fs
  let ended: Promise<void> | undefined
  env.fs.rename = async (...parameters) => {
    if (ended === undefined) {
      ended = stop()
      await push('two')
    }
    return rename.apply(env.fs, parameters)
  }
  await push('one')
  await env.clock.advance(5001)
  await ended
  assert.match(await kept(), /"job":"two"/)
})

test('bodies that are none, encodings that are not known and paths that are not clean', async () => {
  const { ask, stop } = await setUp()
  const put = async (url: string, payload: string, headers: Record<string, string> = {}) => {
    const { status, body, headers: answered } = await ask({ method: 'PUT', url, payload, headers })
    return `${status} ${answered['location'] ?? body.trim()}`.trim()
  }
  assert.equal(await put('/metrics/job/a', 'x 1'), '400 text format parsing error in line 1: unexpected end of input stream')
  assert.equal(
    await put('/metrics/job/a', 'x 1\n', { 'content-encoding': 'snappy' }),
    '400 found content encoding "snappy", want gzip or none',
  )
  assert.match(await put('/metrics/job/a', 'x 1\n', { 'content-encoding': 'gzip' }), /^400 gzip: /)
  assert.equal(await put('/metrics/job//a?b=c', 'x 1\n'), '301 /metrics/job/a?b=c')
  assert.equal(await put('/metrics/job/a/b', 'x 1\n'), '400 odd number of components in label string "/b"')
  await stop()
})
