import type { Timestamp } from '../model/time.ts'
import type { DbBlocks } from './db-blocks.ts'
import { isThereInParts, mayHave } from './left-out-blocks.ts'
import { mayHaveHad } from './set-aside-blocks.ts'

/** What may be missing of what lies between the times, both inclusive, since blocks cannot be read; for people. */
export function missingBlocks(
  blocks: Pick<DbBlocks, 'metas' | 'leftOut' | 'setAside'>,
  minTime: Timestamp,
  maxTime: Timestamp,
): readonly string[] {
  const ulids = new Set(blocks.metas.map(({ ulid }) => ulid))
  const missed = blocks.leftOut.filter((one) => mayHave(one, minTime, maxTime) && !isThereInParts(one, ulids))
  const damaged = blocks.setAside.filter((one) => mayHaveHad(one, minTime, maxTime) && !isThereInParts(one, ulids))
  return [
    ...missed.map(({ directory, problem }) => `block ${directory} cannot be read, and what it has may be missing: ${problem}`),
    ...damaged.map(({ directory }) => `block ${directory} is set aside since it is damaged, and what it has may be missing`),
  ]
}
