import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatGoDuration } from './time-value.ts'

test('durations as Go prints them', () => {
  const check = (ns: bigint, want: string) => assert.equal(formatGoDuration(ns), want)
  check(0n, '0s')
  check(999n, '999ns')
  check(1_500n, '1.5µs')
  check(1_000_000n, '1ms')
  check(1_500_000_000n, '1.5s')
  check(60_000_000_000n, '1m0s')
  check(7_200_000_000_000n, '2h0m0s')
  check(-3_540_894_000_000n, '-59m0.894s')
})
