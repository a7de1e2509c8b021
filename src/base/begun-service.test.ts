import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTwoPlaces, startingAfter } from './begun-service.ts'
import { virtualEnv } from './env-virtual.ts'
import { runServices, type Service, untilAborted } from './service.ts'

const { log } = virtualEnv()
const turn = () => new Promise((resolve) => setImmediate(resolve))

function world() {
  const events: string[] = []
  const usable: (() => void)[] = []
  const failing = Promise.withResolvers<void>()
  /** Is usable when `usable` is called, and fails when `failing` rejects. */
  const slow = (name: string): Service => ({
    name,
    async run(signal, ready) {
      events.push(`${name} starts`)
      usable.push(ready)
      await Promise.race([untilAborted(signal), failing.promise])
      events.push(`${name} stops`)
    },
  })
  const service = (name: string): Service => ({
    name,
    async run(signal, ready) {
      events.push(`${name} starts`)
      ready()
      await untilAborted(signal)
      events.push(`${name} stops`)
    },
  })
  return { events, usable, failing, slow, service }
}

test('it begins at the first place, those after the second wait for it, and it ends before those between', async () => {
  const { events, usable, slow, service } = world()
  const [begin, end] = inTwoPlaces(slow('it'))
  const stop = new AbortController()
  const run = runServices([service('a'), begin, service('b'), end, service('c')], stop.signal, log)
  await turn()
  assert.deepEqual(events, ['a starts', 'it starts', 'b starts'])
  for (const ready of usable) ready()
  await turn()
  stop.abort()
  await run
  assert.deepEqual(events.slice(3), ['c starts', 'c stops', 'it stops', 'b stops', 'a stops'])
})

test('it ends where the second place is never reached', async () => {
  const { events, slow, service } = world()
  const [begin, end] = inTwoPlaces(slow('it'))
  const broken: Service = { name: 'broken', run: () => Promise.reject(new Error('no')) }
  await assert.rejects(runServices([service('a'), begin, broken, end], new AbortController().signal, log), /^Error: broken: no$/)
  assert.deepEqual(events, ['a starts', 'it starts', 'it stops', 'a stops'])
})

test('its failure is that of all, whichever place was reached', async () => {
  for (const isReached of [true, false]) {
    const { events, usable, failing, slow, service } = world()
    const [begin, end] = inTwoPlaces(slow('it'))
    const never: Service = { name: 'never', run: untilAborted }
    const run = runServices([service('a'), begin, isReached ? service('b') : never, end], new AbortController().signal, log)
    await turn()
    for (const ready of usable) ready()
    failing.reject(new Error('broken'))
    await assert.rejects(run, /^Error: it.*: broken$/)
    assert.deepEqual(events, isReached ? ['a starts', 'it starts', 'b starts', 'b stops', 'a stops'] : ['a starts', 'it starts', 'a stops'])
  }
})

test('one that ends unasked ends the role', async () => {
  const { failing, slow } = world()
  const [begin, end] = inTwoPlaces(slow('it'))
  failing.resolve()
  await assert.rejects(runServices([begin, end], new AbortController().signal, log), /ended before it was told to/)
})

test('one that starts after something else is usable then, and is never begun when it is told to end before', async () => {
  const { events, service } = world()
  const before = Promise.withResolvers<void>()
  const stop = new AbortController()
  const run = runServices([...inTwoPlaces(startingAfter(before.promise, service('it'))), service('next')], stop.signal, log)
  await turn()
  assert.deepEqual(events, [])
  before.resolve()
  await turn()
  assert.deepEqual(events, ['it starts', 'next starts'])
  stop.abort()
  await run
  assert.deepEqual(events.slice(2), ['next stops', 'it stops'])

  const stopped = new AbortController()
  const never = runServices([startingAfter(new Promise(() => {}), service('never'))], stopped.signal, log)
  stopped.abort()
  await never
  assert.equal(events.length, 4)
})
