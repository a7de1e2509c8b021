import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetLimitMessage } from './limits.ts'

test('a target limit of 0 is none', () => {
  assert.equal(targetLimitMessage(5, 0), undefined)
  assert.equal(targetLimitMessage(5, 5), undefined)
  assert.equal(targetLimitMessage(6, 5), 'target_limit exceeded (number of targets: 6, limit: 5)')
})
