import { type Env, sleep } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import type { LogPosition, Segment } from '../wal/segment.ts'
import { checkpointName } from './checkpoint-format.ts'
import { checkpointDir, type LoadedCheckpoint, listCheckpoints } from './load-checkpoint.ts'
import { type CheckpointSource, writeCheckpoint } from './write-checkpoint.ts'

// 1. A checkpoint is written when the log since the last one has become half as long as what a checkpoint writes, so that checkpoints write at most
//    twice what the log does; and once when many new series have come, since making series is what takes long in replay. A new segment says all
//    series again: a checkpoint comes behind that rather than before it.
// 2. The one before goes when the new one is durable. There is at most one, and one that is being written.
//    At an orderly end there is one more, if that does not make it much more than twice: a process that ends soon has it from the log instead.
// 3. The log does not depend on checkpoints: it loses only what is in blocks. So a damaged checkpoint costs time, and no data.
// 4. A checkpoint depends on the log for what was deleted since. When the log loses that, the checkpoint goes first.

const LOOK_MS = 5000
/** Less of the log is replayed in no time: two million samples in a quarter of a second. */
const LOG_BYTES_MIN = 8 * 1024 * 1024
/** Log that is worth a checkpoint, as a share of what a checkpoint writes. */
const LOG_SHARE = 0.5
/** Of that, what is enough behind the beginning of a segment, and up to what the next one is waited for. */
const ENOUGH_SHARE = 0.85
const TOO_MUCH_SHARE = 1.5
/** Parts of a segment: it has begun, and it will end before long. */
const YOUNG_SHARE = 0.25
const OLD_SHARE = 0.6
/** What is replayed after an orderly end, rather than written there. */
const LOG_BYTES_AT_END = 1024 * 1024
/** So much is written at an orderly end whatever was written before. */
const BYTES_AT_END = 16 * 1024 * 1024
/** What all checkpoints of a process, that at its end among them, may have more than its log. */
const SHARE_AT_END = 2.25
/** New series that are worth a checkpoint, and as a share of those that there are. */
const SERIES_MIN = 50_000
const SERIES_SHARE = 0.2
/** New series between two looks that are many still, as a share. */
const UNSETTLED_SHARE = 0.01
const RETRY_MS = 60_000
/** What a checkpoint leaves free on the disk: the log comes first. */
const ROOM_BYTES_MIN = 64 * 1024 * 1024

export interface CheckpointSchedule {
  /** Bytes of log that are worth a checkpoint; default: half as many as there are in memory. */
  readonly logBytes?: number
  /** How often it is looked whether one is due. */
  readonly lookMs?: number
}

export interface CheckpointerOptions extends CheckpointSchedule {
  readonly env: Env
  /** Of the database. */
  readonly dir: string
  /** The highest number of a checkpoint, or 0. */
  readonly lastNumber: number
  readonly loaded: LoadedCheckpoint | undefined
  /** What was read of the log at the start, in bytes and series. */
  readonly replayedBytes: number
  readonly replayedSeries: number
}

/** Writes checkpoints when it is time to. */
export class Checkpointer {
  readonly #options: CheckpointerOptions
  readonly #source: CheckpointSource
  #number: number
  /** The one that the next start is to use, and up to where it knows the log. */
  #newest: { readonly number: number; readonly position: LogPosition } | undefined
  /** Whether there may be others. */
  #hasOthers = true
  /** What the log had written, and how many series were made, at the last checkpoint. */
  #logBytesThen: number
  #seriesThen: number
  #seriesAtLook = 0
  /** What the open segment had said of series at the last look. */
  #saidAtLook = 0
  readonly #closing = new AbortController()
  #writing: Promise<void> = Promise.resolve()
  /** By the monotonic clock. */
  #retryAt = Number.NEGATIVE_INFINITY
  begun = 0
  failed = 0
  removed = 0
  /** Of the newest one. */
  sizeBytes: number
  /** Of all that this process wrote. */
  #bytesWritten = 0

  constructor(options: CheckpointerOptions, source: CheckpointSource) {
    this.#options = options
    this.#source = source
    this.#number = options.lastNumber
    this.#newest = options.loaded && { number: options.loaded.number, position: options.loaded.start.position }
    this.sizeBytes = options.loaded?.sizeBytes ?? 0
    this.#logBytesThen = -options.replayedBytes
    this.#seriesThen = source.windows.seriesCreated - options.replayedSeries
  }

