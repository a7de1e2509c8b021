import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatGoDuration, goDurationText } from './go-duration.ts'

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

test('milliseconds keep their digits over years', () => {
  const check = (ms: number, want: string) => assert.equal(goDurationText(ms), want)
  check(0.0005, '500ns')
  check(1500, '1.5s')
  check(-250.25, '-250.25ms')
  check(10 * 365 * 86_400_000 + 1, '87600h0m0.001s')
})
