import type { Clock, FileSystem, Timer } from '../../base/env.ts'
import { errorMessage, wrapError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Timestamp } from '../../model/time.ts'
import type { Deletion } from '../deletion.ts'
import { LogEncoder } from './encode.ts'
import { ANEW_SUFFIX, OwnSegment } from './own-segment.ts'
import { type LogPosition, type Segment, segmentPath } from './segment.ts'

// What a disk refuses. docs/decisions/0013-disks-that-fail.md.
// 1. After a failure nothing is written until `repair` has come back: nothing is acknowledged on top of what may come back after a restart.
// 2. A file whose fsync failed is never synced again, since the next fsync would say yes to what is lost: it is written anew, from what was
//    durable of it and from memory.

/** A segment ends when it has this many bytes, and `SERIES_SHARE` times what its series records take. */
export const SEGMENT_BYTES = 64 * 1024 * 1024
const SERIES_SHARE = 4

/** A write is synced this long after it at the latest: under the promised second, with time left for the fsync. */
const SYNC_DELAY_MS = 800
/** How often the directory is looked at: writes to a file that somebody has removed do not fail. */
const LOOK_MS = 800
/** What a disk must take before anything is written to it again after a failure. */
const PROBE_BYTES = 256 * 1024
const PROBE = 'probe'

export type WalFsync = 'interval' | 'always'

export interface LogWriterOptions {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly log: Log
  readonly dir: string
  readonly fsync: WalFsync
  readonly segmentBytes?: number
  /** New segments have higher numbers. */
  readonly segmentBefore: number
  /** Segments with this number or a higher one are not removed: somebody reads them. */
  readonly keptFrom?: () => number
  /** What has to be done before a segment is removed; it stays when that rejects. */
  readonly beforeRemoval?: (segment: Segment) => Promise<void>
  readonly onSync: (seconds: number) => void
  /** The log takes nothing from now on; see `failure`. */
  readonly onFailure: (error: unknown) => void
}

/** Removes what a repair left that did not come to its end. Nothing of it counts. */
export async function removeLeftovers(fs: FileSystem, dir: string): Promise<void> {
  for (const name of await fs.readDir(dir)) if (name === PROBE || name.endsWith(ANEW_SUFFIX)) await fs.remove(`${dir}/${name}`)
}

/**
 * Writes the log, one batch at a time: `beginBatch`, encode with `encoder`, `writeBatch`. Not for two batches at once.
 * Format and promises: docs/formats/wal.md.
 */
export class LogWriter {
  readonly encoder = new LogEncoder()
  readonly #options: LogWriterOptions
  #closed: readonly Segment[] = []
  #open: OwnSegment | undefined
  #nextNumber: number
  /** With bytes that are not durable. */
  readonly #unsynced = new Set<OwnSegment>()
  /** What is wrong with files, and is put right by `repair`. */
  readonly #wrong = new Map<OwnSegment, 'too long' | 'not durable'>()
  /** Whose fsync is under way. */
  #beingSynced: readonly OwnSegment[] = []
  #namesUnsynced = false
  /** A segment was removed, and power loss may bring it back. */
  #removalUnsynced = false
  #syncTimer: Timer | undefined
  #syncing: Promise<void> | undefined
  #writing: { readonly segment: OwnSegment; readonly done: Promise<void> } | undefined
  /** By the monotonic clock. */
  #lookedAt = Number.NEGATIVE_INFINITY
  #failure: unknown
  /** No segment is begun as long as the open one takes batches. */
  isHeld = false
  /** Segments with older samples alone are kept for those who read them. */
  neededFrom: Timestamp = Number.NEGATIVE_INFINITY
  /** Bytes that were written since the start. */
  bytesWritten = 0
  syncFailures = 0
  writeFailures = 0

  constructor(options: LogWriterOptions) {
    this.#options = options
    this.#nextNumber = options.segmentBefore + 1
  }

  /**
   * Takes over the segments that replay found, oldest first, and makes durable what the process before has written: it may have ended before its own
   * fsync, and the second in which that was due is over. To be called once; batches may have been written before.
   */
  async adopt(segments: readonly Segment[]): Promise<void> {
    this.#closed = [...segments, ...this.#closed]
    for (const [i, found] of segments.entries()) {
      if (found.sizeBytes === 0) continue
      const segment = OwnSegment.adopted(found)
      this.#closed = this.#closed.with(i, segment)
      this.#unsynced.add(segment)
    }
    this.#namesUnsynced = true
    await this.#syncAll().catch((error) => this.#fail(error))
  }

