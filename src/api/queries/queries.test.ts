import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps, NOW } from '../../../test/support/api-deps.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import type { FinishedQuery, QueryDescription, RunningQuery } from '../../promql/query-desk.ts'
import { ActiveQueries } from './active-queries.ts'
import { QueryHistory } from './query-history.ts'
import { QueryLogFile } from './query-log-file.ts'

const CLIENT = { address: '10.0.0.7', userAgent: 'curl/8', method: 'GET', path: '/api/v1/query_range' }

function described(changes: Partial<QueryDescription> = {}): QueryDescription {
  return { kind: 'query', query: 'up < 2', start: 1_000_000, end: 1_100_500, stepMs: 7000, client: CLIENT, ...changes }
}

function finished(id: number, changes: Partial<FinishedQuery> = {}): FinishedQuery {
  const timings = { evalTotalTime: 0.002, execQueueTime: 0.001, execTotalTime: 0.003 }
  const stats = { samplesTotal: 9, samplesRead: 8, samplesPeak: 7, timings }
  return {
    ...described(),
    id,
    startTime: NOW,
    durationMs: id * 10,
    queueMs: 1,
    outcome: 'success',
    error: '',
    cost: { stats, bytesPeak: 4096 },
    ...changes,
  }
}

function running(id: number, changes: Partial<RunningQuery> = {}): RunningQuery {
  return { ...described(), id, startTime: NOW, turnTime: NOW, cancel: () => {}, ...changes }
}

