import type { Breather } from '../../base/breather.ts'
import type { Labels } from '../../model/labels.ts'
import { evenly } from '../../storage/label-range.ts'
import type { QueryContext, SelectRequest, Series } from '../../storage/series-source.ts'
import { SERIES_BATCH } from '../../storage/series-source.ts'
import { ChunkCopier } from './chunk-copier.ts'
import type { FoundSeries } from './label-ranks.ts'
import { matchBytesMax, matchSeries } from './match.ts'
import { seriesInRange } from './series-in-range.ts'
import { walkInAnyOrder, walkInOrder } from './series-walk.ts'
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
): AsyncIterable<readonly Series[]> {
  const { minTime, maxTime, hints, labelRange } = request
  for (const window of windows) window.pins++
  const copier = new ChunkCopier(ctx.budget)
  let heldBytes = 0
  const hold = (bytes: number) => {
    ctx.budget.chargeBytes(bytes)
    heldBytes += bytes
  }
  try {
    const found: FoundSeries[] = []
    for (const window of windows) {
      ctx.signal.throwIfAborted()
      const series = await findSeries(window, request, ctx, breather, labelRange && ((all) => seriesInRange(window, all, labelRange)))
      heldBytes += series.buffer.byteLength
      if (series.length > 0) found.push({ window, series })
    }
    const names = hints?.labelNames
    const inAnyOrder = hints?.anyOrder === true && names !== undefined
    const walk = await (inAnyOrder ? walkInAnyOrder(found, names, hold, breather) : walkInOrder(found, names, hold, breather))
    const wantsChunks = hints?.func !== 'series'
    // What was deleted, or came late, may be the newest.
    const newestOnly = hints?.newestOnly === true && found.every(({ window }) => !window.isLate && window.tombstones.isEmpty)
    for (let isThere = walk.next(); isThere; ) {
      ctx.signal.throwIfAborted()
      copier.beginBatch()
      const batch: Series[] = []
      for (; isThere && batch.length < SERIES_BATCH; isThere = walk.next()) {
        let isNewestThere = false
        for (let i = walk.count - 1; i >= 0 && !isNewestThere && wantsChunks; i--) {
          const { window } = found[walk.window[i]]
          const series = walk.series[i]
          if (newestOnly) {
            let count = copier.collectNewest(window, series, maxTime)
            while (count === undefined) {
              await window.catchUp()
              count = copier.collectNewest(window, series, maxTime)
            }
            isNewestThere = count > 0
          } else while (!copier.collect(window, series, minTime, maxTime)) await window.catchUp()
        }
        const chunks = copier.take()
        if (chunks.length > 0 || !wantsChunks) batch.push({ labels: walk.labels(), chunks })
      }
      copier.endBatch()
      if (batch.length > 0) yield batch
      if (breather.isDue()) await breather.rest()
    }
  } finally {
    copier.close()
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
  const series = await findSeries(window, request, ctx, breather, (all) => Uint32Array.from(evenly(all)).sort())
  ctx.budget.releaseBytes(series.buffer.byteLength)
  return Array.from(series, (one) => window.labels(one))
}

/** The series of a window. What they take is charged. */
async function findSeries(
  window: Window,
  { matchers, minTime, maxTime }: SelectRequest,
  { budget }: QueryContext,
  breather: Breather,
  narrow?: (candidates: Uint32Array) => Uint32Array,
): Promise<Uint32Array> {
  const bytesMax = matchBytesMax(window)
  let held = bytesMax
  budget.chargeBytes(bytesMax)
  try {
    const series = await matchSeries(window, matchers, minTime, maxTime, breather, narrow)
    held -= series.buffer.byteLength
    return series
  } finally {
    budget.releaseBytes(held)
  }
}
