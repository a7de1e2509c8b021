import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { StorageOpening } from './storage-opening.ts'

test('who waits goes on when the storage opens, at the end, or after a third of its interval', async () => {
  for (const how of ['open', 'end', 'time'] as const) {
    const { clock } = virtualEnv()
    const open = Promise.withResolvers<void>()
    const opening = new StorageOpening(clock, open.promise)
    const gone: number[] = []
    for (const intervalMs of [3000, 30_000]) void opening.wait(intervalMs)?.then(() => gone.push(intervalMs))
    await clock.advance(999)
    assert.deepEqual(gone, [])
    await clock.advance(1)
    assert.deepEqual(gone, [3000])
    if (how === 'open') open.resolve()
    else if (how === 'end') opening.end()
    await clock.advance(how === 'time' ? 9000 : 0)
    assert.deepEqual(gone, [3000, 30_000])
    assert.equal(opening.wait(3000) === undefined, how !== 'time')
  }
})

test('a storage that is open is not waited for', () => {
  assert.equal(new StorageOpening(virtualEnv().clock, undefined).wait(1000), undefined)
})
