import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { histogram } from '../chunkenc/samples.fixture.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { AppendStatus } from '../storage/appender.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { runDb } from './db.fixture.ts'
import type { Db } from './db.ts'
import { restarted } from './ending-disk.fixture.ts'
import { RECORD_HEADER_BYTES, RecordHeader, RecordType, SEGMENT_HEADER_BYTES } from './wal/record.ts'

const START = 1_700_000_040_000
/** As many pieces does the log come back in, at least. */
const PAGES = 100
const PAGE = 10
const ROUNDS = 4
const STEP_MS = 15_000

const labelsOf = (page: number, i: number) => Labels.of({ __name__: 'm', page: String(page), i: String(i) })

const HISTOGRAM = histogram({ schema: 3, zeroCount: 1, sum: 0 })

/** The disk of a database that was killed: pages of series, each scraped some times. */
async function killed(): Promise<VirtualEnv> {
  const env = virtualEnv({ startTime: START, seed: 1 })
  const { db } = await runDb(env)
  for (let round = 0; round < ROUNDS; round++) {
    for (let page = 0; page < PAGES; page++) {
      const appender = db.appender()
      for (let i = 0; i < PAGE; i++)
        assert.equal(appender.append(appender.series(labelsOf(page, i)), START + round * STEP_MS + page, round), AppendStatus.ok)
      await appender.commit()
    }
  }
  await env.fs.remove('/data/promontory.lock')
  return restarted(env)
}

async function samplesOf(db: Db, ...matchers: Matcher[]): Promise<string[]> {
  const found = await readAll(db, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, matchers)
  return found.map(
    ({ labels, timestamps, values }) =>
      `${labels.get('page')}/${labels.get('i')} ${Array.from(timestamps, (t, i) => `${t - START}:${values[i]}`).join(' ')}`,
  )
}

const ofPage = (page: number) => new Matcher('=', 'page', String(page))
const inLog = (page: number) => Array.from({ length: ROUNDS }, (_, round) => `${round * STEP_MS + page}:${round}`).join(' ')
const page = (number: number, more = '') => Array.from({ length: PAGE }, (_, i) => `${number}/${i} ${inLog(number)}${more}`)

/** Restarts what was killed, writes something while the log is read, and asks as soon as selects are answered. */
async function restart(write: (db: Db) => Promise<void>, ask: (db: Db) => Promise<void>, env?: VirtualEnv) {
  const wrote = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const onSelectable = async (db: Db) => {
    const end = db.readEarly()
    await wrote.promise
    assert.deepEqual([db.isSelectable, db.isReadable], [true, false])
    await ask(db)
    end()
  }
  const disk = env ?? (await killed())
  const starting = runDb(disk, {
    onTakes: (db) => void write(db).then(wrote.resolve, wrote.reject),
    onSelectable: (db) => void onSelectable(db).then(asked.resolve, asked.reject),
  })
  const running = await inTime(disk, starting)
  await asked.promise
  return running
}

/** Goes on with the clock until something has come. */
async function inTime<T>({ clock }: VirtualEnv, promise: Promise<T>): Promise<T> {
  let isThere = false
  const done = promise.finally(() => {
    isThere = true
  })
  done.catch(() => {})
  while (!isThere) await clock.advance(1)
  return done
}

const all = () => Array.from({ length: PAGES }, (_, number) => page(number)).flat()
const sorted = (rows: readonly string[]) => [...rows].sort()

