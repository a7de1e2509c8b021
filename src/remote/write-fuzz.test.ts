import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FuzzedReceiver, fuzzedRequests } from '../../test/support/write-fuzz.ts'
import { field, snappyBlock } from '../../test/support/write-requests.ts'

test('whatever the bytes are, there is a status and a text', async () => {
  const receiver = new FuzzedReceiver()
  const seen = new Set<number>()
  await fc.assert(
    fc.asyncProperty(fuzzedRequests, async (request) => {
      seen.add(await receiver.check(request))
    }),
    { numRuns: 3000 },
  )
  assert.deepEqual([...seen].sort(), [204, 400])
})

test('requests that are small as sent and large as read are answered in bounded time', async () => {
  const receiver = new FuzzedReceiver()
  const filled = (sizeBytes: number, bytes: number[]) => Buffer.alloc(sizeBytes, Buffer.from(bytes))
  const size = 9 * 1024 * 1024
  for (const message of [
    filled(size, [0x0a, 0]),
    field(1, filled(size, [0x12, 0])),
    field(1, filled(size, [0x22, 0])),
    filled(size, [0x1a, 0]),
  ]) {
    assert.equal(await receiver.check({ version: 1, body: snappyBlock(message) }, 20_000), 400)
  }
  const noSymbols = field(5, field(1, filled(size, [0])))
  const oneHistogram = field(5, field(3, field(12, filled(size, [0]))))
  for (const message of [filled(size, [0x22, 0]), filled(size, [0x2a, 0]), noSymbols, oneHistogram]) {
    assert.equal(await receiver.check({ version: 2, body: snappyBlock(message) }, 20_000), 400)
  }
})
