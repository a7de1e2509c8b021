import type { Breather } from '../../base/breather.ts'
import { type Chunk, ChunkEncoding } from '../../chunkenc/codec.ts'
import { XOR_HEADER_BYTES } from '../../chunkenc/xor.ts'
import { compareLabels, type Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import type { QueryContext, SelectRequest, Series } from '../../storage/series-source.ts'
import { SERIES_BATCH } from '../../storage/series-source.ts'
import { matchBytesMax, matchSeries, sortByLabels } from './match.ts'
import type { ChunkVisitor, Window } from './window.ts'

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

interface ChunkPlace {
  readonly window: Window
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly sampleCount: number
  readonly firstCell: number
  readonly byteCount: number
}

/** Notes the chunks of one series, oldest first, and the room they need. */
class ChunkPlaces implements ChunkVisitor {
  readonly places: ChunkPlace[] = []
  #window!: Window
  #at = 0
  byteCount = 0

  collect(window: Window, series: number, minTime: Timestamp, maxTime: Timestamp): void {
    this.#window = window
    this.#at = this.places.length
    window.visitChunks(series, minTime, maxTime, this)
  }

  chunk(minTime: Timestamp, maxTime: Timestamp, sampleCount: number, firstCell: number, byteCount: number): void {
    this.places.splice(this.#at, 0, { window: this.#window, minTime, maxTime, sampleCount, firstCell, byteCount })
    this.byteCount += XOR_HEADER_BYTES + byteCount
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
      const found: { labels: Labels; places: readonly ChunkPlace[] }[] = []
      let byteCount = 0
      while (found.length < SERIES_BATCH) {
        const labels = smallest(cursors)
        if (labels === undefined) break
        const chunks = new ChunkPlaces()
        for (const cursor of cursors) {
          if (cursor.labels === undefined || !cursor.labels.equals(labels)) continue
          chunks.collect(cursor.window, cursor.series, minTime, maxTime)
          cursor.advance()
        }
        found.push({ labels, places: chunks.places })
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
      for (const { labels, places } of found) {
        const chunks: Chunk[] = []
        for (const place of places) {
          chunks.push(copyChunk(place, buffer, at))
          at += XOR_HEADER_BYTES + place.byteCount
        }
        batch.push({ labels, chunks })
      }
      yield batch
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

function copyChunk(place: ChunkPlace, into: Uint8Array, start: number): Chunk {
  const { minTime, maxTime, sampleCount, byteCount } = place
  into[start] = sampleCount >>> 8
  into[start + 1] = sampleCount
  place.window.cells.copy(place.firstCell, byteCount, into, start + XOR_HEADER_BYTES)
  return { encoding: ChunkEncoding.xor, minTime, maxTime, sampleCount, data: into, start, end: start + XOR_HEADER_BYTES + byteCount }
}
