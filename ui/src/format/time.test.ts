import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDateTime, formatTick, fromInputTime, toInputTime } from './time.ts'

const noon = new Date(2026, 10, 22, 12, 7, 9).getTime()

test('times are local and 24 h', () => {
  assert.equal(formatDateTime(noon), '2026-11-22 12:07:09')
  assert.equal(toInputTime(noon), '2026-11-22T12:07:09')
})

test('fromInputTime reads what toInputTime wrote', () => {
  assert.equal(fromInputTime(toInputTime(noon)), noon)
  assert.equal(fromInputTime(''), undefined)
  assert.equal(fromInputTime('2026-'), undefined)
})

test('formatTick shows no more than ticks tell apart', () => {
  assert.equal(formatTick(noon, 10_000), '12:07:09')
  assert.equal(formatTick(noon, 300_000), '12:07')
  assert.equal(formatTick(noon, 86_400_000), '11-22')
  assert.equal(formatTick(new Date(2026, 10, 23).getTime(), 3_600_000), '11-23')
})
