import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChunkWriter } from './chunk-writer.ts'

test('what goes in comes out, in chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 3000 }), { maxLength: 60 }), (texts) => {
      const writer = new ChunkWriter()
      const chunks: Uint8Array[] = []
      for (const text of texts) {
        writer.text(text)
        writer.byte(10)
        writer.ascii('#')
        if (writer.hasFull) chunks.push(...writer.take())
      }
      chunks.push(...writer.end())
      assert.equal(Buffer.concat(chunks).toString('utf8'), texts.map((text) => `${text.toWellFormed()}\n#`).join(''))
    }),
    { numRuns: 50 },
  )
})

test('chunks stay small however much is written', () => {
  const writer = new ChunkWriter()
  for (let i = 0; i < 100_000; i++) writer.ascii('0123456789')
  const chunks = writer.end()
  assert.ok(chunks.every((chunk) => chunk.length <= 64 * 1024))
  assert.equal(
    chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    1_000_000,
  )
})
