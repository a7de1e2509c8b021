import type { Chunk } from '../../chunkenc/codec.ts'
import { compareLabels, type Labels } from '../../model/labels.ts'
import { mergeChunks } from '../../storage/merge-chunks.ts'
import { overlay, type Series, type SeriesSource } from '../../storage/series-source.ts'
import type { Block } from '../block/block.ts'
import { INDEX_FILE } from '../block/block-index.ts'
import type { BlockMeta } from '../block/block-meta.ts'
import { DamageError } from '../block/damage.ts'
import { withoutDeleted } from '../block/delete-samples.ts'
import type { PageBuffers } from '../block/page-buffers.ts'

/**
 * A block as a block writer wants it, whoever made the block: series in label order, or DamageError; chunks that do not overlap and have
 * samples of the block's time only, or they are made so. `buffers` are those that the block is read with.
 */
export function orderlySource(block: Block, buffers: PageBuffers): SeriesSource {
  return overlay(block, {
    async *select(request, ctx) {
      let last: Labels | undefined
      for await (const batch of block.select(request, ctx)) {
        const orderly: Series[] = []
        for (const series of batch) {
          const { labels } = series
          if (last !== undefined && compareLabels(last, labels) >= 0)
            throw new DamageError(`${block.directory}/${INDEX_FILE}`, 0, `series after ${last}`, String(labels), 'later in label order')
          last = labels
          const chunks = orderlyChunks(series.chunks, block.meta)
          if (chunks.length > 0) orderly.push(chunks === series.chunks ? series : { labels, chunks })
        }
        if (orderly.length > 0) yield orderly
        // Who asks for the next batch is done with this one.
        buffers.settle()
      }
    },
  })
}

function orderlyChunks(chunks: readonly Chunk[], { minTime, maxTime }: BlockMeta): readonly Chunk[] {
  let isOrderly = true
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i]
    if (chunk.minTime < minTime || chunk.maxTime >= maxTime || (i > 0 && chunk.minTime <= chunks[i - 1].maxTime)) isOrderly = false
  }
  if (isOrderly) return chunks
  const outside = [
    { minTime: Number.NEGATIVE_INFINITY, maxTime: minTime - 1 },
    { minTime: maxTime, maxTime: Number.POSITIVE_INFINITY },
  ]
  const inside = chunks.flatMap((chunk) => (chunk.minTime < minTime || chunk.maxTime >= maxTime ? withoutDeleted(chunk, outside) : [chunk]))
  return mergeChunks(inside.map((chunk) => [chunk]))
}
