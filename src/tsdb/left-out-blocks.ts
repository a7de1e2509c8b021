import type { Timestamp } from '../model/time.ts'
import type { BlockMeta } from './block/block-meta.ts'
import type { Ulid } from './block/ulid.ts'

/** A block that is there and is not answered from, since it cannot be read now. */
export interface LeftOutBlock {
  readonly directory: string
  /** What the disk, or the block, said. */
  readonly problem: string
  /** Undefined: that cannot be read either. */
  readonly meta: BlockMeta | undefined
  /** It is what it should not be, and nobody waits for it. */
  readonly isDamaged: boolean
}

/** Whether a block may have something between the times, both inclusive. */
export function mayHave({ meta }: LeftOutBlock, minTime: Timestamp, maxTime: Timestamp): boolean {
  return meta === undefined || overlaps(meta, minTime, maxTime)
}

/** Whether a block has something between the times, both inclusive. */
export function overlaps(meta: BlockMeta, minTime: Timestamp, maxTime: Timestamp): boolean {
  return meta.minTime <= maxTime && meta.maxTime > minTime
}

/** Whether blocks that can be read, by their ULIDs, are all that it was made of: nothing is missing without it. */
export function isThereInParts({ meta }: Pick<LeftOutBlock, 'meta'>, ulids: ReadonlySet<Ulid>): boolean {
  const parents = meta?.compaction.parents.filter(({ ulid }) => ulid !== meta.ulid) ?? []
  return parents.length > 0 && parents.every(({ ulid }) => ulids.has(ulid))
}