test('queries are logged as upstream does it, and the file is changed by a reload', async () => {
  const env = virtualEnv({ startTime: NOW })
  await env.fs.mkdir('/log')
  const log = new QueryLogFile(env)
  log.ended(finished(1))
  await log.setPath('/log/a.json')
  log.ended(finished(2))
  log.ended(finished(3, { kind: 'series' }))
  log.ended(
    finished(4, { outcome: 'timeout', error: 'query timed out in expression evaluation', cost: undefined, stepMs: 0, client: undefined }),
  )
  await env.clock.advance(1)
  const lines = (await env.fs.readText('/log/a.json'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  assert.deepEqual(lines, [
    {
      time: '2026-01-01T00:00:00Z',
      level: 'INFO',
      source: 'query-log-file.ts',
      msg: 'promql query logged',
      params: { end: '1970-01-01T00:18:20.500Z', query: 'up < 2', start: '1970-01-01T00:16:40.000Z', step: 7 },
      stats: {
        timings: {
          evalTotalTime: 0.002,
          resultSortTime: 0,
          queryPreparationTime: 0,
          innerEvalTime: 0,
          execQueueTime: 0.001,
          execTotalTime: 0.003,
        },
        samples: { totalQueryableSamples: 9, samplesRead: 8, peakSamples: 7 },
      },
      spanID: '0000000000000000',
      httpRequest: { clientIP: '10.0.0.7', method: 'GET', path: '/api/v1/query_range' },
    },
    {
      time: '2026-01-01T00:00:00Z',
      level: 'INFO',
      source: 'query-log-file.ts',
      msg: 'promql query logged',
      params: { end: '1970-01-01T00:18:20.500Z', query: 'up < 2', start: '1970-01-01T00:16:40.000Z', step: 0 },
      error: 'query timed out in expression evaluation',
      stats: {
        timings: {
          evalTotalTime: 0,
          resultSortTime: 0,
          queryPreparationTime: 0,
          innerEvalTime: 0,
          execQueueTime: 0.001,
          execTotalTime: 0.04,
        },
        samples: { totalQueryableSamples: 0, samplesRead: 0, peakSamples: 0 },
      },
      spanID: '0000000000000000',
    },
  ])

  // A file that was moved away is made again by a reload.
  await env.fs.rename('/log/a.json', '/log/old.json')
  await log.setPath('/log/a.json')
  log.ended(finished(5))
  await env.clock.advance(1)
  assert.equal((await env.fs.readText('/log/a.json')).trimEnd().split('\n').length, 1)
  assert.match(await env.metrics.metrics(), /prometheus_engine_query_log_enabled 1\n/)
  await log.setPath('')
  log.ended(finished(6))
  await env.clock.advance(1)
  assert.equal((await env.fs.readText('/log/a.json')).trimEnd().split('\n').length, 1)
  assert.match(await env.metrics.metrics(), /prometheus_engine_query_log_enabled 0\n/)

  // A query may be about times that have no date.
  await log.setPath('/log/far.json')
  log.ended(finished(8, { start: -9_223_309_901_257_974, end: 9e15 }))
  await env.clock.advance(1)
  assert.match(await env.fs.readText('/log/far.json'), /"end":"\+275760-09-13T00:00:00.000Z","query":"up < 2","start":"-271821-04-20T/)

  // What cannot be written is counted, and no query waits for it.
  await log.setPath('/gone/a.json')
  log.ended(finished(7))
  await env.clock.advance(1)
  assert.match(await env.metrics.metrics(), /prometheus_engine_query_log_failures_total [1-9]/)
  await log.close()
})

test('queries that run are in the file of active ones, and told after a crash', async () => {
  const env = virtualEnv({ startTime: NOW })
  await env.fs.mkdir('/data')
  const active = await ActiveQueries.open(env, '/data/queries.active', 3)
  const bytes = () => env.fs.readFile('/data/queries.active')
  assert.equal((await bytes()).length, 3001)
  assert.equal((await bytes())[0], 0x5b)
  active.begun(running(1))
  active.begun(running(2, { query: `"${'é'.repeat(2000)}"` }))
  active.begun(running(3, { kind: 'series' }))
  active.begun(running(4))
  active.begun(running(5))
  active.ended(finished(4))
  await env.clock.advance(30)
  const text = Buffer.from(await bytes())
  assert.equal(text.subarray(1, 1001).toString().replaceAll('\0', ''), `{"query":"up < 2","timestamp_sec":${NOW / 1000}},`)
  const second = JSON.parse(text.subarray(1001, 2001).toString().replaceAll('\0', '').replace(/,$/, '')) as { query: string }
  assert.match(second.query, /^"é{300,500}$/)
  assert.ok(text.subarray(2001).every((byte) => byte === 0))
  active.ended(finished(1))
  await env.clock.advance(30)
  assert.ok((await bytes()).subarray(1, 1001).every((byte) => byte === 0))

  // The process ends here.
  const next = virtualEnv({ startTime: NOW })
  await next.fs.mkdir('/data')
  await next.fs.writeFile('/data/queries.active', await bytes())
  const after = await ActiveQueries.open(next, '/data/queries.active', 1)
  const [{ message, fields }] = next.lines
  assert.equal(message, "these queries didn't finish in the last run")
  assert.match(String(fields['queries']), /^\[\{"query":"\\"é+","timestamp_sec":\d+\}\]$/)
  assert.equal((await next.fs.readFile('/data/queries.active')).length, 1001)
  await after.close()
  const again = virtualEnv()
  await again.fs.mkdir('/data')
  await again.fs.writeFile('/data/queries.active', await next.fs.readFile('/data/queries.active'))
  await (await ActiveQueries.open(again, '/data/queries.active', 1)).close()
  assert.deepEqual(again.lines, [])
})

test('a server starts without the file of active queries', async () => {
  const env = virtualEnv({ startTime: NOW })
  const active = await ActiveQueries.open(env, '/gone/queries.active', 3)
  assert.deepEqual(
    env.lines.map(({ level, message }) => [level, message]),
    [['warn', 'active queries are not written']],
  )
  active.begun(running(1))
  await env.clock.advance(30)
  active.ended(finished(1))
  await active.close()
  assert.equal(env.lines.length, 1)
})

test('no query stays in the file of active ones, whenever it ends', async () => {
  for (let turns = 0; turns < 40; turns++) {
    const env = virtualEnv()
    await env.fs.mkdir('/data')
    const active = await ActiveQueries.open(env, '/data/queries.active', 2)
    active.begun(running(1))
    active.begun(running(2))
    await env.clock.advance(30)
    active.ended(finished(1))
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    active.ended(finished(2))
    await env.clock.advance(30)
    assert.ok(
      (await env.fs.readFile('/data/queries.active')).subarray(1).every((byte) => byte === 0),
      `after ${turns} turns`,
    )
    await active.close()
  }
})

test('the last queries are remembered, the newest first, without what is large in them', () => {
  const history = new QueryHistory()
  for (let id = 1; id <= 1500; id++) history.ended(finished(id))
  const client = { ...CLIENT, userAgent: 'y'.repeat(10_000), path: '/z'.repeat(5000) }
  history.ended(finished(1501, { query: 'x'.repeat(10_000), error: 'e'.repeat(10_000), client }))
  const { all } = history
  assert.equal(all.length, 1000)
  assert.deepEqual([all[0].id, all[1].id, all[999].id], [1501, 1500, 502])
  assert.deepEqual([all[0].query.length, all[0].error.length], [2001, 2001])
  assert.deepEqual([all[0].client?.userAgent.length, all[0].client?.path.length], [301, 301])
  assert.equal(all[1].query, 'up < 2')
})

test('what runs and what ran is told over HTTP, and a query can be ended', async () => {
  let cancelled = ''
  const queries = {
    running: () => [
      running(8, { startTime: NOW - 1500, cancel: (reason) => (cancelled = reason) }),
      running(9, { turnTime: undefined, client: undefined, stepMs: 0 }),
    ],
    finished: () => [finished(2), finished(7, { outcome: 'execution' as const, error: 'too much', cost: undefined }), finished(1)],
  }
  const call = apiClient(apiDeps({ queries }))
  const data = async (url: string) =>
    (JSON.parse((await call(url)).body) as { data: { running: unknown[]; finished: { id: number }[] } }).data
  const { running: runs, finished: ran } = await data('/api/v1/status/queries?limit=2')
  const asked = { kind: 'query', query: 'up < 2', start: 1000, end: 1100.5 }
  assert.deepEqual(runs, [
    { id: 8, ...asked, step: 7, client: CLIENT, startTime: '2025-12-31T23:59:58.5Z', durationSeconds: 1.5, state: 'running' },
    { id: 9, ...asked, step: 0, startTime: '2026-01-01T00:00:00Z', durationSeconds: 0, state: 'waiting' },
  ])
  const cost = { queueSeconds: 0.001, samples: 9, peakSamples: 7, peakBytes: 4096 }
  const ranAs = { ...asked, step: 7, client: CLIENT, startTime: '2026-01-01T00:00:00Z' }
  assert.deepEqual(ran, [
    { id: 2, ...ranAs, durationSeconds: 0.02, outcome: 'success', ...cost },
    {
      id: 7,
      ...ranAs,
      durationSeconds: 0.07,
      outcome: 'execution',
      error: 'too much',
      queueSeconds: 0.001,
      samples: 0,
      peakSamples: 0,
      peakBytes: 0,
    },
  ])
  assert.deepEqual(
    (await data('/api/v1/status/queries?sort=slowest')).finished.map(({ id }) => id),
    [7, 2, 1],
  )
  assert.equal((await call('/api/v1/status/queries?sort=x')).status, 400)
  assert.equal((await call({ method: 'DELETE', url: '/api/v1/status/queries/8' })).status, 500)
  assert.equal(cancelled, '')

  const admin = {} as NonNullable<ReturnType<typeof apiDeps>['admin']>
  const managed = apiClient(apiDeps({ queries, admin }))
  assert.equal((await managed({ method: 'DELETE', url: '/api/v1/status/queries/77' })).status, 404)
  assert.equal((await managed({ method: 'DELETE', url: '/api/v1/status/queries/8' })).status, 200)
  assert.equal(cancelled, 'by request of a client')
})
