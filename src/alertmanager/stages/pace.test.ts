import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { Pace } from './pace.ts'

test('six at a time, the next as soon as one is over', async () => {
  const env = virtualEnv()
  const pace = new Pace(env.clock)
  const ends: (() => void)[] = []
  const begun: number[] = []
  const all = Array.from({ length: 40 }, (_, index) =>
    pace.run(() => {
      begun.push(index)
      return new Promise<void>((resolve) => ends.push(resolve))
    }),
  )
  await settled()
  assert.equal(begun.length, 6)
  ends[3]()
  ends[5]()
  await settled()
  assert.deepEqual(begun.slice(6), [6, 7])
  for (let i = 0; i < 40; i++) {
    ends[i]?.()
    await settled()
  }
  await Promise.all(all)
  assert.deepEqual(
    begun,
    Array.from({ length: 40 }, (_, index) => index),
  )
})

test('who waits for slow ones waits 5 ms for each before it', async () => {
  const env = virtualEnv()
  const pace = new Pace(env.clock)
  let begun = 0
  for (let i = 0; i < 40; i++) {
    void pace.run(() => {
      begun++
      return new Promise<void>(() => {})
    })
  }
  await env.clock.advance(4)
  assert.equal(begun, 6)
  await env.clock.advance(6)
  assert.equal(begun, 8)
  await env.clock.advance(1000)
  assert.equal(begun, 40)
})

test('one that fails lets the next one in, and hands on why', async () => {
  const env = virtualEnv()
  const pace = new Pace(env.clock)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => pace.run(() => (index % 2 === 0 ? Promise.reject(new Error('no')) : Promise.resolve()))),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 10)
})

const settled = () => new Promise((resolve) => setImmediate(resolve))
