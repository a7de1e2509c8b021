import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from './env.ts'
import { RecentQuantiles } from './recent-quantiles.ts'

function quantilesAt() {
  const time = { now: 0 }
  const clock = { monotonic: () => time.now } as unknown as Clock
  return { time, quantiles: new RecentQuantiles(clock, 600_000, 5) }
}

test('a quantile is within a few hundredths of the value at its place', () => {
  const { quantiles } = quantilesAt()
  assert.equal(quantiles.quantile(0.5), 0)
  const values = Array.from({ length: 1000 }, (_, i) => 1.02 ** i * 1e-6)
  for (const value of values.toReversed()) quantiles.observe(value)
  for (const share of [0.001, 0.5, 0.9, 0.99, 1]) {
    const want = values[Math.ceil(share * 1000) - 1]
    const ratio = quantiles.quantile(share) / want
    assert.ok(ratio > 0.965 && ratio < 1.035, `${share}: ${ratio}`)
  }
})

test('what is less or more than can be told apart counts as the least or the most', () => {
  const { quantiles } = quantilesAt()
  for (const value of [0, -0, -1, 1e-30, 1e30, Number.POSITIVE_INFINITY]) quantiles.observe(value)
  assert.ok(quantiles.quantile(0.5) < 1e-9)
  assert.ok(quantiles.quantile(1) > 60_000)
})

test('values are forgotten part by part', () => {
  const { time, quantiles } = quantilesAt()
  quantiles.observe(1)
  time.now = 130_000
  quantiles.observe(100)
  assert.ok(quantiles.quantile(0) < 1.1)
  time.now = 590_000
  assert.ok(quantiles.quantile(0) < 1.1)
  time.now = 610_000
  assert.ok(quantiles.quantile(0) > 90)
  time.now = 10_000_000
  assert.equal(quantiles.quantile(1), 0)
  quantiles.observe(1)
  time.now += 110_000
  assert.ok(quantiles.quantile(1) < 1.1 && quantiles.quantile(1) > 0.9)
})
