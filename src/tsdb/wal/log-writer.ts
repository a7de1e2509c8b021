import type { Clock, File, FileSystem, Timer } from '../../base/env.ts'
import { errorMessage, wrapError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Timestamp } from '../../model/time.ts'
import { LogEncoder } from './encode.ts'
import { SEGMENT_HEADER_BYTES, segmentHeader } from './record.ts'

/** A segment ends when it has this many bytes, and `SERIES_SHARE` times what its series records take. */
export const SEGMENT_BYTES = 64 * 1024 * 1024
const SERIES_SHARE = 4

/** A write is synced this long after it at the latest: under the promised second, with time left for the fsync. */
const SYNC_DELAY_MS = 800

export type WalFsync = 'interval' | 'always'

export interface Segment {
  readonly number: number
  readonly path: string
  readonly sizeBytes: number
  /** Of the newest sample in it; -Infinity when there is none. */
  readonly maxTime: Timestamp
}

export interface LogWriterOptions {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly log: Log
  readonly dir: string
  readonly fsync: WalFsync
  readonly segmentBytes?: number
  /** What replay found, oldest first. */
  readonly segments: readonly Segment[]
  readonly onSync: (seconds: number) => void
}

interface OpenSegment {
  readonly number: number
  readonly path: string
  /** Absent until the first batch is written. */
  file: File | undefined
  sizeBytes: number
  maxTime: Timestamp
  /** An fsync of it failed: the next batch goes elsewhere. */
  isSuspect: boolean
  /** The next batch goes elsewhere unless repeating the series there would cost too much. */
  isEnough: boolean
}

export function segmentPath(dir: string, number: number): string {
  return `${dir}/${String(number).padStart(8, '0')}.log`
}

/** The number of a segment file's name; undefined for other files. */
export function segmentNumber(name: string): number | undefined {
  const match = /^(\d{8,})\.log$/.exec(name)
  return match === null ? undefined : Number(match[1])
}

/**
 * Writes the log, one batch at a time: `beginBatch`, encode with `encoder`, `writeBatch`. Not for two batches at once.
 * Format and promises: docs/formats/wal.md.
 */
export class LogWriter {
  readonly encoder = new LogEncoder()
  readonly #options: LogWriterOptions
  #closed: Segment[]
  #open: OpenSegment | undefined
  #nextNumber: number
  /** Files with writes that are not synced; true: no more writes come, close it then. */
  readonly #unsynced = new Map<File, boolean>()
  #namesUnsynced = false
  #syncTimer: Timer | undefined
  #syncing: Promise<void> | undefined
  syncFailures = 0
  writeFailures = 0

  constructor(options: LogWriterOptions) {
    this.#options = options
    this.#closed = [...options.segments]
    this.#nextNumber = (options.segments.at(-1)?.number ?? 0) + 1
  }

  /** All segments, oldest first. */
  get segments(): readonly Segment[] {
    return this.#open?.file === undefined ? this.#closed : [...this.#closed, this.#open as Segment]
  }

  get sizeBytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  /** The number of the segment that is written, or of the next one. */
  get currentSegment(): number {
    return this.#open?.number ?? this.#nextNumber
  }

