import type { Breather } from '../../base/breather.ts'
import type { Chunk } from '../../chunkenc/codec.ts'
import { compareLabels, type Labels } from '../../model/labels.ts'
import { mergeChunks } from '../../storage/merge-chunks.ts'
import type { QueryContext, SelectRequest, Series } from '../../storage/series-source.ts'
import { SERIES_BATCH } from '../../storage/series-source.ts'
import { ChunkPlaces } from './chunk-places.ts'
import { type ChunkPlace, copyChunk, leftOf } from './copy-chunk.ts'
import { matchBytesMax, matchSeries, sortByLabels } from './match.ts'
import type { Window } from './window.ts'

/** The series of one window that a select found, in label order. */
class Cursor {
  readonly window: Window
  readonly #series: Uint32Array
  #next = 0
  labels: Labels | undefined
  series = 0

  constructor(window: Window, series: Uint32Array) {
    this.window = window
    this.#series = series
    this.advance()
  }

  /** What the cursor holds of the query's memory. */
  get heldBytes(): number {
    return this.#series.buffer.byteLength
  }

  advance(): void {
    if (this.#next === this.#series.length) {
      this.labels = undefined
      return
    }
    this.series = this.#series[this.#next++]
    this.labels = this.window.labels(this.series)
  }
}

/**
 * Selects from windows that do not overlap and are in time order: one series has its chunks of all windows. The bytes of a
 * batch lie in one buffer, which the next batch takes over. Lets others run between batches, and while it searches.
 */
export async function* selectFromWindows(
  windows: readonly Window[],
  request: SelectRequest,
  ctx: QueryContext,
  breather: Breather,
): AsyncIterable<readonly Series[]> {
  const { minTime, maxTime } = request
  for (const window of windows) window.pins++
  let buffer = new Uint8Array(0)
  const cursors: Cursor[] = []
  try {
    for (const window of windows) {
      ctx.signal.throwIfAborted()
      cursors.push(await openCursor(window, request, ctx, breather))
    }
    for (;;) {
      const found: { labels: Labels; places: readonly ChunkPlace[]; isLate: boolean }[] = []
      let byteCount = 0
      while (found.length < SERIES_BATCH) {
        const labels = smallest(cursors)
        if (labels === undefined) break
        const chunks = new ChunkPlaces()
        for (const cursor of cursors) {
          if (cursor.labels === undefined || !cursor.labels.equals(labels)) continue
          while (!chunks.collect(cursor.window, cursor.series, minTime, maxTime)) await cursor.window.catchUp()
          cursor.advance()
        }
        if (chunks.places.length === 0) continue
        found.push({ labels, places: chunks.places, isLate: chunks.isLate })
        byteCount += chunks.byteCount
      }
      ctx.signal.throwIfAborted()
      if (found.length === 0) return
      if (byteCount > buffer.length) {
        const size = Math.max(byteCount, 2 * buffer.length)
        ctx.budget.chargeBytes(size)
        ctx.budget.releaseBytes(buffer.length)
        buffer = new Uint8Array(size)
      }
      let at = 0
      const batch: Series[] = []
      for (const { labels, places, isLate } of found) {
        const chunks: Chunk[] = []
        for (const place of places) {
          const chunk = copyChunk(place, buffer, at)
          if (place.deleted === undefined) chunks.push(chunk)
          else chunks.push(...leftOf(place, chunk))
          at = chunk.end
        }
        if (chunks.length === 0) continue
        // Of two samples of one time that which came first stays.
        batch.push({ labels, chunks: isLate ? mergeChunks(chunks.map((chunk) => [chunk])) : chunks })
      }
      if (batch.length > 0) yield batch
      if (breather.isDue()) await breather.rest()
    }
  } finally {
    ctx.budget.releaseBytes(buffer.length)
    for (const cursor of cursors) ctx.budget.releaseBytes(cursor.heldBytes)
    for (const window of windows) window.pins--
  }
}

/** Finds the series of a window. What the cursor holds is charged. */
async function openCursor(
  window: Window,
  { matchers, minTime, maxTime }: SelectRequest,
  { budget }: QueryContext,
  breather: Breather,
): Promise<Cursor> {
  const bytesMax = matchBytesMax(window)
  let held = bytesMax
  budget.chargeBytes(bytesMax)
  try {
    const series = await matchSeries(window, matchers, minTime, maxTime, breather)
    await sortByLabels(window, series, breather)
    const cursor = new Cursor(window, series)
    held -= cursor.heldBytes
    return cursor
  } finally {
    budget.releaseBytes(held)
  }
}

function smallest(cursors: readonly Cursor[]): Labels | undefined {
  let labels: Labels | undefined
  for (const cursor of cursors) {
    if (cursor.labels === undefined) continue
    if (labels === undefined || compareLabels(cursor.labels, labels) < 0) labels = cursor.labels
  }
  return labels
}
