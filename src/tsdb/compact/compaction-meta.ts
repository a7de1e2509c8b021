import type { Timestamp } from '../../model/time.ts'
import type { BlockCompaction, BlockMeta } from '../block/block-meta.ts'

// What a block's meta.json says of where it came from, and what becomes of that when blocks are put together.
// docs/formats/blocks.md, docs/decisions/0010-what-replay-skips.md.

/** The block was cut from a window: the log does not have to bring back what is older than its end. */
export const HINT_FROM_WINDOW = 'from-window'
/** A part of the block was: the log does not have to bring back what is older than the time that follows. */
const HINT_FROM_WINDOW_UNTIL = 'from-window-until-'
/** Source: Prometheus tsdb/block.go, CompactionHintFromOutOfOrder, CompactionHintFromStaleSeries. */
export const HINT_FROM_OUT_OF_ORDER = 'from-out-of-order'
export const HINT_FROM_STALE_SERIES = 'from-stale-series'

/** The samples of our log that are older are in this block; -Infinity: it says nothing of our log. */
export function cutTimeOf({ maxTime, compaction }: BlockMeta): Timestamp {
  let cutTime = Number.NEGATIVE_INFINITY
  for (const hint of compaction.hints) {
    if (hint === HINT_FROM_WINDOW) cutTime = Math.max(cutTime, maxTime)
    const until = hint.startsWith(HINT_FROM_WINDOW_UNTIL) ? hint.slice(HINT_FROM_WINDOW_UNTIL.length) : ''
    if (/^-?\d{1,15}$/.test(until)) cutTime = Math.max(cutTime, Number(until))
  }
  return cutTime
}

/** What a block is that is made of others. Source: Prometheus tsdb/compact.go, CompactBlockMetas; hints but for those of stale series are ours. */
export function compactedMeta(parents: readonly BlockMeta[]): {
  readonly range: { readonly minTime: Timestamp; readonly maxTime: Timestamp }
  readonly compaction: BlockCompaction
} {
  const minTime = Math.min(...parents.map((parent) => parent.minTime))
  const maxTime = Math.max(...parents.map((parent) => parent.maxTime))
  const level = 1 + Math.max(...parents.map(({ compaction }) => compaction.level))
  const sources = [...new Set(parents.flatMap(({ compaction }) => compaction.sources))].sort()
  const hints: string[] = []
  for (const hint of [HINT_FROM_OUT_OF_ORDER, HINT_FROM_STALE_SERIES])
    if (parents.every(({ compaction }) => compaction.hints.includes(hint))) hints.push(hint)
  const cutTime = Math.max(...parents.map(cutTimeOf))
  if (cutTime === maxTime) hints.push(HINT_FROM_WINDOW)
  else if (cutTime > Number.NEGATIVE_INFINITY) hints.push(`${HINT_FROM_WINDOW_UNTIL}${cutTime}`)
  return {
    range: { minTime, maxTime },
    compaction: {
      level,
      sources,
      parents: parents.map(({ ulid, minTime, maxTime }) => ({ ulid, minTime, maxTime })),
      deletable: false,
      failed: false,
      hints,
    },
  }
}