  /** All segments, oldest first. */
  get segments(): readonly Segment[] {
    return this.#open?.file === undefined ? this.#closed : [...this.#closed, this.#open]
  }

  get sizeBytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  /** Of the newest sample in any segment. */
  get maxTime(): Timestamp {
    return Math.max(...this.segments.map((segment) => segment.maxTime))
  }

  /** The number of the segment that is written, or of the next one. */
  get currentSegment(): number {
    return this.#open?.number ?? this.#nextNumber
  }

  /** Why no batch is taken until `repair` has come back; undefined: batches are taken. */
  get failure(): unknown {
    return this.#failure
  }

  /** Where the next batch goes, unless it goes to a new segment. Not while one is being encoded. */
  get position(): LogPosition {
    const open = this.#open
    if (open?.file === undefined) return { segment: this.currentSegment, offset: 0, recordCount: 0, seriesCount: 0 }
    const { recordCount, seriesCount } = this.encoder
    return { segment: open.number, offset: open.sizeBytes, recordCount, seriesCount }
  }

  /** Begins a batch; true when it goes to a new segment, which knows no series. */
  beginBatch(): boolean {
    const open = this.#open
    if (open !== undefined && (open.sizeBytes < this.#fullBytes || this.isHeld)) return false
    if (open !== undefined) this.#retire(open)
    const number = this.#nextNumber++
    this.#open = new OwnSegment(number, segmentPath(this.#options.dir, number))
    this.encoder.openSegment(number)
    return true
  }

  /** Of the open segment: what its series records take, and which part of what else it has room for is there. */
  get segmentFill(): { readonly seriesBytes: number; readonly share: number } {
    const { seriesBytes } = this.encoder
    const room = this.#fullBytes - seriesBytes
    return { seriesBytes, share: this.#open === undefined || room <= 0 ? 0 : (this.#open.sizeBytes - seriesBytes) / room }
  }

  get #fullBytes(): number {
    const seriesShare = SERIES_SHARE * this.encoder.seriesBytes
    return this.#open?.isEnough ? seriesShare : Math.max(this.#options.segmentBytes ?? SEGMENT_BYTES, seriesShare)
  }

  /** Writes what was encoded. Rejects, and leaves nothing of it in the log, when that is not possible; then there is a `failure`. */
  async writeBatch(maxTime: Timestamp): Promise<void> {
    const batch = this.encoder.take()
    try {
      // It may have come while the batch was encoded.
      const segment = this.#open
      if (this.#failure !== undefined || segment === undefined) throw new Error('the log failed meanwhile', { cause: this.#failure })
      const done = this.#write(segment, batch.bytes.subarray(0, batch.length), maxTime)
      this.#writing = { segment, done }
      await done
    } finally {
      this.#writing = undefined
      this.encoder.reuse(batch)
    }
  }

  /** Writes a deletion, as a batch of its own. */
  async writeDeletion(deletion: Deletion): Promise<void> {
    const segment = this.#open
    this.encoder.deletion(deletion)
    // The segment stays as long as one before it, where what was deleted is.
    await this.writeBatch(Math.max(deletion.maxTime, this.maxTime))
    segment!.deletionsEnd = segment!.sizeBytes
  }

  async #write(open: OwnSegment, bytes: Uint8Array, maxTime: Timestamp): Promise<void> {
    const { fs, dir, clock } = this.#options
    const before = open.sizeBytes
    try {
      if (open.file === undefined) {
        await open.create(fs)
        this.#namesUnsynced = true
      }
      await open.write(bytes, clock.now())
      this.bytesWritten += bytes.length
      if (!this.#wrong.has(open)) this.#unsynced.add(open)
      if (this.#options.fsync === 'always') await this.#syncAll()
      else this.#syncSoon()
      open.maxTime = Math.max(open.maxTime, maxTime)
    } catch (error) {
      this.writeFailures++
      await this.#takeBack(open, before)
      this.#fail(error)
      throw wrapError(`write ${dir.endsWith('/') ? dir : `${dir}/`}${open.path.slice(open.path.lastIndexOf('/') + 1)}`, error)
    }
  }

  /** Lets the next batch begin a segment, so that the one before can go as soon as what is in it is in blocks. */
  endSegment(): void {
    if (this.#open !== undefined) this.#open.isEnough = true
  }

  /**
   * Removes segments whose samples are all older than `time`, unless somebody still reads them; the oldest first: none comes back by a power loss
   * without those after it.
   */
  async removeBefore(time: Timestamp): Promise<void> {
    this.neededFrom = time
    await this.#syncRemoval()
    const keptFrom = this.#options.keptFrom?.() ?? Number.POSITIVE_INFINITY
    for (const segment of this.#closed.filter(({ maxTime, number }) => maxTime < time && number < keptFrom)) {
      // What is not durable yet, or to be written anew, has its turn first; those after it may say what was deleted of it.
      if ([...this.#unsynced, ...this.#beingSynced, ...this.#wrong.keys()].some((one) => one.number === segment.number)) return
      await this.#options.beforeRemoval?.(segment)
      await this.#options.fs.remove(segment.path)
      this.#removalUnsynced = true
      this.#closed = this.#closed.filter((one) => one !== segment)
      this.#options.log.info('log segment removed', { segment: segment.number, sizeBytes: segment.sizeBytes })
      await this.#syncRemoval()
    }
  }

  async #syncRemoval(): Promise<void> {
    if (!this.#removalUnsynced) return
    await this.#options.fs.syncDir(this.#options.dir)
    this.#removalUnsynced = false
  }

  /** Makes all that was written durable. */
  async sync(): Promise<void> {
    this.#syncTimer?.cancel()
    this.#syncTimer = undefined
    await this.#syncAll()
  }

  /**
   * Puts right what a failure left, and tries whether the disk takes anything again; batches are taken once it resolves. Rejects with what the
   * disk says, and can be called again. Not twice at once.
   */
  async repair(): Promise<void> {
    const { fs, dir } = this.#options
    await this.#writing?.done.catch(() => {})
    try {
      await this.#findMissing()
      for (const [segment, what] of [...this.#wrong]) {
        if (segment.isEmpty) await this.#discard(segment)
        else if (what === 'not durable') await this.#writeAnew(segment)
        else {
          this.#wrong.set(segment, 'not durable')
          await this.#cutBack(segment)
        }
        this.#wrong.delete(segment)
      }
      await this.#probe()
      await fs.syncDir(dir)
      await this.#syncAll()
      // Another fsync may have failed meanwhile.
      if (this.#wrong.size > 0) throw new Error('a segment has to be written anew')
    } catch (error) {
      this.#failure = error
      throw error
    }
    this.#failure = undefined
  }

  async close(): Promise<void> {
    if (this.#open !== undefined) this.#retire(this.#open)
    this.#open = undefined
    try {
      if (this.#failure === undefined) await this.sync().catch((error) => this.#fail(error))
      if (this.#failure !== undefined) await this.repair()
    } catch (error) {
      this.#options.log.error('end of the write-ahead log is not durable', { error: errorMessage(error) })
    }
    this.#syncTimer?.cancel()
  }

  #fail(error: unknown): void {
    const isFirst = this.#failure === undefined
    this.#failure = error ?? new Error('the log failed')
    // What the segment knows of series is not to be trusted by the next batch.
    const open = this.#open
    if (open !== undefined) this.#retire(open)
    this.#open = undefined
    if (isFirst) this.#options.onFailure(error)
  }

  #retire(segment: OwnSegment): void {
    segment.isRetired = true
    if (segment.file === undefined || this.#closed.includes(segment)) return
    this.#closed = [...this.#closed, segment]
    if (this.#wrong.has(segment)) return
    this.#unsynced.add(segment)
    this.#syncSoon()
  }

  /** Takes a batch back that does not count: the file ends where it did before. */
  async #takeBack(segment: OwnSegment, sizeBytes: number): Promise<void> {
    segment.takeBack(sizeBytes)
    if (segment.file === undefined) return
    if (!this.#wrong.has(segment)) this.#wrong.set(segment, 'too long')
    this.#unsynced.delete(segment)
    try {
      if (segment.isEmpty) await this.#discard(segment)
      else if (this.#wrong.get(segment) === 'too long') await this.#cutBack(segment)
      else return
      this.#wrong.delete(segment)
    } catch (error) {
      this.#options.log.warn('log segment not cut back yet', { segment: segment.number, error: errorMessage(error) })
    }
  }

  /** A segment without anything that counts. */
  async #discard(segment: OwnSegment): Promise<void> {
    this.#closed = this.#closed.filter((one) => one !== segment)
    if (this.#open === segment) this.#open = undefined
    await this.#options.fs.remove(segment.path)
    await segment.close()
  }

  async #cutBack(segment: OwnSegment): Promise<void> {
    await segment.cut()
    this.#unsynced.add(segment)
    this.#syncSoon()
  }

  /** Writes a segment whose fsync failed to another file, which takes its place. */
  async #writeAnew(segment: OwnSegment): Promise<void> {
    const { fs, dir, log, clock } = this.#options
    const { sizeBytes } = segment
    const damageCount = await segment.writeAnew(fs, dir, clock)
    const fields = { segment: segment.number, sizeBytes, damageCount }
    if (damageCount > 0) log.error('log segment written anew, and not all of it could be read', fields)
    else log.info('log segment written anew', fields)
  }

  /**
   * Looks for segments that somebody has removed. One that can still be read is to be written anew. Others are forgotten; what they had is in
   * memory until it is in a block. Rejects when the directory is gone.
   */
  async #findMissing(): Promise<void> {
    const { fs, dir, log } = this.#options
    if ((await fs.stat(dir)) === null) throw goneError(dir)
    for (const segment of this.segments) {
      if ((await fs.stat(segment.path)) !== null) continue
      if (isReadable(segment)) {
        this.#unsynced.delete(segment)
        this.#wrong.set(segment, 'not durable')
        continue
      }
      this.#closed = this.#closed.filter((one) => one !== segment)
      this.#unsynced.delete(segment as OwnSegment)
      this.#wrong.delete(segment as OwnSegment)
      log.error('log segment is gone, and what it had is lost if the process ends before it is in a block', { segment: segment.number })
    }
  }

  /** Rejects unless the disk takes a file. */
  async #probe(): Promise<void> {
    const { fs, dir } = this.#options
    const path = `${dir}/${PROBE}`
    const file = await fs.open(path, 'write')
    try {
      await file.write([new Uint8Array(PROBE_BYTES)], 0)
      await file.sync()
    } finally {
      await file.close()
      await fs.remove(path)
    }
  }

  #syncSoon(): void {
    this.#syncTimer ??= this.#options.clock.setTimer(SYNC_DELAY_MS, () => {
      this.#syncTimer = undefined
      // It is told as a failure of the log.
      this.#syncAll().catch((error) => {
        this.#options.log.error('write-ahead log not synced', { error: errorMessage(error) })
        this.#fail(error)
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
    const { fs, dir, clock } = this.#options
    const segments = [...this.#unsynced]
    this.#beingSynced = segments
    this.#unsynced.clear()
    const names = this.#namesUnsynced
    this.#namesUnsynced = false
    let failure: unknown
    for (const segment of segments) {
      const start = clock.monotonic()
      const { isRetired } = segment
      const isOurs = segment.file !== undefined
      try {
        await segment.sync(fs)
        this.#options.onSync((clock.monotonic() - start) / 1000)
        if (isRetired && this.#writing?.segment !== segment) await segment.close()
      } catch (error) {
        failure ??= error
        this.syncFailures++
        this.#unsynced.delete(segment)
        this.#wrong.set(segment, 'not durable')
        // Of those there may be thousands.
        if (!isOurs) await segment.close()
      }
    }
    this.#beingSynced = []
    try {
      if (names) await fs.syncDir(dir)
      if (clock.monotonic() - this.#lookedAt >= LOOK_MS) {
        this.#lookedAt = clock.monotonic()
        const open = this.#open
        if (open?.file !== undefined && (await fs.stat(open.path)) === null) {
          await this.#findMissing()
          throw goneError(open.path)
        }
      }
    } catch (error) {
      failure ??= error
      this.#namesUnsynced = true
    }
    if (failure !== undefined) throw failure
  }
}

/** Whether the segment is ours, and open. */
function isReadable(segment: Segment): segment is OwnSegment {
  return segment instanceof OwnSegment && segment.file !== undefined
}

function goneError(path: string): Error {
  return Object.assign(new Error(`${path} is gone`), { code: 'ENOENT' })
}
