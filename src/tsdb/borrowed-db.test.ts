import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Env } from '../base/env.ts'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { histogramSourceContract } from '../storage/histogram-source.contract.ts'
import type { MemorySeries } from '../storage/memory-source.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { readAll, type SourceUnderTest, seriesSourceContract } from '../storage/series-source.contract.ts'
import { overlay, type SeriesSource } from '../storage/series-source.ts'
import { BorrowedDb } from './borrowed-db.ts'
import { runDb } from './db.fixture.ts'
import type { Db } from './db.ts'
import type { DbLender } from './db-lender.ts'
import { storeSeries } from './store-series.fixture.ts'

/** Leases cross threads by value. */
function borrower(env: Env, lender: DbLender): BorrowedDb {
  const borrowed: BorrowedDb = new BorrowedDb(env, {
    cacheBytes: 1_000_000,
    askState: (ordinal) => borrowed.caughtUp(ordinal, structuredClone(lender.catchUp(ordinal))),
  })
  return borrowed
}

/** Each read of it is a loan. */
function lentSource(env: Env, db: Db): SeriesSource {
  const lender = db.lender()
  const borrowed = borrower(env, lender)
  const borrow = (minTime: number, maxTime: number) => {
    const { lease, giveBack } = lender.lend(minTime, maxTime)
    const { source, close } = borrowed.open(structuredClone(lease))
    return {
      source,
      end: () => {
        close()
        giveBack()
      },
    }
  }
  return overlay(db, {
    async *select(request, ctx) {
      const { source, end } = borrow(request.minTime, request.maxTime)
      try {
        yield* source.select(request, ctx)
      } finally {
        end()
      }
    },
    async labelNames(request, ctx) {
      const { source, end } = borrow(request.minTime, request.maxTime)
      return source.labelNames(request, ctx).finally(end)
    },
    async labelValues(name, request, ctx) {
      const { source, end } = borrow(request.minTime, request.maxTime)
      return source.labelValues(name, request, ctx).finally(end)
    },
  })
}

async function filled(series: readonly MemorySeries[]): Promise<SourceUnderTest> {
  const env = virtualEnv()
  const { db, close } = await runDb(env)
  const source = lentSource(env, db)
  await storeSeries(db, series)
  return { source, close }
}

seriesSourceContract('borrowed database', filled)
histogramSourceContract('borrowed database', filled)

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

const HOUR = 3_600_000
const ALL = [new Matcher('=~', '__name__', '.+')]

test('a borrower sees what was there when it borrowed, keeps it while it reads, and forgets what has become blocks', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env)
  const lender = db.lender()
  const borrowed = borrower(env, lender)
  const append = async (t: number, count: number) => {
    const appender = db.appender()
    for (let i = 0; i < count; i++) appender.append(appender.series(Labels.of({ __name__: 'm', i: String(i) })), t, t + i)
    await appender.commit()
  }
  const request = { minTime: 0, maxTime: 100 * HOUR, matchers: ALL }
  const read = async () => {
    const { lease, giveBack } = lender.lend(request.minTime, request.maxTime)
    const { source, close: end } = borrowed.open(structuredClone(lease))
    const found = await readAll(source, 0, 100 * HOUR, ALL)
    end()
    giveBack()
    return { lease, found }
  }
  const own = () => readAll(db, 0, 100 * HOUR, ALL)

  await append(1 * HOUR, 300)
  let { lease, found } = await read()
  assert.deepEqual(found, await own())
  assert.equal(lease.windows.length, 1)
  const firstSlabs = lease.windows[0].cells.buffers.length
  assert.ok(firstSlabs > 0)
  ;({ lease, found } = await read())
  assert.equal(lease.windows[0].cells.buffers.length, 0, 'what the borrower has is not sent again')

  // Series and samples that come while it reads are not in its way.
  const { lease: held, giveBack } = lender.lend(request.minTime, request.maxTime)
  const { source, close: end } = borrowed.open(structuredClone(held))
  const batches = source.select(request, unlimitedContext())[Symbol.asyncIterator]()
  const first = (await batches.next()).value
  assert.equal(first.length, 128)
  await append(1 * HOUR + 1000, 3000)
  for (let time = 3; time < 12; time += 2) await append(time * HOUR, 300)
  await env.clock.advance(1000)
  assert.ok(db.blockMetas().length > 0 && db.stats().windowCount <= 2)
  // Another loan meanwhile does not have it forget what it still reads.
  const between = lender.lend(request.minTime, request.maxTime)
  assert.ok(held.windows.every(({ ordinal }) => between.lease.kept.ordinals.includes(ordinal)))
  borrowed.open(structuredClone(between.lease)).close()
  between.giveBack()
  const rest = async () => {
    let seriesCount = first.length
    for (let next = await batches.next(); next.done !== true; next = await batches.next()) seriesCount += next.value.length
    return seriesCount
  }
  assert.equal(await until(env, rest()), 300)
  end()
  giveBack()
  ;({ lease, found } = await read())
  assert.deepEqual(found, await own())
  assert.equal(lease.blocks.length, db.blockMetas().length)

  // What is deleted is so for who has borrowed it before, too.
  await until(env, db.deleteSamples([new Matcher('=', 'i', '7')], 0, 3 * HOUR, new AbortController().signal))
  ;({ found } = await until(env, read()))
  assert.deepEqual(found, await until(env, own()))
  assert.ok(!found.some(({ labels, timestamps }) => labels.get('i') === '7' && timestamps[0] < 3 * HOUR))

  // What is being compacted takes turns of the clock.
  await until(env, close())
})
