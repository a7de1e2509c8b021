import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { engineOver, seriesOf, showValue, signal } from '../../test/support/promql-engine.ts'
import type { Clock, Env } from '../base/env.ts'
import { realClock } from '../base/real/clock.ts'
import { CounterResetHint, NO_BUCKETS, NO_SPANS } from '../model/histogram.ts'
import { Labels } from '../model/labels.ts'
import { type MemorySeries, MemorySource } from '../storage/memory-source.ts'
import { overlay, type SeriesSource } from '../storage/series-source.ts'
import { createEngine } from './engine.ts'

const data = Array.from({ length: 20 }, (_, i) => seriesOf({ __name__: 'm', i: String(i) }, [i, i + 1, i + 2]))

/** Series of native histograms that grow, 10 s apart. */
function histograms(seriesCount: number, sampleCount: number): readonly MemorySeries[] {
  const timestamps = Float64Array.from({ length: sampleCount }, (_, k) => k * 10_000)
  return Array.from({ length: seriesCount }, (_, i) => ({
    labels: Labels.of({ __name__: 'h', i: String(i) }),
    timestamps,
    values: timestamps,
    histograms: Array.from(timestamps, (_, k) => ({
      isFloat: true,
      counterResetHint: CounterResetHint.unknown,
      schema: 0,
      zeroThreshold: 0.001,
      zeroCount: k % 50,
      count: (k % 50) * 5,
      sum: k % 50,
      positiveSpans: Int32Array.of(0, 4),
      positiveBuckets: new Float64Array(4).fill(k % 50),
      negativeSpans: NO_SPANS,
      negativeBuckets: NO_BUCKETS,
      customValues: NO_BUCKETS,
    })),
  }))
}

/** A source that answers only when the query is over. */
function hanging(): { source: SeriesSource; started: Promise<void> } {
  let begin = () => {}
  const started = new Promise<void>((resolve) => {
    begin = resolve
  })
  const source = overlay(new MemorySource(data), {
    async *select(_request, ctx) {
      begin()
      await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve, { once: true }))
      throw ctx.signal.reason
    },
  })
  return { source, started }
}

test('what is wrong with a query has a code and upstream’s text', async () => {
  const engine = engineOver(data)
  const check = async (query: string, code: string, message: RegExp) => {
    await assert.rejects(engine.range(query, 0, 10_000, 10_000, { signal: signal() }), { code, message })
  }
  await check('sum(', 'bad_data', /parse error/)
  await check('m[5m]', 'bad_data', /^invalid expression type "range vector" for range query, must be Scalar or instant Vector$/)
  await check('"text"', 'bad_data', /^invalid expression type "string" for range query, must be Scalar or instant Vector$/)
  await check('m + on () m', 'execution', /many-to-many matching not allowed/)
})

test('a query that takes too long is stopped', async () => {
  const { source } = hanging()
  const engine = engineOver(source, { timeoutMs: 10 })
  await assert.rejects(engine.instant('m', 0, { signal: signal() }), {
    code: 'timeout',
    message: 'query timed out in expression evaluation',
  })
})

test('a query may ask for less time than the engine gives, not for more', async () => {
  const { source } = hanging()
  const patient = engineOver(source, { timeoutMs: 60_000 })
  await assert.rejects(patient.instant('m', 0, { signal: signal(), timeoutMs: 5 }), { code: 'timeout' })
  const strict = engineOver(source, { timeoutMs: 5 })
  await assert.rejects(strict.instant('m', 0, { signal: signal(), timeoutMs: 60_000 }), { code: 'timeout' })
})

test('a cancelled query stops, one that was cancelled before does not start', async () => {
  const { source, started } = hanging()
  const engine = engineOver(source)
  const abort = new AbortController()
  const query = engine.instant('m', 0, { signal: abort.signal })
  await started
  abort.abort()
  await assert.rejects(query, { code: 'canceled', message: 'query was canceled in expression evaluation' })
  await assert.rejects(engine.instant('m', 0, { signal: abort.signal }), {
    code: 'canceled',
    message: 'query was canceled in query queue',
  })
})

test('a query holds no more samples and no more bytes than it may', async () => {
  const few = engineOver(data, { maxSamples: 10 })
  const message = 'query processing would load too many samples into memory in query execution'
  await assert.rejects(few.instant('m', 10_000, { signal: signal() }), { code: 'execution', message })
  // One series at a time: what is summed up is let go.
  assert.equal(showValue(await few.instant('sum(m)', 20_000, { signal: signal() })), '{} 230')
  const small = engineOver(data, { maxBytes: 10_000 })
  await assert.rejects(small.range('m / m', 0, 20_000, 100, { signal: signal() }), { code: 'execution', message: /more than 10000 bytes/ })
})

