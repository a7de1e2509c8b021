import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { uncompressSync } from 'snappy'
import { SnappyDecoder } from './snappy-block.ts'
import { SnappyEncoder } from './snappy-encoder.ts'

const encoder = new SnappyEncoder()
const decoder = new SnappyDecoder(2 ** 24)

function check(bytes: Uint8Array): number {
  const block = encoder.encode(bytes)
  assert.deepEqual(Buffer.from(decoder.decode(block)), Buffer.from(bytes))
  assert.deepEqual(uncompressSync(Buffer.from(block)), Buffer.from(bytes))
  return block.length
}

test('what was encoded is decoded, by us and by the library', () => {
  for (const size of [0, 1, 4, 15, 16, 17, 60, 61, 64, 65, 68, 256, 257, 65_535, 65_536, 65_537, 200_000]) {
    check(new Uint8Array(size))
    check(new Uint8Array(size).map((_, i) => i * 7919))
    check(new Uint8Array(size).map((_, i) => Math.imul(i, 0x9e3779b1) >>> 24))
  }
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(Buffer.from('__name__'), Buffer.alloc(70, 1), Buffer.from('http_requests_total')),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 200 }), (parts) => void check(Buffer.concat(parts))),
    { seed: Number(process.env.PROMONTORY_SEED ?? 1), numRuns: 300 },
  )
})

test('what repeats becomes small', () => {
  const text = Array.from({ length: 2000 }, (_, i) => `__name__ http_requests_total instance 10.0.0.${i % 250} job api ${i}`).join()
  assert.ok(check(Buffer.from(text)) < text.length / 4)
})
