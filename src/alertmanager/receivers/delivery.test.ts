import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpClient } from '../../http-client/client.ts'
import { checkStatus, deliver } from './delivery.ts'
import { failureOf } from './notify-error.ts'

/** A server whose answer begins with `parts` and then ends with `fault`, or never. */
function answering(status: number, parts: readonly string[], fault: 'reset' | 'silence' | 'flood'): HttpClient {
  const body = async function* (signal: AbortSignal) {
    for (const part of parts) yield Buffer.from(part)
    while (fault === 'flood') yield new Uint8Array(64 * 1024).fill(120)
    if (fault === 'silence')
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }))
    throw new Error('read ECONNRESET')
  }
  return { send: async ({ signal }: { signal: AbortSignal }) => ({ status, headers: {}, body: body(signal) }) } as unknown as HttpClient
}

test('what was taken is not told again because the rest of the answer fails', async () => {
  for (const fault of ['reset', 'silence'] as const) {
    const abort = new AbortController()
    const sent = deliver({ client: answering(200, ['o', 'k'], fault), url: 'http://r/', signal: abort.signal })
    setImmediate(() => abort.abort(new Error('context deadline exceeded')))
    const answer = await sent
    assert.deepEqual([answer.status, answer.body], [200, 'ok'])
    checkStatus(answer)
  }
})

test('of an endless answer a part is read, and of that little is told', async () => {
  const answer = await deliver({ client: answering(500, ['why: '], 'flood'), url: 'http://r/', signal: new AbortController().signal })
  assert.ok(answer.body.length < 2 * 1024 * 1024)
  try {
    checkStatus(answer)
    assert.fail('500 is no success')
  } catch (error) {
    const { message, retry } = failureOf(error)
    assert.match(message, /^unexpected status code 500: why: x+…$/)
    assert.deepEqual([message.length, retry], [4096, true])
  }
})
