import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { ChunkEncoding } from '../chunkenc/codec.ts'
import { histogram } from '../chunkenc/samples.fixture.ts'
import { Labels } from '../model/labels.ts'
import { AppendStatus } from '../storage/appender.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { type BlockEncodings, COMMON_ENCODINGS } from './block-encodings.ts'
import { runDb } from './db.fixture.ts'
import type { Db } from './db.ts'
import { restarted } from './ending-disk.fixture.ts'

const MINUTE = 60_000
const RANGE = 10 * MINUTE
const base = Math.ceil(1_700_000_000_000 / RANGE) * RANGE
const START = base - 5000
const MINUTES = Array.from({ length: 60 }, (_, minute) => minute)

/** One series of each kind, with start times, and one of floats without. */
async function write(db: Db): Promise<void> {
  for (const minute of MINUTES) {
    const t = base + minute * MINUTE
    const appender = db.appender()
    const refs = ['plain', 'counter', 'integers', 'floats'].map((name) => appender.series(Labels.of({ __name__: name })))
    assert.equal(appender.append(refs[0], t, minute), AppendStatus.ok)
    assert.equal(appender.append(refs[1], t, minute, START), AppendStatus.ok)
    for (const [ref, isFloat] of [[refs[2], false] as const, [refs[3], true] as const]) {
      const sample = histogram({ isFloat, schema: 2, spans: [0, 3], buckets: [minute, minute + 1, 2], sum: minute })
      assert.equal(appender.appendHistogram(ref, t, sample, START), AppendStatus.ok)
    }
    await appender.commit()
  }
}

async function encodingsOf(db: Db): Promise<Record<string, readonly number[]>> {
  const found: Record<string, readonly number[]> = {}
  const request = { minTime: base, maxTime: base + RANGE - 1, matchers: [] }
  for await (const batch of db.select(request, unlimitedContext()))
    for (const { labels, chunks } of batch) found[labels.get('__name__')] = chunks.map(({ encoding }) => encoding)
  return found
}

test('blocks have the encodings that are asked for, and start times where those have room for them, compacted and after a restart', async () => {
  const { xor, xor2, histogram: integers, floatHistogram, histogramSt, floatHistogramSt } = ChunkEncoding
  const check = async (encodings: BlockEncodings, want: Record<string, number>, kept: readonly string[]) => {
    const env = virtualEnv({ startTime: base })
    const options = { blockRangeMs: RANGE, maxBlockMs: 3 * RANGE }
    const first = await runDb(env, options)
    first.db.encodeBlocks(encodings)
    await write(first.db)
    await env.clock.advance(10 * MINUTE)
    assert.ok(first.db.counters().compactions > 0)
    await first.close()
    const { db, close } = await runDb(restarted(env), options)
    const found = await encodingsOf(db)
    assert.deepEqual(Object.keys(found).sort(), Object.keys(want).sort())
    for (const [name, encoding] of Object.entries(want)) assert.deepEqual(new Set(found[name]), new Set([encoding]), name)
    for (const { labels, timestamps, values, startTimes } of await readAll(db, base, base + RANGE - 1, [])) {
      const name = labels.get('__name__')
      assert.deepEqual(
        Array.from(timestamps),
        MINUTES.slice(0, 10).map((minute) => base + minute * MINUTE),
        name,
      )
      assert.deepEqual(Array.from(values), MINUTES.slice(0, 10), name)
      assert.deepEqual(
        startTimes === undefined ? undefined : Array.from(startTimes),
        kept.includes(name) ? MINUTES.slice(0, 10).map(() => START) : undefined,
        name,
      )
    }
    await close()
  }
  await check(COMMON_ENCODINGS, { plain: xor, counter: xor, integers, floats: floatHistogram }, [])
  await check({ floats: 'xor2', histogramStartTimes: false }, { plain: xor2, counter: xor2, integers, floats: floatHistogram }, ['counter'])
  await check(
    { floats: 'xor2', histogramStartTimes: true },
    { plain: xor2, counter: xor2, integers: histogramSt, floats: floatHistogramSt },
    ['counter', 'integers', 'floats'],
  )
})
