import type { Clock } from '../base/env.ts'
import { MergeSource } from '../storage/merge-source.ts'
import type { SeriesSource } from '../storage/series-source.ts'
import type { SelectionCache } from './window/selection-cache.ts'
import type { Window } from './window/window.ts'
import { WindowsSource } from './windows-source.ts'

export interface DbParts {
  /** In time order; they do not overlap. */
  readonly windows: readonly Window[]
  /** Beside them, the same. */
  readonly late: readonly Window[]
  readonly blocks: readonly SeriesSource[]
}

/** Windows and blocks as one: what a database answers from, in whatever thread. Whoever has it holds what it reads. */
export function dbSource({ windows, late, blocks }: DbParts, clock: Clock, selections?: SelectionCache): SeriesSource {
  const inOrder = new WindowsSource(windows, clock, selections)
  if (late.length === 0 && blocks.length === 0) return inOrder
  return new MergeSource('tsdb', [inOrder, ...(late.length === 0 ? [] : [new WindowsSource(late, clock, selections)]), ...blocks])
}
