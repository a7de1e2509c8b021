import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../model/labels.ts'
import { histogramSourceContract } from './histogram-source.contract.ts'
import { type MemorySeries, MemorySource } from './memory-source.ts'
import { type SourceUnderTest, seriesSourceContract } from './series-source.contract.ts'

const open = async (series: readonly MemorySeries[]): Promise<SourceUnderTest> => ({
  source: new MemorySource(series),
  close: async () => {},
})
seriesSourceContract('memory source', open)
histogramSourceContract('memory source', open)

test('a label set given twice, or times that do not rise, are refused', () => {
  const labels = Labels.of({ a: 'b' })
  assert.throws(() => new MemorySource([{ labels, timestamps: [2, 1], values: [1, 1] }]), /times of a series rise/)
  const one = { labels, timestamps: [1], values: [1] }
  assert.throws(() => new MemorySource([one, one]), /label set is given once/)
})
