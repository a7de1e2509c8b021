import type { Breather } from '../../base/breather.ts'
import type { Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import { evenly } from '../../storage/label-range.ts'
import type { QueryContext, SelectRequest, Series } from '../../storage/series-source.ts'
import { SERIES_BATCH } from '../../storage/series-source.ts'
import { giveBackChunkCopier, takeChunkCopier } from './chunk-copier.ts'
import { findSeries, walkOf } from './find-series.ts'
import { seriesThatReach } from './match.ts'
import type { SelectionCache } from './selection-cache.ts'
import type { SeriesWalk } from './series-walk.ts'
import type { Window } from './window.ts'

/**
 * Selects from windows that do not overlap and are in time order: one series has its chunks of all windows. The bytes of a
 * batch lie in one buffer, which the next batch takes over. Lets others run between batches, and while it searches.
 *
 * Which series are the same in several windows is found out by numbers, and so is their order where it is wanted; labels are made at last.
 */
export async function* selectFromWindows(
  windows: readonly Window[],
  request: SelectRequest,
  ctx: QueryContext,
  breather: Breather,
  selections?: SelectionCache,
): AsyncIterable<readonly Series[]> {
  const { minTime, maxTime, hints } = request
  for (const window of windows) window.pins++
  const copier = takeChunkCopier(ctx.budget)
  let heldBytes = 0
  const hold = (bytes: number) => {
    ctx.budget.chargeBytes(bytes)
    heldBytes += bytes
  }
  try {
    const walk = await walkOf(windows, request, { ctx, hold, breather }, selections)
    const wantsChunks = hints?.func !== 'series'
    // What was deleted, or came late, may be the newest.
    const newestOnly = hints?.newestOnly === true && walk.windows.every((window) => !window.isLate && window.tombstones.isEmpty)
    for (let isThere = walk.next(); isThere; ) {
      ctx.signal.throwIfAborted()
      copier.beginBatch()
      const batch: Series[] = []
      for (; isThere && batch.length < SERIES_BATCH; isThere = walk.next()) {
        let isNewestThere = false
        for (let i = walk.count - 1; i >= 0 && !isNewestThere && wantsChunks; i--) {
          const window = walk.windows[walk.window[i]]
          const series = walk.series[i]
          if (newestOnly) {
            let count = copier.collectNewest(window, series, minTime, maxTime)
            while (count === undefined) {
              await window.catchUp()
              count = copier.collectNewest(window, series, minTime, maxTime)
            }
            isNewestThere = count > 0
          } else while (!copier.collect(window, series, minTime, maxTime)) await window.catchUp()
        }
        const chunks = copier.take()
        if (wantsChunks ? chunks.length > 0 : reaches(walk, minTime, maxTime)) batch.push({ labels: walk.labels(), chunks })
      }
      copier.endBatch()
      if (batch.length > 0) yield batch
      if (breather.isDue()) await breather.rest()
    }
  } finally {
    giveBackChunkCopier(copier)
    ctx.budget.releaseBytes(heldBytes)
    for (const window of windows) window.pins--
  }
}

/** The labels of some of the series of a window that a request selects. */
export async function sampleOfWindow(
  window: Window,
  request: SelectRequest,
  ctx: QueryContext,
  breather: Breather,
): Promise<readonly Labels[]> {
  ctx.signal.throwIfAborted()
  if (window.minTime > request.maxTime || window.maxTime < request.minTime) return []
  const found = await findSeries(window, request, ctx, breather, (all) => Uint32Array.from(evenly(all)).sort())
  const series = await seriesThatReach(window, found, request.minTime, request.maxTime, breather)
  return Array.from(series, (one) => window.labels(one))
}

/** Whether the series has samples between the times, or may have. */
function reaches({ count, windows, window, series }: SeriesWalk, minTime: Timestamp, maxTime: Timestamp): boolean {
  for (let i = 0; i < count; i++) if (windows[window[i]].overlaps(series[i], minTime, maxTime)) return true
  return false
}
