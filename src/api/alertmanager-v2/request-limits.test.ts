// Statuses and texts are what Alertmanager 0.33 answers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock, HttpListener } from '../../base/env.ts'
import { realEnv } from '../../base/env-real.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { errorAnswer, textAnswer } from '../../base/http-answer.ts'
import { Routes } from '../../base/http-routes.ts'
import { httpService } from '../../base/http-server.ts'
import { AlertmanagerHttpMetrics } from './http-metrics.ts'
import { RequestLimits } from './request-limits.ts'

/** A server whose `/held` answers when it is let go, and whose `/busy` takes 3 s in one piece, by a clock of the test. */
async function serve(options: { getsMax: number; timeoutMs: number; processorCount?: number }) {
  const { clock, metrics, log } = virtualEnv()
  const env = realEnv(log)
  let busyMs = 0
  const limitClock: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic() + busyMs,
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
    setTicker: (intervalMs, callback) => clock.setTicker(intervalMs, callback),
  }
  const limits = new RequestLimits({ env: { clock: limitClock, metrics }, processorCount: 1, ...options })
  const held: (() => void)[] = []
  const arrivals: (() => void)[] = []
  const listening = Promise.withResolvers<readonly HttpListener[]>()
  const stop = new AbortController()
  const handle = async () => {
    const go = Promise.withResolvers<void>()
    held.push(go.resolve)
    for (const tell of arrivals.splice(0)) tell()
    await go.promise
    return textAnswer(200, 'held')
  }
  const running = httpService({
    env,
    role: 'test',
    flag: 'test',
    addresses: [{ host: '127.0.0.1', port: 0 }],
    graceMs: 1000,
    wrap: (open) => limits.wrap(open),
    register(app) {
      const routes = new Routes(app, {
        env,
        metrics: new AlertmanagerHttpMetrics(metrics),
        prefix: '',
        late: (response) => limits.late(response),
        onError: () => errorAnswer(500, ''),
      })
      routes.add('/held', { GET: handle, POST: handle })
      routes.add('/busy', {
        GET: async () => {
          busyMs += 3000
          return textAnswer(200, 'busy')
        },
      })
    },
    onListening: listening.resolve,
  }).run(stop.signal, () => {})
  const [{ port }] = await listening.promise
  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method })
    return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') }
  }
  /** Asks, and resolves when the question is being answered. */
  const begin = async (path: string, method = 'GET') => {
    const arrived = new Promise<void>((resolve) => arrivals.push(resolve))
    const answer = ask(path, method)
    await arrived
    return { answer }
  }
  const close = async () => {
    for (const go of held) go()
    stop.abort()
    await running
  }
  return { ask, begin, held, clock, metrics, close }
}

test('GET requests beyond the limit are refused, others are not', async () => {
  const server = await serve({ getsMax: 2, timeoutMs: 0 })
  const first = await server.begin('/held')
  const second = await server.begin('/held')
  assert.match(await server.metrics.metrics(), /^alertmanager_http_requests_in_flight\{method="get"\} 2$/m)
  assert.deepEqual(await server.ask('/held'), {
    status: 503,
    text: 'Limit of concurrent GET requests reached (2), try again later.\n\n',
    type: 'text/plain; charset=utf-8',
  })
  assert.equal((await server.ask('/nowhere')).status, 503)
  const post = await server.begin('/held', 'POST')
  server.held[0]!()
  assert.equal((await first.answer).text, 'held')
  // Its place is free when its connection is done with it, which may be after the answer is here.
  while (/in_flight\{method="get"\} 2/.test(await server.metrics.metrics())) await new Promise(setImmediate)
  assert.equal((await server.ask('/nowhere')).status, 404)
  server.held[1]!()
  server.held[2]!()
  assert.deepEqual([(await second.answer).status, (await post.answer).status], [200, 200])
  assert.match(await server.metrics.metrics(), /^alertmanager_http_concurrency_limit_exceeded_total\{method="get"\} 2$/m)
  await server.close()
})

test('without a limit there are as many places as processors, at least eight', () => {
  const answers = (processorCount: number) => {
    const limits = new RequestLimits({ env: virtualEnv(), getsMax: 0, processorCount, timeoutMs: 0 })
    let served = 0
    const serve = limits.wrap(() => void served++)
    const response = { once: () => {}, setHeader: () => {}, end: () => {} }
    type Handler = Parameters<typeof serve>
    for (let i = 0; i < 20; i++) serve({ method: 'GET' } as Handler[0], response as unknown as Handler[1])
    return served
  }
  assert.deepEqual([answers(2), answers(16)], [8, 16])
})

test('a request that takes too long is answered, whatever it does then', async () => {
  const server = await serve({ getsMax: 0, timeoutMs: 1500 })
  const late = { status: 503, text: 'Exceeded configured timeout of 1.5s.\n', type: 'text/plain; charset=utf-8' }
  for (const method of ['GET', 'POST']) {
    const { answer } = await server.begin('/held', method)
    await server.clock.advance(1499)
    await server.clock.advance(1)
    assert.deepEqual(await answer, late)
    server.held.at(-1)!()
  }
  // What is made in one piece keeps the timer from its turn.
  assert.deepEqual(await server.ask('/busy'), late)
  assert.equal((await server.ask('/nowhere')).status, 404)
  assert.match(await server.metrics.metrics(), /duration_seconds_count\{handler="\/busy",method="get",code="503"\} 1/)
  await server.close()
})
