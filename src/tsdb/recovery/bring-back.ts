import { Breather } from '../../base/breather.ts'
import type { Clock } from '../../base/env.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { SelectRequest } from '../../storage/series-source.ts'
import type { CommitQueue } from '../commit-queue.ts'
import { estimateRead } from '../estimate-read.ts'
import { matchAtAnyTime } from '../window/match.ts'
import { NO_SLOT } from '../window/window.ts'
import type { WindowSet } from '../window-set.ts'
import type { UnappliedSamples } from './unapplied-samples.ts'

/** Of more series, to bring them back takes about as long as bringing back all. */
const SERIES_MAX = 20_000

/**
 * Brings into the windows what a select may find of the log, and of what came meanwhile, before its turn. False, and nothing was done, where
 * that takes as long as to wait for all. Rejects when the signal aborts.
 */
export async function bringBack(
  request: Pick<SelectRequest, 'matchers' | 'minTime' | 'maxTime'>,
  signal: AbortSignal,
  clock: Clock,
  windows: WindowSet,
  unapplied: UnappliedSamples | undefined,
  queue: Pick<CommitQueue, 'earlyMinTime' | 'applyEarly'>,
): Promise<boolean> {
  const { maxTime } = request
  // What the log has of earlier times is in blocks.
  if (maxTime < (unapplied === undefined ? Number.POSITIVE_INFINITY : windows.cutTime) && maxTime < queue.earlyMinTime) return true
  // Of any time: where samples are missing the windows do not say yet which times they have.
  const { seriesCount } = estimateRead(windows.windows, [], {
    ...request,
    minTime: Number.NEGATIVE_INFINITY,
    maxTime: Number.POSITIVE_INFINITY,
  })
  if (seriesCount > SERIES_MAX) return false
  const isWanted = await wantedSlots(request.matchers, windows, new Breather(clock, signal))
  if (isWanted === undefined) return false
  if (unapplied !== undefined && !(await unapplied.bring(isWanted))) return false
  signal.throwIfAborted()
  return queue.applyEarly(isWanted)
}

/** By slot: 1 where a series fulfils the matchers; undefined: they are too many. */
async function wantedSlots(matchers: readonly Matcher[], set: WindowSet, breather: Breather): Promise<Uint8Array | undefined> {
  const windows = [...set.windows]
  // The replay may end meanwhile, and let go of windows that are blocks.
  for (const window of windows) window.pins++
  try {
    const isWanted = new Uint8Array(set.slots.count)
    let count = 0
    for (const window of windows) {
      const found = await matchAtAnyTime(window, matchers, breather)
      count += found.length
      if (count > SERIES_MAX) return undefined
      for (const series of found) {
        const slot = window.slot(series)
        if (slot !== NO_SLOT) isWanted[slot] = 1
      }
    }
    return isWanted
  } finally {
    for (const window of windows) window.pins--
    set.releaseParted()
  }
}
