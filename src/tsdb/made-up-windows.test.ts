import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { Matcher } from '../model/matcher.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { dbSource } from './db-source.ts'
import { MADE_UP_END, makeUpWindows } from './made-up-windows.ts'
import type { Window } from './window/window.ts'

function madeUp(): { readonly windows: readonly Window[]; readonly pieces: number } {
  const making = makeUpWindows()
  for (let pieces = 0; ; pieces++) {
    const made = making.next()
    if (made.done === true) return { windows: made.value, pieces }
  }
}

test('made-up series have samples in both windows, up to the end', async () => {
  const { windows, pieces } = madeUp()
  assert.deepEqual(
    windows.map(({ seriesCount }) => seriesCount),
    [pieces, pieces],
  )
  const source = dbSource({ windows, late: [], blocks: [] }, virtualEnv().clock)
  const matchers = [new Matcher('=', '__name__', 'memory_bytes')]
  let count = 0
  for await (const batch of source.select({ minTime: 0, maxTime: Number.MAX_SAFE_INTEGER, matchers }, unlimitedContext())) {
    for (const { chunks } of batch) {
      count++
      assert.ok(chunks.length > 1)
      assert.equal(Math.max(...chunks.map(({ maxTime }) => maxTime)), MADE_UP_END)
    }
  }
  assert.equal(count, 40)
})
