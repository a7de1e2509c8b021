import type { BlockMeta } from '../block/block-meta.ts'
import { HINT_FROM_STALE_SERIES } from './compaction-meta.ts'

// Which blocks are put together next. Source: Prometheus tsdb/compact.go, LeveledCompactor.plan; tsdb/db.go, validateOpts.
//
// 1. Blocks that overlap come first: what is stored twice costs every query.
// 2. Of the others the newest is left alone, so that a backup has a whole block range to take it in.
// 3. Blocks that are to be passed over, since compacting them failed, hold up nothing but their own stretch of time.

/** Each range is so many of the one before. */
const RANGE_FACTOR = 3
/** As many as upstream has. */
const RANGE_COUNT_MAX = 10
/** Share of the series with tombstones from which a large block is written anew. */
const TOMBSTONE_SHARE = 0.05

const MAX_BLOCK_MS = 31 * 86_400_000

/** How long blocks grow when nobody says: a tenth of the retention, and at most 31 days. Source: Prometheus cmd/prometheus/main.go. */
export function defaultMaxBlockMs(retentionMs: number): number {
  return retentionMs > 0 ? Math.min(MAX_BLOCK_MS, Math.floor(retentionMs / 10)) : MAX_BLOCK_MS
}

export type PlanReason = 'overlap' | 'level' | 'tombstones'

/** Blocks that are to become one, by `minTime`. */
export interface CompactionPlan {
  readonly reason: PlanReason
  readonly blocks: readonly BlockMeta[]
}

/** The ranges that blocks grow to: 2 h, 6 h, 18 h … up to `maxMs`, and the first of them always. */
export function blockRanges(minMs: number, maxMs: number): readonly number[] {
  const ranges = [minMs]
  for (let range = minMs * RANGE_FACTOR; range <= maxMs && ranges.length < RANGE_COUNT_MAX; range *= RANGE_FACTOR) ranges.push(range)
  return ranges
}

/** What to do next, if anything. `blocks` in any order; `isPassedOver`: compacting it failed. */
export function planCompaction(
  blocks: readonly BlockMeta[],
  ranges: readonly number[],
  isPassedOver: (meta: BlockMeta) => boolean,
): CompactionPlan | undefined {
  const sorted = [...blocks].sort((a, b) => a.minTime - b.minTime || a.maxTime - b.maxTime)
  // A block of series that ended says nothing of the others of its time: the two kinds are never put together.
  const isStale = ({ compaction }: BlockMeta) => compaction.hints.includes(HINT_FROM_STALE_SERIES)
  return (
    planClass(
      sorted.filter((meta) => !isStale(meta)),
      ranges,
      isPassedOver,
    ) ?? planClass(sorted.filter(isStale), ranges, isPassedOver)
  )
}

function planClass(
  blocks: readonly BlockMeta[],
  ranges: readonly number[],
  isPassedOver: (meta: BlockMeta) => boolean,
): CompactionPlan | undefined {
  const overlapping = firstOverlap(blocks.filter((meta) => !isPassedOver(meta)))
  if (overlapping.length > 0) return { reason: 'overlap', blocks: overlapping }
  const older = blocks.slice(0, -1)
  const level = nextLevel(older, ranges, isPassedOver)
  if (level !== undefined) return { reason: 'level', blocks: level }
  const dirty = withManyTombstones(older, ranges, isPassedOver)
  return dirty === undefined ? undefined : { reason: 'tombstones', blocks: [dirty] }
}

/** The first blocks that hang together by sharing time. */
function firstOverlap(blocks: readonly BlockMeta[]): readonly BlockMeta[] {
  let group: BlockMeta[] = []
  let maxTime = Number.NEGATIVE_INFINITY
  for (const meta of blocks) {
    if (meta.minTime >= maxTime) {
      if (group.length > 1) return group
      group = []
    }
    group.push(meta)
    maxTime = Math.max(maxTime, meta.maxTime)
  }
  return group.length > 1 ? group : []
}

/** Blocks that fill a range, or that nothing comes to any more because a newer block is beyond it; the smallest range first. */
function nextLevel(
  blocks: readonly BlockMeta[],
  ranges: readonly number[],
  isPassedOver: (meta: BlockMeta) => boolean,
): readonly BlockMeta[] | undefined {
  const newest = blocks.at(-1)
  if (newest === undefined) return undefined
  for (const range of ranges.slice(1)) {
    for (const part of splitByRange(blocks, range)) {
      if (part.length < 2 || part.some(isPassedOver)) continue
      const start = part[0].minTime
      const end = part[part.length - 1].maxTime
      if (end - start === range || end <= newest.minTime) return part
    }
  }
  return undefined
}

/** The blocks by stretches of a range's length, counted from 0; without those that reach over an end of theirs. */
export function splitByRange(blocks: readonly BlockMeta[], rangeMs: number): readonly (readonly BlockMeta[])[] {
  const parts: BlockMeta[][] = []
  for (let i = 0; i < blocks.length; ) {
    const end = (Math.floor(blocks[i].minTime / rangeMs) + 1) * rangeMs
    const part: BlockMeta[] = []
    for (; i < blocks.length && blocks[i].maxTime <= end; i++) part.push(blocks[i])
    if (part.length > 0) parts.push(part)
    else i++
  }
  return parts
}

/** The newest block of which enough was deleted; a small one waits for its next level, unless nothing of it is left. */
function withManyTombstones(
  blocks: readonly BlockMeta[],
  ranges: readonly number[],
  isPassedOver: (meta: BlockMeta) => boolean,
): BlockMeta | undefined {
  const largeMs = ranges[Math.floor(ranges.length / 2)]
  for (const meta of [...blocks].reverse()) {
    if (isPassedOver(meta)) continue
    const { numTombstones, numSeries } = meta.stats
    if (meta.maxTime - meta.minTime < largeMs) return numTombstones > 0 && numTombstones >= numSeries ? meta : undefined
    if (numTombstones / (numSeries + 1) > TOMBSTONE_SHARE) return meta
  }
  return undefined
}
