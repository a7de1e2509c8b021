import type { Breather } from '../../base/breather.ts'
import { Labels } from '../../model/labels.ts'
import type { QueryContext, SelectRequest, Series } from '../../storage/series-source.ts'
import { SERIES_BATCH } from '../../storage/series-source.ts'
import { ChunkCopier } from './chunk-copier.ts'
import { type FoundSeries, type LabelRanks, rankLabels } from './label-ranks.ts'
import { matchBytesMax, matchSeries } from './match.ts'
import { PartLabels } from './part-labels.ts'
import { ORDER_BYTES, orderSeries } from './series-order.ts'
import type { Window } from './window.ts'

/** Bytes that a label pair of the series takes: its place in a map, and its text. */
const RANK_BYTES = 100
/** Bytes that a part of the labels takes, for each series at most. */
const PART_BYTES = 4

/**
 * Selects from windows that do not overlap and are in time order: one series has its chunks of all windows. The bytes of a
 * batch lie in one buffer, which the next batch takes over. Lets others run between batches, and while it searches.
 *
 * Series are put into order, and found to be the same in several windows, by the ranks of their label pairs; labels are made at last.
 */
export async function* selectFromWindows(
  windows: readonly Window[],
  request: SelectRequest,
  ctx: QueryContext,
  breather: Breather,
): AsyncIterable<readonly Series[]> {
  const { minTime, maxTime, hints } = request
  for (const window of windows) window.pins++
  const copier = new ChunkCopier(ctx.budget)
  let heldBytes = 0
  const hold = (bytes: number) => {
    ctx.budget.chargeBytes(bytes)
    heldBytes += bytes
  }
  try {
    const found: FoundSeries[] = []
    let foundCount = 0
    for (const window of windows) {
      ctx.signal.throwIfAborted()
      const series = await findSeries(window, request, ctx, breather)
      heldBytes += series.buffer.byteLength
      foundCount += series.length
      if (series.length > 0) found.push({ window, series })
    }
    hold(found.reduce((sum, { window }) => sum + 4 * window.pairs.count, foundCount * ORDER_BYTES))
    const ranks = await rankLabels(found, breather)
    hold(ranks.names.length * RANK_BYTES)
    if (hints?.labelNames !== undefined) hold(foundCount * PART_BYTES)
    const part = hints?.labelNames && new PartLabels(ranks, hints.labelNames, foundCount)
    const order = await orderSeries(found, ranks, part, breather)
    const { series, isSame } = order
    const wantsChunks = hints?.func !== 'series'
    // What was deleted, or came late, may be the newest.
    const newestOnly = hints?.newestOnly === true && found.every(({ window }) => !window.isLate && window.tombstones.isEmpty)
    for (let from = 0; from < series.length; ) {
      ctx.signal.throwIfAborted()
      copier.beginBatch()
      const batch: Series[] = []
      while (batch.length < SERIES_BATCH && from < series.length) {
        let to = from + 1
        while (to < series.length && isSame[to] === 1) to++
        let isNewestThere = false
        for (let i = to - 1; i >= from && !isNewestThere && wantsChunks; i--) {
          const { window } = found[order.window[i]]
          if (newestOnly) {
            let count = copier.collectNewest(window, series[i], maxTime)
            while (count === undefined) {
              await window.catchUp()
              count = copier.collectNewest(window, series[i], maxTime)
            }
            isNewestThere = count > 0
          } else while (!copier.collect(window, series[i], minTime, maxTime)) await window.catchUp()
        }
        const chunks = copier.take()
        const place = from
        from = to
        if (chunks.length === 0 && wantsChunks) continue
        const w = order.window[place]
        const labels = part?.labels(order.item[place]) ?? allLabels(found[w].window, series[place], ranks, w)
        batch.push({ labels, chunks })
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

function allLabels(window: Window, series: number, { names, values, ofPair }: LabelRanks, place: number): Labels {
  const count = window.labelCount(series)
  const texts = new Array<string>(2 * count)
  for (let i = 0; i < count; i++) {
    const rank = window.rankAt(series, i, ofPair[place])
    texts[2 * i] = names[rank]
    texts[2 * i + 1] = values[rank]
  }
  return Labels.fromSortedPairs(texts)
}

/** The series of a window. What they take is charged. */
async function findSeries(
  window: Window,
  { matchers, minTime, maxTime }: SelectRequest,
  { budget }: QueryContext,
  breather: Breather,
): Promise<Uint32Array> {
  const bytesMax = matchBytesMax(window)
  let held = bytesMax
  budget.chargeBytes(bytesMax)
  try {
    const series = await matchSeries(window, matchers, minTime, maxTime, breather)
    held -= series.buffer.byteLength
    return series
  } finally {
    budget.releaseBytes(held)
  }
}
