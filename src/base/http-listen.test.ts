import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from './env-virtual.ts'
import { listenService } from './http-listen.ts'

test('a busy address is an error with address, role and flag, and leaves nothing listening', async () => {
  const env = virtualEnv()
  await env.http.listen({ host: '127.0.0.1', port: 9101 }, () => {})
  const addresses = [9100, 9101].map((port) => ({ host: '127.0.0.1', port }))
  const service = listenService({ env, role: 'exporter', flag: '--web.listen-address', addresses, graceMs: 0 }, () => {})
  await assert.rejects(
    service.run(new AbortController().signal, () => {}),
    {
      message: 'listen on 127.0.0.1:9101 (exporter, --web.listen-address): address already in use',
    },
  )
  await env.http.listen({ host: '127.0.0.1', port: 9100 }, () => {})
})

test('it listens at all addresses until it is told to stop', async () => {
  const env = virtualEnv()
  const stop = new AbortController()
  let isReady = false
  const service = listenService(
    {
      env,
      role: 'exporter',
      flag: '--web.listen-address',
      addresses: [9100, 9101].map((port) => ({ host: '127.0.0.1', port })),
      graceMs: 0,
    },
    (_, response) => void response.end('here'),
  )
  const done = service.run(stop.signal, () => {
    isReady = true
  })
  await env.clock.advance(0)
  assert.ok(isReady)
  for (const port of [9100, 9101]) {
    const answer = env.http.request({ url: `http://127.0.0.1:${port}/` })
    await env.clock.advance(1)
    assert.equal(Buffer.from((await answer).body).toString(), 'here')
  }
  stop.abort()
  await done
  await assert.rejects(env.http.request({ url: 'http://127.0.0.1:9100/' }))
})
