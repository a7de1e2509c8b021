import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { LocalAsker } from './local-asker.ts'

test('requests on one connection, by URL and by form; what is no success is an error', async () => {
  const env = virtualEnv()
  const seen: string[] = []
  const listener = await env.http.listen({ host: '127.0.0.1', port: 0 }, (request, response) => {
    let form = ''
    request.on('data', (part: Buffer) => {
      form += part.toString()
    })
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${form}`.trim())
      response.statusCode = request.url === '/none' ? 404 : 200
      response.setHeader('content-length', 100_000)
      response.end('x'.repeat(100_000))
    })
  })
  const asker = new LocalAsker(env.tcp, listener)
  const ask = async (...args: Parameters<LocalAsker['ask']>) => {
    const answer = asker.ask(...args)
    answer.catch(() => {})
    for (let i = 0; i < 100; i++) await env.clock.advance(1)
    return answer
  }
  assert.equal(await ask('/a', 'b=1', false), 100_000)
  assert.equal(await ask('/a', 'b=1', true), 100_000)
  assert.deepEqual(seen, ['GET /a?b=1', 'POST /a b=1'])
  await assert.rejects(ask('/none', '', true), /answered with HTTP\/1.1 404 Not Found, want 200/)
  await assert.rejects(ask('/a', '', true), /answered with HTTP\/1.1 404/)
  asker.close()
  await listener.close(0)

  const late = new LocalAsker(env.tcp, listener)
  const refused = assert.rejects(late.ask('/a', '', false), /refused/i)
  for (let i = 0; i < 10; i++) await env.clock.advance(1)
  await refused
})

test('whoever asks after the connection was closed hears of it', async () => {
  const env = virtualEnv()
  const listener = await env.tcp.listen({ host: '127.0.0.1', port: 0 }, (socket) => ({
    data() {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx')
      env.clock.setTimer(5, () => socket.destroy())
    },
    closed() {},
  }))
  const asker = new LocalAsker(env.tcp, listener)
  const first = asker.ask('/a', '', false)
  for (let i = 0; i < 100; i++) await env.clock.advance(1)
  assert.equal(await first, 1)
  await assert.rejects(asker.ask('/a', '', false), /the connection was closed/)
  await listener.close()
})
