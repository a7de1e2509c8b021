import type { DbBlocks, LoadedBlock } from './db-blocks.ts'
import type { Window } from './window/window.ts'
import type { WindowSet } from './window-set.ts'

/** Windows and blocks with something between two times. */
export interface HeldParts {
  readonly windows: readonly Window[]
  readonly late: readonly Window[]
  readonly blocks: readonly LoadedBlock[]
  release(): void
}

/** What has something between the times, both inclusive, stays until it is released. */
export function holdParts(set: WindowSet, all: DbBlocks, minTime: number, maxTime: number): HeldParts {
  // While the log is read there may be windows again that are blocks.
  const isAsked = (window: Window) => window.end > set.cutTime && window.minTime <= maxTime && window.maxTime >= minTime
  const windows = set.windows.filter(isAsked)
  const late = set.late.all.filter(isAsked)
  const blocks = all.hold(minTime, maxTime)
  for (const window of [...windows, ...late]) window.pins++
  return {
    windows,
    late,
    blocks,
    release: () => {
      for (const window of [...windows, ...late]) window.pins--
      set.releaseParted()
      all.release(blocks)
    },
  }
}
