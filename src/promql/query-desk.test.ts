import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { type FinishedQuery, QueryDesk } from './query-desk.ts'

const ASKED = { kind: 'query', query: 'up', start: 0, end: 0, stepMs: 0, client: undefined }

test('a query whose turn never comes says so, and has waited all its time', async () => {
  const env = virtualEnv()
  const desk = new QueryDesk({ env, timeoutMs: 1000, maxConcurrency: 1 })
  const finished: FinishedQuery[] = []
  desk.observe({ ended: (query) => finished.push(query) })
  const request = () => ({ signal: new AbortController().signal, isQueued: true })
  const working = Promise.withResolvers<{ result: string; cost: { stats: undefined; bytesPeak: number } }>()
  const first = desk.run(ASKED, request(), () => working.promise)
  await env.clock.advance(100)
  const second = assert.rejects(
    desk.run(ASKED, { ...request(), timeoutMs: 500 }, () => Promise.reject(new Error('not to be begun'))),
    { code: 'timeout', message: 'query timed out in query queue' },
  )
  await env.clock.advance(500)
  await second
  working.resolve({ result: 'done', cost: { stats: undefined, bytesPeak: 0 } })
  assert.equal(await first, 'done')
  assert.deepEqual(
    finished.map(({ outcome, queueMs, durationMs }) => [outcome, queueMs, durationMs]),
    [
      ['timeout', 500, 500],
      ['success', 0, 600],
    ],
  )
})