test('histograms are counted as what they take, also while they are added up', async () => {
  const engine = engineOver(histograms(200, 20), { maxSamples: 4000 })
  const message = 'query processing would load too many samples into memory in query execution'
  const ask = (query: string) => engine.range(query, 0, 190_000, 10_000, { signal: signal() })
  for (const query of ['h', 'rate(h[1m])', 'sum by (i) (h)', 'avg by (i) (rate(h[1m]))', 'h + h', 'last_over_time(h[1m:10s])']) {
    await assert.rejects(ask(query), { code: 'execution', message }, query)
  }
  // A histogram of four buckets counts for 14 samples: of 20 there is room while 200 series of them go by.
  const { stats } = await ask('sum(h)')
  assert.ok(stats.samplesPeak < 1000, `peak ${stats.samplesPeak}`)
  const small = engineOver(histograms(200, 20), { maxBytes: 500_000 })
  await assert.rejects(small.range('sum by (i) (h)', 0, 190_000, 10_000, { signal: signal() }), {
    code: 'execution',
    message: /bytes of memory/,
  })
})

test('a subquery of more steps than memory has room for is refused, if it finds anything', async () => {
  const engine = engineOver(data)
  const ask = (query: string) => engine.instant(query, 1e12, { signal: signal() })
  await assert.rejects(ask('count_over_time(vector(1)[100y:1ms])'), { code: 'execution', message: /bytes of memory/ })
  await assert.rejects(ask('count_over_time(m[100y:1ms])'), { code: 'execution', message: /bytes of memory/ })
  assert.equal(showValue(await ask('count_over_time(none[100y:1ms])')), '')
  assert.equal(showValue(await engine.range('count_over_time(none[100y:1ms])', 1e12, 1e12 + 2000, 1000, { signal: signal() })), '')
})

test('more queries than may run at once wait in line', async () => {
  const { source, started } = hanging()
  const engine = engineOver(source, { maxConcurrency: 1 })
  const first = new AbortController()
  const order: string[] = []
  const running = engine.instant('m', 0, { signal: first.signal }).catch(() => order.push('first'))
  await started
  const gaveUp = new AbortController()
  const waiting = engine.instant('m', 0, { signal: gaveUp.signal })
  const last = engine.instant('1 + 1', 0, { signal: signal() }).then(() => order.push('last'))
  gaveUp.abort()
  await assert.rejects(waiting, { code: 'canceled', message: 'query was canceled in query queue' })
  first.abort()
  await Promise.all([running, last])
  assert.deepEqual(order, ['first', 'last'])
})

test('a query of wide windows over one series can be stopped', async () => {
  const timestamps = Float64Array.from({ length: 50_000 }, (_, i) => i * 1000)
  const engine = engineOver([{ ...seriesOf({ __name__: 'long' }, []), timestamps, values: timestamps.map((_, i) => (i * 7919) % 1000) }])
  for (const query of ['deriv(long[50000s])', 'quantile_over_time(0.5, long[50000s:1s])', 'deriv((long > 0 or vector(1))[50000s:1s])']) {
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 60)
    await assert.rejects(engine.range(query, 0, 50_000_000, 5000, { signal: abort.signal }), { code: 'canceled' }, query)
  }
})

test('a query of wide windows over one series of histograms lets others run, and can be stopped', async () => {
  const engine = engineOver(histograms(1, 3000))
  for (const query of ['rate(h[10000s])', 'avg_over_time(h[10000s])', 'sum_over_time(h[10000s:10s])']) {
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 60)
    await assert.rejects(engine.range(query, 0, 30_000_000, 10_000, { signal: abort.signal }), { code: 'canceled' }, query)
  }
  // In turns or at once, the answer is the same.
  const few = engineOver(histograms(1, 300))
  for (const query of ['rate(h[1000s])', 'resets(h[1000s])', 'changes(h[1000s])', 'sum_over_time(h[1000s])', 'count_over_time(h[1000s])']) {
    const { value } = await few.range(query, 0, 3_000_000, 10_000, { signal: signal() })
    assert.ok(value.type === 'matrix')
    const [{ timestamps, values, histograms: column, length }] = value.series
    for (let i = 0; i < length; i += 20) {
      const { value: alone } = await few.instant(query, timestamps[i], { signal: signal() })
      assert.ok(alone.type === 'vector')
      const { v, h } = alone.samples[0]
      assert.deepEqual(h ?? v, column?.[i] ?? values[i], `${query} at ${timestamps[i]}`)
    }
  }
})

