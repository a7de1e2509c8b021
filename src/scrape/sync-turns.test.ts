import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { SyncTurns } from './sync-turns.ts'

test('whoever rests has the next turn after those that have rested longer, one a turn of the event loop', async () => {
  const { clock } = virtualEnv()
  const turns = new SyncTurns(clock)
  turns.begin()
  assert.equal(turns.isDue(), false)
  await clock.advance(8)
  assert.equal(turns.isDue(), true)
  const seen: string[] = []
  const work = async (name: string) => {
    for (let i = 0; i < 2; i++) {
      await turns.rest()
      // Nobody has used this turn.
      seen.push(`${name} ${turns.isDue()}`)
    }
  }
  const all = Promise.all([work('a'), work('b'), work('c')])
  await clock.advance(100)
  await all
  assert.deepEqual(seen, ['a false', 'b false', 'c false', 'a false', 'b false', 'c false'])
})
