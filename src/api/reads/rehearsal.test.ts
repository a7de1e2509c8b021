import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { dbSource } from '../../tsdb/db-source.ts'
import { makeUpWindows } from '../../tsdb/made-up-windows.ts'
import type { Read } from './read.ts'
import { type MadeUp, Rehearsal, type RehearsalPlan, rehearseRead } from './rehearsal.ts'
import { REHEARSAL_READS, SMALL_REHEARSAL_READS } from './rehearsal-reads.ts'
import { rehearseInline } from './rehearse-inline.ts'

/** Of an answer that has nothing, at most. */
const EMPTY_BYTES = 70

function madeUp(env: VirtualEnv, isBorrower: boolean): MadeUp {
  const making = makeUpWindows(isBorrower)
  let made = making.next()
  while (made.done !== true) made = making.next()
  return { windows: made.value, source: dbSource({ windows: made.value, late: [], blocks: [] }, env.clock) }
}

function plan(env: VirtualEnv, rounds: number): RehearsalPlan {
  const answer: RehearsalPlan['answer'] = (read, { source }, round) => rehearseRead(env, source, read, round % 2 === 1)
  return { reads: SMALL_REHEARSAL_READS, rounds, isBorrower: true, answer }
}

test('every rehearsed read finds something, and the same with help', async () => {
  const env = virtualEnv()
  const { source } = madeUp(env, true)
  for (const read of new Set<Read>([...REHEARSAL_READS, ...SMALL_REHEARSAL_READS])) {
    const alone = await rehearseRead(env, source, read, false)
    assert.ok(alone > EMPTY_BYTES, JSON.stringify(read))
    assert.equal(await rehearseRead(env, source, read, true), alone, JSON.stringify(read))
  }
})

test('what the main thread rehearses is answered there, as a query thread answers it', async () => {
  const env = virtualEnv()
  const [own, borrowed] = [madeUp(env, false), madeUp(env, true)]
  for (const read of SMALL_REHEARSAL_READS)
    assert.equal(
      await rehearseInline(env.clock, {}, read, own),
      await rehearseRead(env, borrowed.source, read, false),
      JSON.stringify(read),
    )
})

test('a rehearsal begins when nothing has come for a while, stops for what comes, and goes on to its end', async () => {
  const env = virtualEnv()
  const pauses: number[] = []
  const rehearsal = new Rehearsal(env, plan(env, 1), (ms) => pauses.push(ms))
  rehearsal.goOn()
  await env.clock.advance(10)
  rehearsal.giveWay()
  await env.clock.advance(1000)
  assert.deepEqual(pauses, [])

  rehearsal.goOn()
  await env.clock.advance(70)
  rehearsal.giveWay()
  for (let i = 0; i < 100; i++) await env.clock.advance(1)
  assert.equal(pauses.length, 1)

  rehearsal.goOn()
  for (let i = 0; i < 10_000 && pauses.length < 2; i++) await env.clock.advance(1)
  assert.equal(pauses.length, 2)
  rehearsal.goOn()
  await env.clock.advance(1000)
  assert.equal(pauses.length, 2)
})

test('no rounds: nothing is rehearsed', async () => {
  const env = virtualEnv()
  const pauses: number[] = []
  const rehearsal = new Rehearsal(env, plan(env, 0), (ms) => pauses.push(ms))
  rehearsal.goOn()
  await env.clock.advance(1000)
  assert.deepEqual(pauses, [])
})
