import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Breather } from './breather.ts'
import type { Clock } from './env.ts'
import { virtualEnv } from './env-virtual.ts'
import { sortNumbers } from './sort-numbers.ts'

test('numbers are sorted by what compare says, equal ones in their order', async () => {
  const breather = new Breather(virtualEnv().clock)
  const items = fc.array(fc.nat(500), { maxLength: 3000, size: 'max' })
  await fc.assert(
    fc.asyncProperty(items, fc.integer({ min: 1, max: 10 }), async (numbers, divisor) => {
      const compare = (a: number, b: number) => Math.floor(b / divisor) - Math.floor(a / divisor)
      const sorted = Uint32Array.from(numbers)
      await sortNumbers(sorted, compare, breather)
      assert.deepEqual([...sorted], numbers.toSorted(compare))
    }),
    { numRuns: 60 },
  )
})

test('a long sort rests', async () => {
  let now = 0
  let rests = 0
  const clock = {
    monotonic: () => now++,
    setTimer(_delay: number, run: () => void) {
      rests++
      queueMicrotask(run)
    },
  }
  const items = Uint32Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 20_000)
  await sortNumbers(items, (a, b) => a - b, new Breather(clock as unknown as Clock))
  assert.ok(rests > 10, `${rests} rests`)
  assert.ok(items.every((item, i) => item === i))
})
