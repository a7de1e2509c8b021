import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { seededRandom } from '../base/virtual/random.ts'
import { Labels } from '../model/labels.ts'
import { AppendStatus } from '../storage/appender.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { runDb } from './db.fixture.ts'

// The database against a plain model of it: random batches over random series and times, batches rolled back or not
// written, several open at once, jumps over windows, restarts.

const HOUR = 3_600_000
const RANGE = 2 * HOUR
const ROUNDS = 120

interface Model {
  /** What can be read: by series, by time. */
  readonly stored: Map<string, Map<number, number>>
  maxTime: number
}

const labelsOf = (i: number) => Labels.of({ __name__: `m${i % 5}`, i: String(i), ...(i % 3 === 0 ? { zone: `z${i % 4}` } : {}) })

async function check(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random.next() * limit)
  const env = virtualEnv({ seed })
  const options = { segmentBytes: 3000, blockRangeMs: RANGE }
  let running = await runDb(env, options)
  const model: Model = { stored: new Map(), maxTime: Number.NEGATIVE_INFINITY }
  const refs = new Map<number, number>()
  let now = 1_700_000_000_000

  for (let round = 0; round < ROUNDS; round++) {
    now += below(10) === 0 ? below(5 * HOUR) : below(120_000)
    const { db } = running
    const minValid = model.maxTime - RANGE / 2
    const appender = db.appender()
    const taken: [key: string, t: number, v: number][] = []
    const last = new Map<string, [number, number]>()
    for (let n = below(60); n > 0; n--) {
      const i = below(40)
      const labels = labelsOf(i)
      const key = labels.toString()
      const t = now - (below(6) === 0 ? below(3 * HOUR) : 0) + below(3)
      const v = below(3)
      let ref = below(4) === 0 ? undefined : refs.get(i)
      ref ??= appender.series(labels)
      let status = appender.append(ref, t, v)
      if (status === AppendStatus.unknownSeries) {
        ref = appender.series(labels)
        status = appender.append(ref, t, v)
      }
      refs.set(i, ref)
      const [lastTime, lastValue] = last.get(key) ?? newest(model.stored.get(key))
      const want =
        t < minValid
          ? AppendStatus.tooOld
          : t < lastTime
            ? AppendStatus.outOfOrder
            : t === lastTime && v !== lastValue
              ? AppendStatus.duplicateTimestamp
              : AppendStatus.ok
      assert.equal(status, want, `seed ${seed}, round ${round}: ${key} at ${t}`)
      if (status !== AppendStatus.ok) continue
      last.set(key, [t, v])
      taken.push([key, t, v])
    }
    const fate = below(10)
    if (fate === 0) appender.rollback()
    else if (fate === 1 && taken.length > 0) {
      env.fs.failing.write = 'EIO'
      if (taken.every(([key, t]) => model.stored.get(key)?.has(t))) await appender.commit()
      else await assert.rejects(appender.commit(), /EIO/)
      env.fs.failing = {}
    } else {
      await appender.commit()
      for (const [key, t, v] of taken) {
        if (!model.stored.has(key)) model.stored.set(key, new Map())
        model.stored.get(key)!.set(t, v)
        model.maxTime = Math.max(model.maxTime, t)
      }
    }
    if (below(15) === 0) {
      await running.close()
      env.metrics.clear()
      running = await runDb(env, options)
      refs.clear()
      assert.equal(running.db.replayReport()!.damages.length, 0)
    }
    if (round % 20 === 19) await compare(running.db, model, `seed ${seed}, round ${round}`)
  }
  await compare(running.db, model, `seed ${seed}, end`)
  assert.ok(running.db.stats().activeSeries <= 40)
  await running.close()
}

function newest(samples: ReadonlyMap<number, number> | undefined): [number, number] {
  const time = samples === undefined ? undefined : [...samples.keys()].at(-1)
  return time === undefined ? [Number.NEGATIVE_INFINITY, 0] : [time, samples!.get(time)!]
}

async function compare(db: Parameters<typeof readAll>[0], model: Model, what: string): Promise<void> {
  const found = await readAll(db, -Infinity, Infinity, [])
  const got = found.map(({ labels, timestamps, values }) => [labels.toString(), Array.from(timestamps, (t, i) => [t, values[i]])] as const)
  assert.deepEqual(new Map(got), new Map([...model.stored].map(([key, samples]) => [key, [...samples]])), what)
}

test('random batches, failures and restarts leave what a plain model says', async (t) => {
  const seed = Math.floor(Math.random() * 1e9)
  t.diagnostic(`seed ${seed}`)
  for (let i = 0; i < 8; i++) await check(seed + i)
})
