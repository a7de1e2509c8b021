import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../model/labels.ts'
import { MemorySource } from './memory-source.ts'
import { seriesSourceContract } from './series-source.contract.ts'

seriesSourceContract('memory source', async (series) => ({ source: new MemorySource(series), close: async () => {} }))

test('a label set given twice, or times that do not rise, are refused', () => {
  const labels = Labels.of({ a: 'b' })
  assert.throws(() => new MemorySource([{ labels, timestamps: [2, 1], values: [1, 1] }]), /times of a series rise/)
  const one = { labels, timestamps: [1], values: [1] }
  assert.throws(() => new MemorySource([one, one]), /label set is given once/)
})
