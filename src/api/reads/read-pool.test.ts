import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Env, ThreadEntry, Threads } from '../../base/env.ts'
import { realEnv } from '../../base/env-real.ts'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import type { Answer } from '../../base/http-answer.ts'
import { untilAborted } from '../../base/service.ts'
import { Labels } from '../../model/labels.ts'
import { instantQuestion, rangeQuestion } from '../../promql/evaluate.ts'
import { type FinishedQuery, QueryDesk } from '../../promql/query-desk.ts'
import type { QueryContext, SelectRequest } from '../../storage/series-source.ts'
import { type RunningDb, runDb } from '../../tsdb/db.fixture.ts'
import type { Db } from '../../tsdb/db.ts'
import { instantQuery } from './instant-query.ts'
import type { Read } from './read.ts'
import { ReadPool, type ReadPoolOptions } from './read-pool.ts'
import type { FromThread, ToThread } from './thread-messages.ts'

const MINUTE = 60_000
const START = 1_700_000_000_000

const entry: ThreadEntry<ToThread, FromThread> = { file: 'roles/query-worker', load: () => import('../../roles/query-worker.ts') }
/** Answers nothing: loops, or fails. */
const badEntry: ThreadEntry<ToThread, FromThread> = { file: 'api/reads/bad-thread.fixture', load: () => import('./bad-thread.fixture.ts') }

interface Place {
  readonly env: Env
  readonly running: RunningDb
  readonly desk: QueryDesk
  readonly pool: ReadPool
  readonly finished: FinishedQuery[]
  close(): Promise<void>
}

async function open(
  env: Env,
  {
    lent = (db) => db,
    ...changes
  }: Partial<ReadPoolOptions> & { readonly timeoutMs?: number; readonly dir?: string; lent?(db: Db): ReadPoolOptions['db'] } = {},
): Promise<Place> {
  const running = await runDb(env, { dir: changes.dir ?? '/data' })
  const desk = new QueryDesk({ env, timeoutMs: changes.timeoutMs, maxConcurrency: 4 })
  const finished: FinishedQuery[] = []
  desk.observe({ ended: (query) => finished.push(query) })
  const pool = new ReadPool({
    env,
    desk,
    db: lent(running.db),
    settings: () => ({}),
    samplesMax: 1_000_000,
    bytesMax: 64 * 2 ** 20,
    bytesMaxTogether: 96 * 2 ** 20,
    threadsMax: 2,
    entry,
    cacheBytes: 2 ** 20,
    cheapMs: 0,
    splitMs: Infinity,
    rehearsalRounds: 0,
    maxConcurrency: 4,
    ...changes,
  })
  const stop = new AbortController()
  const ended = pool.run(stop.signal, () => {})
  return {
    env,
    running,
    desk,
    pool,
    finished,
    async close() {
      stop.abort()
      await ended
      await running.close()
    },
  }
}

async function fill({ running }: Place, seriesCount: number, sampleCount: number): Promise<void> {
  const appender = running.db.appender()
  for (let i = 0; i < seriesCount; i++) {
    const ref = appender.series(Labels.of({ __name__: 'm', i: String(i), zone: `z${i % 3}` }))
    for (let k = 0; k < sampleCount; k++) appender.append(ref, START + k * 15_000, i + k)
  }
  await appender.commit()
}

