import type { Timestamp } from '../../model/time.ts'
import { isAllDeleted, isPartDeleted, type TimeInterval } from '../block/tombstones.ts'
import { type ChunkPlace, HEADER_BYTES_MAX } from './copy-chunk.ts'
import type { ChunkHeader } from './row.ts'
import type { ChunkVisitor, Window } from './window.ts'

/** Notes the chunks of one series that were not deleted as a whole, in the order in which they were begun, and the room they need. */
export class ChunkPlaces implements ChunkVisitor {
  readonly places: ChunkPlace[] = []
  #window!: Window
  #at = 0
  #deleted: readonly TimeInterval[] | undefined
  byteCount = 0
  /** Whether the chunks may overlap. */
  isLate = false

  /** False: the window has to catch up first. */
  collect(window: Window, series: number, minTime: Timestamp, maxTime: Timestamp): boolean {
    this.#window = window
    this.#at = this.places.length
    this.#deleted = window.tombstones.isEmpty ? undefined : window.tombstones.of(series)
    return window.visitChunks(series, minTime, maxTime, this)
  }

  chunk(minOffset: number, maxOffset: number, sampleCount: number, firstCell: number, byteCount: number, header: ChunkHeader): void {
    const { cells, isLate, start } = this.#window
    const [minTime, maxTime] = [start + minOffset, start + maxOffset]
    let deleted = this.#deleted
    if (deleted !== undefined) {
      if (isAllDeleted(deleted, minTime, maxTime)) return
      if (!isPartDeleted(deleted, minTime, maxTime)) deleted = undefined
    }
    if (isLate) this.isLate = true
    this.places.splice(this.#at, 0, { cells, minTime, maxTime, sampleCount, firstCell, byteCount, header, deleted })
    this.byteCount += HEADER_BYTES_MAX + byteCount
  }
}
