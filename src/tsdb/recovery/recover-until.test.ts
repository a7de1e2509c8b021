import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { CodedError } from '../../base/errors.ts'
import { formatRfc3339 } from '../../base/rfc3339.ts'
import { Labels } from '../../model/labels.ts'
import { readAll } from '../../storage/series-source.contract.ts'
import { runDb } from '../db.fixture.ts'
import type { Db } from '../db.ts'
import { parseRecoverUntil } from './recover-until.ts'

const START = 1_700_000_400_000
const STEP_MS = 10_000
const SERIES = Labels.of({ __name__: 'm' })
const OPTIONS = { checkpoints: { logBytes: Number.POSITIVE_INFINITY, lookMs: 1e9 } }

/** Numbered samples, each in a batch of its own: a record of samples each, and before the first of a segment one of its series. */
async function append(db: Db, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    const appender = db.appender()
    appender.append(appender.series(SERIES), START + i * STEP_MS, i)
    await appender.commit()
  }
}

async function numbers(db: Db): Promise<number[]> {
  return (await readAll(db, -Infinity, Infinity, [])).flatMap(({ values }) => Array.from(values))
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Three processes, so three segments: samples 0 to 9, 10 to 19, 20 to 29. */
async function threeSegments(): Promise<VirtualEnv> {
  const env = virtualEnv()
  for (const from of [0, 10, 20]) {
    const { db, close } = await runDb(env, OPTIONS)
    await append(db, from, from + 10)
    await close()
    await env.fs.remove('/data/checkpoint')
    env.metrics.clear()
  }
  return env
}

test('a place is a segment, records of one, or a time', () => {
  const check = (text: string, at: object) => assert.deepEqual(parseRecoverUntil(text), { text, at })
  check('12', { segment: 12, recordCount: undefined })
  check('00000012:7', { segment: 12, recordCount: 7 })
  check('2026-11-22T02:05:02Z', { time: Date.UTC(2026, 10, 22, 2, 5, 2) })
  for (const text of ['x', '1:', ':1', '-1', '1.5', '2026-11-22', '123456789'])
    assert.throws(() => parseRecoverUntil(text), CodedError, text)
})

test('what the log has after a place is set aside, once, and is all there', async () => {
  const check = async (text: string, want: number) => {
    const env = await threeSegments()
    const whole = new Map<string, Uint8Array>()
    for (const name of await env.fs.readDir('/data/log')) whole.set(name, (await env.fs.readFile(`/data/log/${name}`)).slice())
    const options = { ...OPTIONS, recoverUntil: parseRecoverUntil(text) }
    const first = await runDb(env, options)
    assert.deepEqual(await numbers(first.db), upTo(want), text)
    const [directory] = await env.fs.readDir('/data/set-aside')
    for (const name of await env.fs.readDir(`/data/set-aside/${directory}`))
      assert.deepEqual(await env.fs.readFile(`/data/set-aside/${directory}/${name}`), whole.get(name), `${text}: ${name}`)
    // What comes now stays, though the place is still given.
    await append(first.db, want, want + 5)
    await first.close()
    env.metrics.clear()
    const second = await runDb(env, options)
    assert.deepEqual(await numbers(second.db), upTo(want + 5), text)
    await second.close()
    assert.deepEqual(await env.fs.readDir('/data/set-aside'), [directory])
  }
  await check('2', 20)
  await check('1:4', 3)
  await check('2:1', 10)
  await check('2:0', 10)
  await check('3:99', 30)
  await check('7', 30)
  await check('0', 0)
  await check(formatRfc3339(START + 14 * STEP_MS), 15)
  await check(formatRfc3339(START - 1000), 0)
})

test('a checkpoint with what comes after the place goes with it, and one without stays', async () => {
  const check = async (text: string, isUsed: boolean, want: number) => {
    const env = virtualEnv()
    const options = { checkpoints: { logBytes: 1, lookMs: 1e9 } }
    const first = await runDb(env, options)
    await append(first.db, 0, 10)
    await first.close()
    env.metrics.clear()
    const second = await runDb(env, OPTIONS)
    await append(second.db, 10, 20)
    await env.clock.advance(1000)
    // It does not end: what it had is in the log.
    env.metrics.clear()
    await env.fs.remove('/data/promontory.lock')
    const { db } = await runDb(env, { ...options, recoverUntil: parseRecoverUntil(text) })
    assert.equal(db.recovery()!.checkpoint !== undefined, isUsed, text)
    assert.deepEqual(await numbers(db), upTo(want), text)
  }
  await check('1', true, 10)
  await check('2:5', true, 14)
  await check('1:6', false, 5)
  await check(formatRfc3339(START + 9 * STEP_MS), true, 10)
  await check(formatRfc3339(START + 5 * STEP_MS), false, 6)
})