  /** Begins a batch; true when it goes to a new segment, which knows no series. */
  beginBatch(): boolean {
    const open = this.#open
    const seriesShare = SERIES_SHARE * this.encoder.seriesBytes
    const full = open?.isEnough ? seriesShare : Math.max(this.#options.segmentBytes ?? SEGMENT_BYTES, seriesShare)
    if (open !== undefined && open.sizeBytes < full && !open.isSuspect) return false
    if (open !== undefined) this.#retire(open)
    const number = this.#nextNumber++
    const path = segmentPath(this.#options.dir, number)
    this.#open = { number, path, file: undefined, sizeBytes: 0, maxTime: Number.NEGATIVE_INFINITY, isSuspect: false, isEnough: false }
    this.encoder.openSegment(number)
    return true
  }

  /** Writes what was encoded. Rejects, and leaves nothing of it in the log, when that is not possible. */
  async writeBatch(maxTime: Timestamp): Promise<void> {
    const open = this.#open!
    const { fs, dir, clock, log } = this.#options
    const batch = this.encoder.take()
    const bytes = batch.bytes.subarray(0, batch.length)
    try {
      if (open.file === undefined) {
        const file = await fs.open(open.path, 'create')
        open.file = file
        this.#namesUnsynced = true
        this.#unsynced.set(file, false)
        await file.write([segmentHeader(open.number, clock.now()), bytes], 0)
        open.sizeBytes = SEGMENT_HEADER_BYTES
      } else {
        this.#unsynced.set(open.file, false)
        await open.file.write([bytes], open.sizeBytes)
      }
      if (this.#options.fsync === 'always') await this.#syncAll()
      else this.#syncSoon()
      open.sizeBytes += bytes.length
      open.maxTime = Math.max(open.maxTime, maxTime)
    } catch (error) {
      this.writeFailures++
      await this.#abandon(open)
      log.error('write-ahead log not written', { segment: open.number, error: errorMessage(error) })
      throw wrapError(`write ${dir.endsWith('/') ? dir : `${dir}/`}${open.path.slice(open.path.lastIndexOf('/') + 1)}`, error)
    } finally {
      this.encoder.reuse(batch)
    }
  }

  /** Lets the next batch begin a segment, so that the one before can go as soon as what is in it is in blocks. */
  endSegment(): void {
    if (this.#open !== undefined) this.#open.isEnough = true
  }

  /** Removes segments whose samples are all older than `time`. */
  async removeBefore(time: Timestamp): Promise<void> {
    for (const segment of this.#closed.filter(({ maxTime }) => maxTime < time)) {
      await this.#options.fs.remove(segment.path)
      this.#closed = this.#closed.filter((one) => one !== segment)
      this.#options.log.info('log segment removed', { segment: segment.number, sizeBytes: segment.sizeBytes })
    }
  }

  /** Makes all that was written durable. */
  async sync(): Promise<void> {
    this.#syncTimer?.cancel()
    this.#syncTimer = undefined
    await this.#syncAll()
  }

  async close(): Promise<void> {
    if (this.#open !== undefined) this.#retire(this.#open)
    this.#open = undefined
    await this.sync()
  }

  #retire(segment: OpenSegment): void {
    if (segment.file === undefined) return
    this.#closed.push({ number: segment.number, path: segment.path, sizeBytes: segment.sizeBytes, maxTime: segment.maxTime })
    this.#unsynced.set(segment.file, true)
    this.#syncSoon()
  }

  /** Cuts the open segment back to its last good batch; the next batch gets a new one. */
  async #abandon(segment: OpenSegment): Promise<void> {
    this.#open = undefined
    const { file } = segment
    if (file === undefined) return
    try {
      if (segment.sizeBytes <= SEGMENT_HEADER_BYTES) {
        this.#unsynced.delete(file)
        await file.close()
        await this.#options.fs.remove(segment.path)
      } else {
        this.#retire(segment)
        await file.truncate(segment.sizeBytes)
      }
    } catch (error) {
      this.#options.log.warn('log segment not cut back', { segment: segment.number, error: errorMessage(error) })
    }
  }

  #syncSoon(): void {
    this.#syncTimer ??= this.#options.clock.setTimer(SYNC_DELAY_MS, () => {
      this.#syncTimer = undefined
      this.#syncAll().catch((error) => {
        this.#options.log.error('write-ahead log not synced', { error: errorMessage(error) })
      })
    })
  }

  /** One at a time; a caller's writes are synced when its promise resolves. */
  async #syncAll(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing.catch(() => {})
    this.#syncing = this.#syncNow()
    try {
      await this.#syncing
    } finally {
      this.#syncing = undefined
    }
  }

  async #syncNow(): Promise<void> {
    const files = [...this.#unsynced]
    this.#unsynced.clear()
    const names = this.#namesUnsynced
    this.#namesUnsynced = false
    let failure: unknown
    for (const [file, retired] of files) {
      const start = this.#options.clock.monotonic()
      try {
        await file.sync()
        this.#options.onSync((this.#options.clock.monotonic() - start) / 1000)
      } catch (error) {
        // What the disk has of this file is unknown from now on, and another fsync would say yes without it.
        failure ??= error
        this.syncFailures++
        if (this.#open?.file === file) this.#open.isSuspect = true
      }
      if (retired) await file.close()
    }
    if (names) {
      try {
        await this.#options.fs.syncDir(this.#options.dir)
      } catch (error) {
        failure ??= error
        this.#namesUnsynced = true
      }
    }
    if (failure !== undefined) throw failure
  }
}
