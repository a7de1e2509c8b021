import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from './env-virtual.ts'
import { runServices, type Service } from './service.ts'

function recorder() {
  const events: string[] = []
  const service = (name: string, fault?: 'throws' | 'returns'): Service => ({
    name,
    async run(signal, ready) {
      events.push(`${name} starts`)
      if (fault === 'throws') throw new Error('broken')
      ready()
      if (fault === 'returns') return
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      events.push(`${name} stops`)
    },
  })
  return { events, service }
}

test('services start in order and stop in reverse', async () => {
  const { events, service } = recorder()
  const stop = new AbortController()
  const run = runServices([service('a'), service('b')], stop.signal, virtualEnv().log)
  await new Promise((resolve) => setImmediate(resolve))
  stop.abort()
  await run
  assert.deepEqual(events, ['a starts', 'b starts', 'b stops', 'a stops'])
})

test('a failure stops the others in order and is what the whole rejects with', async () => {
  const { events, service } = recorder()
  await assert.rejects(
    runServices([service('a'), service('b', 'throws'), service('c')], new AbortController().signal, virtualEnv().log),
    /^Error: b: broken$/,
  )
  assert.deepEqual(events, ['a starts', 'b starts', 'a stops'])
})

test('a service that ends unasked ends the role', async () => {
  const { service } = recorder()
  await assert.rejects(
    runServices([service('a'), service('b', 'returns')], new AbortController().signal, virtualEnv().log),
    /b ended before it was told to/,
  )
})

test('an abort while starting starts nothing more', async () => {
  const { events, service } = recorder()
  const stop = new AbortController()
  const slow: Service = { name: 'slow', run: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())) }
  const run = runServices([service('a'), slow, service('c')], stop.signal, virtualEnv().log)
  await new Promise((resolve) => setImmediate(resolve))
  stop.abort()
  await run
  assert.deepEqual(events, ['a starts', 'a stops'])
})
