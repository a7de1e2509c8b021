import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { Matcher } from '../model/matcher.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { dbSource } from './db-source.ts'
import { MADE_UP_END, makeUpWindows } from './made-up-windows.ts'
import type { Window } from './window/window.ts'

function madeUp(isBorrower: boolean): { readonly windows: readonly Window[]; readonly pieces: number } {
  const making = makeUpWindows(isBorrower)
  for (let pieces = 0; ; pieces++) {
    const made = making.next()
    if (made.done === true) return { windows: made.value, pieces }
  }
}

/** Series of one sample. */
const FEW = 1200

test('most made-up series have samples in both windows, up to the end; some are in one alone', async () => {
  for (const isBorrower of [false, true]) await check(madeUp(isBorrower))
})

async function check({ windows, pieces }: ReturnType<typeof madeUp>): Promise<void> {
  const [older, newer] = windows.map(({ seriesCount }) => seriesCount)
  assert.ok(newer < pieces && newer > 0.9 * pieces, `${newer}`)
  assert.ok(older < pieces - FEW && older > 0.9 * (pieces - FEW), `${older}`)
  const source = dbSource({ windows, late: [], blocks: [] }, virtualEnv().clock)
  const matchers = [new Matcher('=', '__name__', 'memory_bytes')]
  const parts = { both: 0, ended: 0, began: 0 }
  for await (const batch of source.select({ minTime: 0, maxTime: Number.MAX_SAFE_INTEGER, matchers }, unlimitedContext())) {
    for (const { chunks } of batch) {
      const last = Math.max(...chunks.map(({ maxTime }) => maxTime))
      if (chunks.length === 1) {
        parts.began++
        assert.equal(last, MADE_UP_END)
      } else if (last < MADE_UP_END) parts.ended++
      else parts.both++
    }
  }
  assert.deepEqual(parts, { both: 38, ended: 1, began: 1 })
}