async function textOf({ body }: Answer): Promise<string> {
  const parts: Uint8Array[] = []
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  for await (const part of body as AsyncIterable<Uint8Array>) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** Lets time pass until a promise settles. */
async function until<T>(env: VirtualEnv, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settled = () => {
    isSettled = true
  }
  promise.then(settled, settled)
  while (!isSettled) await env.clock.advance(1)
  return promise
}

function ranged(query: string, changes: Partial<Read & { kind: 'query' }> = {}): Read {
  const question = rangeQuestion(query, [START, START + 30 * MINUTE, MINUTE], {})
  return { kind: 'query', question, timeoutMs: undefined, limit: 0, stats: false, ...changes }
}

function at(query: string): Read {
  return { kind: 'query', question: instantQuestion(query, START + 20 * MINUTE, {}), timeoutMs: undefined, limit: 0, stats: false }
}

const nobody = () => ({ signal: new AbortController().signal, client: undefined })
const SCOPE = { selectors: ['m'], minTime: START, maxTime: START + MINUTE, limit: 0 }
const EXPENSIVE = 'sum by (zone) (rate(m[5m]))'

const READS: readonly Read[] = [
  at('m'),
  at('count(m)'),
  at('"text"'),
  at('sum_over_time(m[5m])'),
  at('m[2m]'),
  ranged(EXPENSIVE),
  ranged('m * on (i) group_left () m'),
  ranged('topk(2, m)', { limit: 2 }),
  { kind: 'series', ...SCOPE },
  { kind: 'series', ...SCOPE, selectors: ['m{i="1"}', 'm{zone="z1"}'], limit: 3 },
  { kind: 'labelNames', ...SCOPE, selectors: [] },
  { kind: 'labelValues', name: 'i', ...SCOPE, limit: 5 },
  { kind: 'federate', ...SCOPE, accept: undefined, externalLabels: ['region', 'eu'] },
]

test('a thread answers what this one does, byte for byte', async () => {
  const env = virtualEnv({ startTime: START })
  const threads = await open(env)
  await fill(threads, 200, 100)
  const metrics = () => env.metrics.getMetricsAsJSON()
  const here = new ReadPool({ ...poolOptions(threads), cheapMs: Infinity })
  for (const read of READS) {
    const inThread = await textOf(await until(env, threads.pool.answer(read, nobody())))
    assert.equal(inThread, await textOf(await until(env, here.answer(read, nobody()))), JSON.stringify(read))
  }
  const places = (await metrics()).find(({ name }) => name === 'promontory_reads_total')?.values.map(({ value }) => value)
  assert.deepEqual(places, [0, READS.length])
  await until(env, threads.close())

  function poolOptions({ desk, running }: Place): ReadPoolOptions {
    return {
      env: virtualEnv(),
      desk,
      db: running.db,
      settings: () => ({}),
      samplesMax: 1_000_000,
      bytesMax: 64 * 2 ** 20,
      bytesMaxTogether: 96 * 2 ** 20,
      threadsMax: 2,
      entry,
      cacheBytes: 0,
      cheapMs: 0,
      splitMs: Infinity,
      rehearsalRounds: 0,
      maxConcurrency: 4,
    }
  }
})

/** Asks before the log was read. By where it was answered, and whether that was before all of it could be read. */
async function waitingFor(cheapMs: number, blockCount: number, read = at('count(m)')): Promise<string | undefined> {
  const env = virtualEnv({ startTime: START })
  const readable = Promise.withResolvers<void>()
  const selectable = Promise.withResolvers<void>()
  let isReadable = false
  let startCount = 0
  let readers = 0
  const threads: Threads = {
    start(started) {
      startCount++
      return env.threads.start(started)
    },
  }
  const place = await open(
    { ...env, threads },
    {
      cheapMs,
      lent: (db) =>
        Object.create(db, {
          isReadable: { get: () => isReadable },
          untilReadable: { value: () => readable.promise },
          untilSelectable: { value: () => selectable.promise },
          readEarly: {
            value: () => {
              readers++
              return () => readers--
            },
          },
          estimate: { value: (request: SelectRequest) => ({ ...db.estimate(request), blockCount }) },
          missing: { value: () => [] },
          lender: { value: () => db.lender() },
          select: { value: (request: SelectRequest, ctx: QueryContext) => db.select(request, ctx) },
          labelValues: { value: (...of: Parameters<typeof db.labelValues>) => db.labelValues(...of) },
        }),
    },
  )
  await fill(place, 20, 100)
  const answered = place.pool.answer(read, nobody())
  await env.clock.advance(1000)
  assert.deepEqual([place.desk.runningCount, place.finished.length], [1, 0])
  const startedEarly = startCount
  selectable.resolve()
  await env.clock.advance(1000)
  const isEarly = place.finished.length === 1
  isReadable = true
  readable.resolve()
  assert.match(await textOf(await until(env, answered)), /"20"|"19"/)
  assert.deepEqual([startCount, readers], [startedEarly, 0])
  await place.close()
  const metrics = await env.metrics.getMetricsAsJSON()
  const reads = metrics.find(({ name }) => name === 'promontory_reads_total')?.values.find(({ value }) => value === 1)
  const where = reads?.labels.place
  assert.equal(startedEarly, where === 'thread' ? 1 : 0)
  return `${where}${isEarly ? ' early' : ''}`
}

test('a query that comes while the log is being read, and is much work, has its thread started, and is answered when all can be read', async () => {
  assert.equal(await waitingFor(0, 0), 'thread')
})

test('names and values of labels wait for all: what is selected is brought back first, and not they', async () => {
  const values: Read = { kind: 'labelValues', name: 'i', ...SCOPE, limit: 0 }
  assert.equal(await waitingFor(1, 0, values), 'inline')
})

test('what has waited for the log is answered here as soon as it was read, if it is little and in memory', async () => {
  // It is expected to take about 0.05 ms.
  assert.equal(await waitingFor(0.02, 0), 'inline early')
  assert.equal(await waitingFor(0.02, 1), 'thread')
  assert.equal(await waitingFor(0.002, 0), 'thread')
})

test('an answer says what could not be read of its time, in a thread and in this one', async () => {
  for (const cheapMs of [0, Infinity]) {
    const env = virtualEnv({ startTime: START })
    const place = await open(env, { cheapMs })
    await fill(place, 2, 100)
    place.running.db.missing = ({ maxTime }) => (maxTime >= START ? ['block x cannot be read'] : [])
    for (const read of [at('m'), ranged('m'), ...READS.filter(({ kind }) => kind !== 'query' && kind !== 'federate')]) {
      const { warnings } = JSON.parse(await textOf(await until(env, place.pool.answer(read, nobody()))))
      assert.ok(warnings?.includes('block x cannot be read'), JSON.stringify(read))
    }
    const forRule = await until(env, instantQuery(place.pool, 'sum(m)', START, new AbortController().signal))
    assert.deepEqual([forRule.value.type, forRule.missing], ['vector', ['block x cannot be read']])
    const before = ranged('m offset 1d')
    assert.equal(JSON.parse(await textOf(await until(env, place.pool.answer(before, nobody())))).warnings, undefined)
    await until(env, place.close())
  }
})

test('what is wrong with a read is said as it is said here', async () => {
  const env = virtualEnv({ startTime: START })
  const place = await open(env, { samplesMax: 1000 })
  await fill(place, 50, 100)
  const check = async (read: Read, code: string, message: RegExp) => {
    await assert.rejects(until(env, place.pool.answer(read, nobody())), { code, message })
  }
  await check(at('sum('), 'bad_data', /1:5: parse error: unclosed left parenthesis/)
  await check(ranged('m'), 'execution', /query processing would load too many samples into memory/)
  await check(at('m * on (zone) m'), 'execution', /found duplicate series for the match group/)
  await check(at('label_replace(m, "a", "b", "c", "(")'), 'execution', /invalid regular expression/)
  assert.deepEqual(
    place.finished.map(({ outcome }) => outcome),
    ['execution', 'execution', 'execution'],
  )
  assert.equal(place.running.db.stats().windowCount, 1)
  await until(env, place.close())
})

test('a query has the same limits in this thread', async () => {
  const check = async (limits: Partial<ReadPoolOptions>, read: Read, message: RegExp) => {
    const env = virtualEnv({ startTime: START })
    const place = await open(env, { cheapMs: Infinity, ...limits })
    await fill(place, 50, 100)
    await assert.rejects(until(env, place.pool.answer(read, nobody())), { code: 'execution', message })
    await until(env, place.close())
  }
  await check({ samplesMax: 49 }, at('m'), /would load too many samples into memory/)
  await check({ bytesMax: 1000 }, at('m'), /would take more than 1000 bytes/)
})

test('a read that comes while its thread ends for having nothing to do is answered by another one', async () => {
  for (const threadsMax of [1, 2]) {
    const env = virtualEnv({ startTime: START })
    let during: Promise<Answer> | undefined
    const threads: Threads = {
      start(of) {
        const thread = env.threads.start(of)
        const terminate = () => {
          thread.terminate()
          during ??= place.pool.answer(at('count(m)'), nobody())
        }
        return { ...thread, terminate }
      },
    }
    const place = await open({ ...env, threads }, { threadsMax })
    await fill(place, 10, 100)
    await until(env, place.pool.answer(at('m'), nobody()))
    while (during === undefined) await env.clock.advance(10_000)
    assert.match(await textOf(await until(env, during)), /"result":\[\{"metric":\{\},"value":\[\d+,"10"\]\}\]/)
    await until(env, place.close())
  }
})

test('an answer of many parts is made as fast as it is taken, and ends when nobody takes it any more', async () => {
  const env = virtualEnv({ startTime: START })
  const place = await open(env, { samplesMax: 10_000_000 })
  await fill(place, 6000, 100)
  const read = ranged('m + 0.12345')
  const { body } = await until(env, place.pool.answer(read, nobody()))
  const parts = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  let sizeBytes = 0
  for (let i = 0; i < 3; i++) sizeBytes += (await until(env, parts.next())).value.length
  assert.ok(sizeBytes >= 3 * 256 * 1024)
  const inUse = async () => (await env.metrics.getSingleMetric('promontory_query_memory_bytes')!.get()).values[0].value
  assert.ok((await inUse()) > 0)
  await parts.return!()
  await env.clock.advance(10)
  assert.equal(await inUse(), 0)

  const gone = new AbortController()
  const other = await until(env, place.pool.answer(read, { signal: gone.signal, client: undefined }))
  assert.ok((await inUse()) > 0)
  gone.abort()
  await env.clock.advance(10)
  assert.equal(await inUse(), 0)
  await assert.rejects(until(env, textOf(other)), { code: 'canceled' })
  await until(env, place.close())
})

test('a query is over at its time, and when it is cancelled, at once', async () => {
  const env = virtualEnv({ startTime: START })
  const place = await open(env, { entry: badEntry, timeoutMs: 1000 })
  await fill(place, 10, 10)
  const began = env.clock.now()
  await assert.rejects(until(env, place.pool.answer(ranged(EXPENSIVE), nobody())), {
    code: 'timeout',
    message: 'query timed out in expression evaluation',
  })
  assert.ok(env.clock.now() - began <= 1001)
  const cancelled = place.pool.answer(ranged(EXPENSIVE), nobody())
  await env.clock.advance(5)
  assert.deepEqual(
    place.desk.running.map(({ query }) => query),
    [EXPENSIVE],
  )
  place.desk.running[0].cancel('by hand')
  await assert.rejects(cancelled, { code: 'canceled', message: 'query was canceled in expression evaluation: by hand' })
  assert.deepEqual(place.desk.running, [])
  await until(env, place.close())
})

test('a thread that does not stop is ended, and what it had besides is answered by another one', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'read-pool-'))
  const env = realEnv(virtualEnv().log)
  const entries = [badEntry, entry]
  const threads = {
    start: <Taken, Sent>(_: ThreadEntry<Taken, Sent>) =>
      env.threads.start((entries.shift() ?? entry) as unknown as ThreadEntry<Taken, Sent>),
  }
  const place = await open({ ...env, threads }, { threadsMax: 1, dir: `${directory}/data` })
  try {
    await fill(place, 100, 100)
    const gone = new AbortController()
    const stuck = place.pool.answer(ranged(EXPENSIVE), { signal: gone.signal, client: undefined })
    const other = place.pool.answer(at('count(m)'), nobody())
    while (place.desk.running.some(({ turnTime }) => turnTime === undefined)) await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    gone.abort()
    await assert.rejects(stuck, { code: 'canceled' })
    assert.match(await textOf(await other), /"result":\[\{"metric":\{\},"value":\[\d+,"100"\]\}\]/)
    const ends = await env.metrics.getSingleMetric('promontory_query_threads_ended_total')!.get()
    assert.deepEqual(
      ends.values.map(({ labels, value }) => [labels['reason'], value]),
      [
        ['stopped', 0],
        ['overdue', 1],
        ['failed', 0],
      ],
    )
  } finally {
    await place.close()
    rmSync(directory, { recursive: true })
  }
})