  async run(signal: AbortSignal): Promise<void> {
    const { env, lookMs = LOOK_MS } = this.#options
    const ended = AbortSignal.any([signal, this.#closing.signal])
    while (!ended.aborted) {
      await sleep(env.clock, lookMs, ended)
      if (ended.aborted || !this.#isDue()) continue
      this.#writing = this.#write(true, ended)
      await this.#writing
    }
  }

  /** No more checkpoints. */
  async stop(): Promise<void> {
    this.#closing.abort()
    await this.#writing
  }

  /** A last one, when nothing is written any more, so that the next start has little to read. */
  async close(): Promise<void> {
    await this.stop()
    const { logBytes, replayedBytes } = this.#options
    if (this.#logBytes < Math.min(LOG_BYTES_AT_END, logBytes ?? LOG_BYTES_AT_END)) return
    const { windows, log } = this.#source
    const bytes = { checkpoints: this.#bytesWritten, next: windows.pool.usedBytes, log: log.bytesWritten + replayedBytes }
    if (logBytes !== undefined || isWorthItsBytes(bytes)) await this.#write(false)
  }

  /**
   * To be called before a segment of the log is removed. A checkpoint that does not know all that the segment deletes would bring it back: it goes
   * first. Rejects when the disk does not let it.
   */
  async beforeRemoval({ number, deletionsEnd }: Segment): Promise<void> {
    if (deletionsEnd > 0 || this.#hasOthers) await this.#writing
    const { segment, offset } = this.#newest?.position ?? { segment: Number.POSITIVE_INFINITY, offset: 0 }
    const knowsAll = deletionsEnd === 0 || number < segment || (number === segment && deletionsEnd <= offset)
    if (!knowsAll) {
      this.#newest = undefined
      this.#hasOthers = true
      this.sizeBytes = 0
      this.#logBytesThen = this.#source.log.bytesWritten - this.#source.log.sizeBytes
      this.#seriesThen = 0
    }
    if (this.#hasOthers) await this.#removeOthers()
  }

  get #logBytes(): number {
    return this.#source.log.bytesWritten - this.#logBytesThen
  }

  #isDue(): boolean {
    const { windows } = this.#source
    const isSettled = windows.seriesCreated - this.#seriesAtLook <= UNSETTLED_SHARE * windows.slots.used
    this.#seriesAtLook = windows.seriesCreated
    const { seriesBytes, share } = this.#source.log.segmentFill
    const isSaid = seriesBytes > 0 && Math.abs(seriesBytes - this.#saidAtLook) <= UNSETTLED_SHARE * seriesBytes
    this.#saidAtLook = seriesBytes
    if (this.#options.env.clock.monotonic() < this.#retryAt) return false
    const { logBytes } = this.#options
    if (logBytes !== undefined) {
      if (this.#logBytes >= logBytes) return true
    } else if (isWorthItsLog({ log: this.#logBytes, wanted: Math.max(LOG_BYTES_MIN, LOG_SHARE * windows.pool.usedBytes), share, isSaid }))
      return true
    const created = windows.seriesCreated - this.#seriesThen
    return isSettled && created >= SERIES_MIN && created >= SERIES_SHARE * windows.slots.used
  }

  async #write(isLeisurely: boolean, signal?: AbortSignal): Promise<void> {
    const { env, dir } = this.#options
    const { clock, log } = env
    const { windows } = this.#source
    const start = clock.monotonic()
    const number = this.#number + 1
    const [logBytes, series] = [this.#source.log.bytesWritten, windows.seriesCreated]
    this.begun++
    try {
      await this.#findRoom()
      await env.fs.mkdir(checkpointDir(dir))
      await env.fs.syncDir(dir)
      const { path, sizeBytes, position } = await writeCheckpoint(env, checkpointDir(dir), number, this.#source, isLeisurely, signal)
      this.#number = number
      this.#newest = { number, position }
      this.#hasOthers = true
      this.#logBytesThen = logBytes
      this.#seriesThen = series
      this.sizeBytes = sizeBytes
      this.#bytesWritten += sizeBytes
      log.info('checkpoint written', { path, sizeBytes, series: windows.slots.used, seconds: (clock.monotonic() - start) / 1000 })
      await this.#removeOthers()
    } catch (error) {
      if (signal?.aborted) return
      this.failed++
      this.#retryAt = clock.monotonic() + RETRY_MS
      log.error('checkpoint not written, the log stays what a restart reads', { error: errorMessage(error), retryMs: RETRY_MS })
    }
  }

  /** Throws when a checkpoint would not leave enough of the disk to the log. */
  async #findRoom(): Promise<void> {
    const { env, dir } = this.#options
    const wanted = this.#source.windows.pool.usedBytes + ROOM_BYTES_MIN
    let availableBytes = Number.POSITIVE_INFINITY
    try {
      availableBytes = (await env.fs.usage(dir)).availableBytes
    } catch {
      // A file system that does not say is tried.
    }
    if (availableBytes < wanted) throw new Error(`the disk has ${availableBytes} bytes left, want ${wanted}`)
  }

  /** For good. */
  async #removeOthers(): Promise<void> {
    const { env, dir } = this.#options
    // One that is being written has a higher number.
    const others = (await listCheckpoints(env, dir)).filter((number) => number <= this.#number && number !== this.#newest?.number)
    for (const number of others) {
      await env.fs.remove(`${checkpointDir(dir)}/${checkpointName(number)}`)
      this.removed++
    }
    if (others.length > 0) await env.fs.syncDir(checkpointDir(dir))
    this.#hasOthers = false
  }
}

/**
 * Whether there is enough log for a checkpoint, of which so much is wanted: by the part of the open segment that is there, and whether that has said the
 * series it goes on with. Who has to read on from before a segment's beginning reads all series again.
 */
export function isWorthItsLog({
  log,
  wanted,
  share,
  isSaid,
}: {
  readonly log: number
  readonly wanted: number
  readonly share: number
  readonly isSaid: boolean
}): boolean {
  if (log >= TOO_MUCH_SHARE * wanted) return true
  return isSaid && log >= ENOUGH_SHARE * wanted && (share <= YOUNG_SHARE || (log >= wanted && share < OLD_SHARE))
}

/** Whether a process that ends writes a checkpoint: by what it has written, what one more has, and what it has written or read of the log. */
export function isWorthItsBytes({
  checkpoints,
  next,
  log,
}: {
  readonly checkpoints: number
  readonly next: number
  readonly log: number
}): boolean {
  return next <= BYTES_AT_END || checkpoints + next <= SHARE_AT_END * log
}
