import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { realEnv } from '../base/env-real.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { dbSource } from '../tsdb/db-source.ts'
import { makeUpWindows } from '../tsdb/made-up-windows.ts'
import { type MadeUp, rehearseRead } from './reads/rehearsal.ts'
import { SMALL_REHEARSAL_READS } from './reads/rehearsal-reads.ts'
import { RequestRehearsal } from './request-rehearsal.ts'

const env = realEnv(virtualEnv().log)

function madeUp(isBorrower: boolean): MadeUp {
  const making = makeUpWindows(isBorrower)
  let made = making.next()
  while (made.done !== true) made = making.next()
  return { windows: made.value, source: dbSource({ windows: made.value, late: [], blocks: [] }, env.clock) }
}

test('reads are rehearsed as requests, by URL and by form, and answered as in a query thread; nothing of it shows', async () => {
  const stage = new RequestRehearsal({ env, settings: () => ({}) })
  const [own, borrowed] = [madeUp(false), madeUp(true)]
  for (const round of [8, 7])
    for (const read of SMALL_REHEARSAL_READS)
      assert.equal(await stage.answer(read, own, round), await rehearseRead(env, borrowed.source, read, false), JSON.stringify(read))
  stage.rest()
  assert.equal(await env.metrics.metrics(), '\n')

  // After a rest it goes on.
  assert.ok((await stage.answer(SMALL_REHEARSAL_READS[0], own, 6)) > 0)
  stage.rest()
})

test('while it rests it keeps no windows', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const stage = new RequestRehearsal({ env, settings: () => ({}) })
  const windows = await rehearse()
  for (let i = 0; i < 20 && windows.deref() !== undefined; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  assert.ok(windows.deref() === undefined)
  stage.rest()

  async function rehearse(): Promise<WeakRef<object>> {
    const made = madeUp(false)
    await stage.answer(SMALL_REHEARSAL_READS[0], made, 6)
    stage.rest()
    return new WeakRef(made.windows)
  }
})