test('a thread that fails takes its query with it, and no other', async () => {
  const env = virtualEnv({ startTime: START })
  const place = await open(env, { entry: badEntry })
  await fill(place, 10, 10)
  await assert.rejects(until(env, place.pool.answer(ranged('sum(m)'), nobody())), {
    code: 'execution',
    message: 'the thread that answered the query has ended: out of memory',
  })
  assert.equal(place.running.db.stats().windowCount, 1)
  await until(env, place.close())
})

test('readers in threads and a writer do not disturb each other', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'read-pool-'))
  const env = realEnv(virtualEnv().log)
  const place = await open(env, { dir: `${directory}/data` })
  try {
    const refs: number[] = []
    let isDone = false
    let newest = 0
    let answered = 0
    const write = async () => {
      // A sample each 15 s is its own time, for series that come one after the other.
      const isTooSoon = () => answered < 20 || place.running.db.stats().blockCount === 0
      for (let k = 0; k < 600 || (isTooSoon() && k < 10_000); k++) {
        const appender = place.running.db.appender()
        if (refs.length < 2000) {
          for (let i = 0; i < 20; i++)
            refs.push(appender.series(Labels.of({ __name__: 'w', i: String(refs.length), mod: String(refs.length % 7) })))
        }
        for (const ref of refs) appender.append(ref, START + k * 15_000, START + k * 15_000)
        await appender.commit()
        newest = k
        await new Promise((resolve) => setImmediate(resolve))
      }
      isDone = true
    }
    const checks = async () => {
      while (newest < 5) await new Promise((resolve) => setImmediate(resolve))
      while (!isDone) {
        const k = Math.max(0, newest - 3)
        const time = START + k * 15_000
        const query = 'count by (mod) (w) - count by (mod) (timestamp(w) * 1000 == w)'
        const read: Read = { kind: 'query', question: instantQuestion(query, time, {}), timeoutMs: undefined, limit: 0, stats: false }
        const { data } = JSON.parse(await textOf(await place.pool.answer(read, nobody()))) as {
          data: { result: { value: [number, string] }[] }
        }
        assert.equal(data.result.length, 7)
        assert.ok(data.result.every(({ value }) => value[1] === '0'))
        const rate: Read = {
          kind: 'query',
          question: instantQuestion('count(w - w offset 15s != 15000)', time, {}),
          timeoutMs: undefined,
          limit: 0,
          stats: false,
        }
        assert.match(await textOf(await place.pool.answer(rate, nobody())), /"result":\[\]/)
        answered++
      }
    }
    await Promise.all([write(), checks(), checks()])
    assert.ok(answered >= 20)
    assert.ok(place.running.db.stats().blockCount > 0)
  } finally {
    await place.close()
    rmSync(directory, { recursive: true })
  }
})

