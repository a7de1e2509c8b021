import { crc32c } from '../../base/crc32c.ts'
import type { Env, File } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { directoryOf } from '../../base/files.ts'
import type { Timestamp } from '../../model/time.ts'
import type { LogPlace } from '../../storage/log-reader.ts'

// Format: docs/formats/remote-write-cursor.md.
// 1. Two slots of fixed size, written in turn: whatever a crash leaves of one, the other is whole.
// 2. The file has its size from the beginning, so that a full disk does not keep it from being written.

const SLOT_BYTES = 32 * 1024
const HEADER_BYTES = 24
const MAGIC = 0x52575143
/** Of what stands in a slot, and of the hash that chooses a shard. */
const VERSION = 1
/** How long after a write it is made durable. */
const SYNC_DELAY_MS = 1000

/** How far a destination has got. */
export interface Cursor {
  /** Of the destination: what the file is called by. */
  readonly key: string
  /** For people. */
  readonly name: string
  readonly url: string
  /** Unix ms. */
  readonly savedTime: Timestamp
  /** All before it was taken, or is not to be sent. */
  readonly place: LogPlace
  /** By shard: all of its samples before the place were taken. Of those at or after `place`. */
  readonly shards: readonly LogPlace[]
}

/** Where a destination's cursor is kept. */
export class CursorFile {
  readonly #env: Pick<Env, 'fs' | 'clock' | 'log'>
  readonly path: string
  #file: File | undefined
  #sequence = 0
  #next: (() => Cursor) | undefined
  #writing: Promise<void> | undefined
  #syncing: Promise<void> = Promise.resolve()
  #isSyncDue = false
  #hasFailed = false

  constructor(env: Pick<Env, 'fs' | 'clock' | 'log'>, path: string) {
    this.#env = env
    this.path = path
  }

  /** What was saved last; undefined when nothing was, or none of it can be read. */
  async load(): Promise<Cursor | undefined> {
    const found = await readCursor(this.#env.fs, this.path)
    this.#sequence = found?.sequence ?? 0
    return found?.cursor
  }

  /** Resolves when what `current` says by then is in the file. What the disk refuses is logged: the worst is that samples are sent again. */
  async save(current: () => Cursor): Promise<void> {
    this.#next = current
    while (this.#next !== undefined) {
      if (this.#writing !== undefined) await this.#writing
      else {
        this.#writing = this.#write().finally(() => {
          this.#writing = undefined
        })
        await this.#writing
      }
    }
    await this.#writing
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#syncing
    if (this.#file === undefined) return
    await this.#file.sync().catch(() => {})
    await this.#file.close()
    this.#file = undefined
  }

  async #write(): Promise<void> {
    const current = this.#next!
    this.#next = undefined
    try {
      this.#file ??= await this.#open()
      const text = new TextEncoder().encode(JSON.stringify(current()))
      if (text.length > SLOT_BYTES - HEADER_BYTES)
        throw new Error(`cursor has ${text.length} bytes, want at most ${SLOT_BYTES - HEADER_BYTES}`)
      this.#sequence++
      const header = new Uint8Array(HEADER_BYTES)
      const view = new DataView(header.buffer)
      view.setUint32(0, MAGIC, true)
      view.setUint32(4, VERSION, true)
      view.setFloat64(8, this.#sequence, true)
      view.setUint32(16, text.length, true)
      view.setUint32(20, crc32c(text, 0, text.length, crc32c(header, 0, 20)), true)
      await this.#file.write([header, text], (this.#sequence % 2) * SLOT_BYTES)
      this.#hasFailed = false
      this.#syncSoon()
    } catch (error) {
      if (this.#hasFailed) return
      this.#hasFailed = true
      this.#env.log.error('remote write cursor not saved', { path: this.path, error: errorMessage(error) })
    }
  }

  async #open(): Promise<File> {
    const { fs } = this.#env
    const isNew = (await fs.stat(this.path)) === null
    const file = await fs.open(this.path, 'write')
    if ((await file.size()) < 2 * SLOT_BYTES) await file.write([new Uint8Array(2 * SLOT_BYTES)], 0)
    if (isNew) {
      await file.sync()
      await fs.syncDir(directoryOf(this.path))
    }
    return file
  }

  #syncSoon(): void {
    if (this.#isSyncDue) return
    this.#isSyncDue = true
    this.#env.clock.setTimer(SYNC_DELAY_MS, () => {
      this.#isSyncDue = false
      // A cursor that is older than it could be costs samples that are sent twice, and no more.
      this.#syncing = this.#file?.sync().catch(() => {}) ?? Promise.resolve()
    })
  }
}

/** What the newer of a file's whole slots says. */
export async function readCursor(fs: Env['fs'], path: string): Promise<{ readonly cursor: Cursor; readonly sequence: number } | undefined> {
  if ((await fs.stat(path)) === null) return undefined
  const bytes = await fs.readFile(path)
  const slots = [readSlot(bytes, 0), readSlot(bytes, SLOT_BYTES)].filter((slot) => slot !== undefined)
  return slots.sort((a, b) => b.sequence - a.sequence)[0]
}

function readSlot(bytes: Uint8Array, at: number) {
  if (bytes.length < at + HEADER_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES)
  const length = view.getUint32(16, true)
  const start = at + HEADER_BYTES
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== VERSION || start + length > bytes.length) return undefined
  if (crc32c(bytes, start, start + length, crc32c(bytes, at, at + 20)) !== view.getUint32(20, true)) return undefined
  const cursor: Cursor = JSON.parse(new TextDecoder().decode(bytes.subarray(start, start + length)))
  return { cursor, sequence: view.getFloat64(8, true) }
}