test('a select is answered as soon as the log was read, before all of it is in the windows, and finds what came meanwhile', async () => {
  const write = async (db: Db) => {
    const appender = db.early.appender()
    for (let i = 0; i < PAGE; i++) appender.append(appender.series(labelsOf(70, i)), START + ROUNDS * STEP_MS, 7)
    // What the log decides: it has another value of this time, and newer samples.
    appender.append(appender.series(labelsOf(71, 0)), START + 71, 9)
    await appender.commit()
  }
  const { db, close } = await restart(write, async (db) => {
    assert.deepEqual(await samplesOf(db, ofPage(70)), page(70, ` ${ROUNDS * STEP_MS}:7`))
    assert.deepEqual(await samplesOf(db, ofPage(71), new Matcher('=', 'i', '0')), [`71/0 ${inLog(71)}`])
    assert.deepEqual(await samplesOf(db, ofPage(70)), page(70, ` ${ROUNDS * STEP_MS}:7`), 'a second time')
    assert.equal(db.isReadable, false)
    assert.throws(() => db.appender(), /the write-ahead log is being replayed/)
  })
  const want = all().map((row) => (row.startsWith('70/') ? `${row} ${ROUNDS * STEP_MS}:7` : row))
  assert.deepEqual(sorted(await samplesOf(db)), sorted(want))
  const counters = db.counters()
  assert.deepEqual([counters.floatsAppended, counters.duplicate.float], [PAGE, 1], 'each is counted once')
  await close()
})

test('a select of everything finds everything before its turn', async () => {
  const { db, close } = await restart(
    async () => {},
    async (db) => {
      assert.deepEqual(sorted(await samplesOf(db)), sorted(all()))
      assert.equal(db.isReadable, false)
    },
  )
  assert.deepEqual(sorted(await samplesOf(db)), sorted(all()))
  assert.equal(db.counters().floatsAppended, 0)
  await close()
})

test('where histograms came meanwhile a select waits until all is in the windows', async () => {
  const write = async (db: Db) => {
    const appender = db.early.appender()
    appender.append(appender.series(labelsOf(3, 0)), START + ROUNDS * STEP_MS, 7)
    appender.appendHistogram(appender.series(labelsOf(4, 0)), START + ROUNDS * STEP_MS, HISTOGRAM)
    await appender.commit()
  }
  const { close } = await restart(write, async (db) => {
    const [first] = await samplesOf(db, ofPage(3))
    assert.equal(first, `3/0 ${inLog(3)} ${ROUNDS * STEP_MS}:7`)
    assert.equal(db.isReadable, true)
  })
  await close()
})

test('who waits for selects is let go when its signal aborts, and when the database ends', async () => {
  const env = await killed()
  const waits: Promise<unknown>[] = []
  const running = await runDb(env, {
    onTakes: (db) => {
      const gone = new AbortController()
      waits.push(assert.rejects(db.untilSelectable(gone.signal), /gone/))
      gone.abort(new Error('gone'))
      waits.push(db.untilSelectable(new AbortController().signal))
    },
  })
  await Promise.all(waits)
  await running.close()
  await assert.rejects(running.db.untilSelectable(new AbortController().signal), /the database is closed/)
})

test('a select finds nothing of a record that is damaged', async () => {
  const env = await killed()
  const path = '/data/log/00000001.log'
  const bytes = new Uint8Array((await env.fs.stat(path))!.sizeBytes)
  const file = await env.fs.open(path, 'write')
  await file.readAll([bytes], 0)
  // The record of the last page but ten in the last round: its last byte is of a value.
  const records: number[] = []
  for (let at = SEGMENT_HEADER_BYTES; at < bytes.length; ) {
    const header = new RecordHeader()
    assert.ok(header.read(bytes, at, 1))
    at += RECORD_HEADER_BYTES + header.length
    if (header.type === RecordType.samples) records.push(at)
  }
  const last = records.at(-11)! - 1
  await file.write([Uint8Array.of(bytes[last] + 1)], last)
  await file.close()
  const damaged = PAGES - 11
  const left = Array.from({ length: PAGE }, (_, i) => `${damaged}/${i} ${inLog(damaged).split(' ').slice(0, -1).join(' ')}`)
  const { db, close } = await restart(
    async () => {},
    async (db) => {
      assert.deepEqual(await samplesOf(db, ofPage(damaged)), left)
      assert.deepEqual(await samplesOf(db, ofPage(damaged + 1)), page(damaged + 1))
      assert.equal(db.isReadable, false)
    },
    env,
  )
  assert.deepEqual(await samplesOf(db, ofPage(damaged)), left)
  assert.equal(db.counters().corruptions, 1)
  await close()
})
