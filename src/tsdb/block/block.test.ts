import assert from 'node:assert/strict'
import { histogramSourceContract } from '../../storage/histogram-source.contract.ts'
import { seriesSourceContract } from '../../storage/series-source.contract.ts'
import { writtenBlock } from './block.fixture.ts'

for (const [kind, options] of [
  ['block', {}],
  ['block whose cache holds nothing', { cacheBytes: 0 }],
  ['block in many segments', { segmentBytesMax: 2000 }],
] as const) {
  const open = async (series: Parameters<typeof writtenBlock>[0]) => {
    const { block, cache } = await writtenBlock(series, options)
    const close = async () => {
      await block.close()
      assert.deepEqual([cache.usedBytes, cache.entryCount], [0, 0], 'a closed block holds nothing of the cache')
    }
    return { source: block, close }
  }
  seriesSourceContract(kind, open)
  histogramSourceContract(kind, open)
}
