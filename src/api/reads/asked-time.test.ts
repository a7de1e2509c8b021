import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { AskedTime } from './asked-time.ts'

test('how long ago something was asked, as another thread sees it', async () => {
  // The low 32 bits of the time turn negative 10 ms later.
  const { clock } = virtualEnv({ startTime: 400 * 2 ** 32 + 2 ** 31 - 10 })
  const asked = new AskedTime(clock)
  const seen = new AskedTime(clock, asked.word)
  assert.equal(seen.isWithin(60), false)
  asked.set()
  assert.equal(seen.isWithin(60), true)
  await clock.advance(59)
  assert.equal(seen.isWithin(60), true)
  await clock.advance(1)
  assert.equal(seen.isWithin(60), false)
})
