import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChunkWriter } from '../../base/chunk-writer.ts'
import { LabelSetWriter } from './label-set-writer.ts'
import { jsonLabels } from './text.ts'

function written(sets: readonly (readonly string[])[]): string {
  const writer = new ChunkWriter()
  const labels = new LabelSetWriter(writer)
  for (const [i, pairs] of sets.entries()) labels.write(i % 7 === 0 ? '' : ',', pairs, '\n')
  return Buffer.concat([...writer.end()]).toString('utf8')
}

test('label sets that begin alike, in chunks as they come, are the text of each by itself', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'long_enough_to_need_another_chunk')
  const value = fc.oneof(fc.constantFrom('', 'x', 'y', '"', 'é', '😀', 'z'.repeat(900)), fc.string({ unit: 'grapheme' }))
  const set = fc.array(fc.tuple(name, value), { maxLength: 4 }).map((pairs) => pairs.flat())
  fc.assert(
    fc.property(fc.array(set, { maxLength: 60 }), (sets) => {
      const inOrder = [...sets].sort((a, b) => (a.join() < b.join() ? -1 : 1))
      for (const list of [sets, inOrder])
        assert.equal(written(list), list.map((pairs, i) => `${i % 7 === 0 ? '' : ','}${jsonLabels(pairs).toWellFormed()}\n`).join(''))
    }),
    { seed: Number(process.env['PROMONTORY_SEED'] ?? 1) },
  )
})