test('a long query lets others run', async () => {
  let now = 0
  let turns = 0
  const clock: Clock = {
    ...realClock,
    // Every look at the clock finds 3 ms gone.
    monotonic: () => (now += 3),
    setTimer: (delayMs, callback) => {
      if (delayMs === 0) turns++
      return realClock.setTimer(delayMs, callback)
    },
  }
  const engine = createEngine({ env: { clock, metrics: new Registry() } as unknown as Env, source: new MemorySource(data) })
  await engine.range('quantile(0.5, m) / sum(m)', 0, 20_000, 10_000, { signal: signal() })
  assert.ok(turns >= 10, `${turns} turns`)
})

test('an answer tells what it cost', async () => {
  const engine = engineOver(data)
  const { stats } = await engine.range('sum(m)', 0, 20_000, 10_000, { signal: signal() })
  assert.equal(stats.samplesTotal, 60)
  assert.ok(stats.samplesPeak >= 3 && stats.samplesPeak < 60, `peak ${stats.samplesPeak}`)
  const { stats: windows } = await engine.range('sum_over_time(m[20s])', 0, 20_000, 10_000, { signal: signal() })
  assert.equal(windows.samplesTotal, 20 * (1 + 2 + 2))
  assert.equal(windows.samplesRead, 20 * 3)
  assert.equal(windows.perStep, undefined)
})

// What is looked at is upstream's (test/peers/query-stats.test.ts); what is read, only newer ones know.
test('an answer tells what each step looked at, and read', async () => {
  const engine = engineOver([seriesOf({ __name__: 'n' }, [0, 1, 2, 3, 4, 5, 6])])
  const check = async (query: string, totals: readonly number[], reads: readonly number[]) => {
    const { stats } = await engine.range(query, 20_000, 60_000, 20_000, { signal: signal(), perStepStats: true })
    const { start, stepMs, totals: steps, reads: readSteps } = stats.perStep!
    assert.deepEqual([start, stepMs, [...steps], [...readSteps]], [20_000, 20_000, totals, reads], query)
    const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0)
    assert.deepEqual([stats.samplesTotal, stats.samplesRead], [sum(totals), sum(reads)], query)
  }
  await check('n', [1, 1, 1], [1, 1, 1])
  await check('n + n', [2, 2, 2], [2, 2, 2])
  await check('sum_over_time(n[30s])', [3, 3, 3], [3, 2, 2])
  await check('sum_over_time(n[10s])', [1, 1, 1], [1, 1, 1])
  await check('n @ 10', [1, 1, 1], [1, 0, 0])
  await check('n * scalar(n @ 10)', [2, 2, 2], [2, 1, 1])
  await check('predict_linear(n[30s] @ 20, 1)', [3, 3, 3], [3, 0, 0])
  // A subquery at 0, 10, … 60 s: each of its samples is looked at by the steps that have it, and read by the first.
  await check('sum_over_time(n[40s:10s])', [3, 4, 4], [3, 2, 2])
  // Those at 30 and 50 s, in no window, are not read.
  await check('sum_over_time(n[10s:10s])', [1, 1, 1], [1, 1, 1])
  await check('sum_over_time(sum_over_time(n[20s])[20s:10s])', [2, 2, 2], [3, 2, 2])
  await check('vector(1)', [0, 0, 0], [0, 0, 0])
})

test('engines may share a registry; queries are counted in it', async () => {
  const metrics = new Registry()
  const env = { clock: realClock, metrics } as unknown as Env
  const source = new MemorySource(data)
  for (const engine of [createEngine({ env, source }), createEngine({ env, source })]) await engine.instant('m', 0, { signal: signal() })
  const text = await metrics.metrics()
  assert.match(text, /^prometheus_engine_query_samples_total 40$/m)
  assert.match(text, /^prometheus_engine_queries 0$/m)
  assert.match(text, /^prometheus_engine_queries_concurrent_max 20$/m)
  assert.match(text, /^# TYPE prometheus_engine_query_duration_seconds summary$/m)
  assert.match(text, /^prometheus_engine_query_duration_seconds\{quantile="0.99",slice="inner_eval"\} \d/m)
  assert.match(text, /^prometheus_engine_query_duration_seconds_count\{slice="inner_eval"\} 2$/m)
})

test('the lookback may be the query’s own', async () => {
  const engine = engineOver(data, { lookbackMs: 60_000 })
  const count = async (time: number, lookbackMs?: number) =>
    showValue(await engine.instant('count(m)', time, { signal: signal(), lookbackMs }))
  assert.equal(await count(79_999), '{} 20')
  assert.equal(await count(80_000), '')
  assert.equal(await count(80_000, 100_000), '{} 20')
})

test('a range that ends before it starts has no steps', async () => {
  const engine = engineOver(data)
  assert.equal(showValue(await engine.range('m', 20_000, 10_000, 10_000, { signal: signal() })), '')
})