/** How many queries were answered by several threads. */
async function splitCount(env: Env): Promise<number | undefined> {
  const metrics = await env.metrics.getMetricsAsJSON()
  return metrics.find(({ name }) => name === 'promontory_queries_split_total')?.values[0]?.value
}

test('a query that is much work is answered by several threads as it is by one', async () => {
  const env = virtualEnv({ startTime: START })
  const place = await open(env, { splitMs: 0, threadsMax: 3 })
  await fill(place, 200, 100)
  const answer = async (read: Read) => textOf(await until(env, place.pool.answer(read, nobody())))
  const queries = ['m', EXPENSIVE, 'avg(m)', 'topk(3, -m)', 'quantile(0.3, m > 50) + count(m)', 'absent(m offset 1y)']
  for (const read of queries.flatMap((query) => [ranged(query), at(query)])) {
    if (read.kind !== 'query') continue
    const split = await answer(read)
    // What it costs node by node is told of what is evaluated in one place, and is no part of an answer without statistics.
    assert.equal(split, await answer({ ...read, question: { ...read.question, explain: true } }), read.question.query)
  }
  assert.equal(await splitCount(env), 2 * queries.length)
  // While others ask, nobody helps.
  await Promise.all([answer(ranged('m')), answer(ranged('-m')), answer(ranged('m + 1'))])
  assert.ok(((await splitCount(env)) ?? 0) <= 2 * queries.length + 1)
  await until(env, place.close())
})

test('queries and those who help them are together no more than may be at once', async () => {
  const env = virtualEnv({ startTime: START })
  const place = await open(env, { splitMs: 0, threadsMax: 8, maxConcurrency: 3 })
  await fill(place, 200, 100)
  const both = [ranged('m'), ranged('-m')].map((read) => place.pool.answer(read, nobody()).then(textOf))
  await until(env, Promise.all(both))
  assert.equal(await splitCount(env), 1)
  await until(env, place.close())
})

test('a query whose threads may not take what it takes is answered by one', async () => {
  const check = async (limits: Partial<ReadPoolOptions>, message: RegExp | undefined) => {
    const env = virtualEnv({ startTime: START })
    const place = await open(env, { splitMs: 0, ...limits })
    await fill(place, 200, 100)
    const answer = until(env, place.pool.answer(ranged('m'), nobody()))
    if (message !== undefined) await assert.rejects(answer, { code: 'execution', message })
    else assert.equal((await textOf(await answer)).match(/metric/g)?.length, 200)
    assert.equal(await splitCount(env), 1)
    await until(env, place.close())
  }
  // All of it is 6,200 samples.
  await check({ samplesMax: 7000 }, undefined)
  await check({ samplesMax: 6000 }, /would load too many samples into memory/)
})

test('what a helper had begun that has ended is done by the query itself', async () => {
  const env = virtualEnv({ startTime: START })
  let started = 0
  const threads: Threads = {
    start(of) {
      // The second one is the helper.
      const thread = env.threads.start(of)
      return ++started === 1
        ? thread
        : { ...thread, post: (message, transfer) => void (isFragment(message) ? thread.terminate() : thread.post(message, transfer)) }
    },
  }
  const isFragment = (message: unknown) => (message as ToThread).kind === 'fragment'
  const place = await open({ ...env, threads }, { splitMs: 0 })
  await fill(place, 200, 100)
  for (const query of ['count(m)', 'm'])
    assert.match(await textOf(await until(env, place.pool.answer(at(query), nobody()))), /"success".*"value":\[/)
  assert.equal(await splitCount(env), 2)
  await until(env, place.close())
})

const rehearsedSeconds = async (env: Env) =>
  (await env.metrics.getSingleMetric('promontory_query_rehearsal_seconds_total')!.get()).values[0].value

test('threads with nothing to do rehearse, and answer as before', async () => {
  const env = virtualEnv()
  const place = await until(env, open(env, { rehearsalRounds: 1 }))
  await fill(place, 10, 100)
  const ask = async () => textOf(await until(env, place.pool.answer(ranged(EXPENSIVE), nobody())))
  const seconds = () => rehearsedSeconds(env)
  const before = await ask()
  assert.equal(await seconds(), 0)
  for (let i = 0; i < 10_000 && (await seconds()) === 0; i++) await env.clock.advance(1)
  assert.ok((await seconds()) > 0)
  assert.equal(await ask(), before)
  await until(env, place.close())
})

test('the main thread rehearses before anybody asks, and more of it when somebody has asked', async () => {
  const env = virtualEnv()
  const place = await until(env, open(env, { rehearsalRounds: 1, cheapMs: Infinity }))
  const stretch = async () => {
    const before = await rehearsedSeconds(env)
    for (let i = 0; i < 5_000 && (await rehearsedSeconds(env)) === before; i++) await env.clock.advance(1)
    return (await rehearsedSeconds(env)) - before
  }
  const first = await stretch()
  assert.ok(first > 0)
  assert.equal(await stretch(), 0)
  await until(env, place.pool.answer(at('m'), nobody()))
  assert.ok((await stretch()) > first)
  assert.equal((await env.metrics.getSingleMetric('promontory_query_threads')!.get()).values[0].value, 0)
  await until(env, place.close())
})

test('who no longer waits for the log leaves the main thread to it: nothing is rehearsed before it was read', async () => {
  const env = virtualEnv({ startTime: START })
  const place = await open(env, {
    rehearsalRounds: 1,
    lent: (db) =>
      Object.create(db, {
        isReadable: { value: false },
        untilReadable: {
          value: (signal: AbortSignal) =>
            new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
        },
        untilSelectable: { value: (signal: AbortSignal) => untilAborted(signal).then(() => signal.throwIfAborted()) },
        estimate: { value: () => ({ seriesCount: 0, sampleCount: 0 }) },
        lender: { value: () => db.lender() },
      }),
  })
  const gone = new AbortController()
  const refused = assert.rejects(place.pool.answer(at('m'), { signal: gone.signal, client: undefined }), { code: 'canceled' })
  await env.clock.advance(100)
  gone.abort()
  await refused
  await env.clock.advance(10_000)
  assert.equal(await rehearsedSeconds(env), 0)
  await until(env, place.close())
})

test('a stop before the first rehearsal: nothing is rehearsed', async () => {
  const env = virtualEnv()
  const place = await until(env, open(env, { rehearsalRounds: 1 }))
  await until(env, place.close())
  await env.clock.advance(10_000)
  assert.equal(await rehearsedSeconds(env), 0)
})
