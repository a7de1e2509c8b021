import { tableCrc32c } from '../../base/crc32c-tables.ts'
import type { Env, File } from '../../base/env.ts'
import { errorMessage, wrapError } from '../../base/errors.ts'
import { replaceFile } from '../../base/files.ts'
import { delimitedMessages } from '../../base/message-fields.ts'
import { behindLength } from '../../base/message-writer.ts'

// A state that lasts: a file with all of it, as upstream writes it, and beside it a log of what came since. docs/formats/alertmanager-state.md
//
// 1. What `append` has answered is there after power loss.
// 2. The log is emptied only when a file that has all of it is durable: what is in both is merged again, which changes nothing.
// 3. What is damaged is put aside under another name, and what could be read of it is used.

const MAGIC = Buffer.from('PMSTATE1')
const RECORD_HEAD_BYTES = 8
/** No record is as long: a length beyond it is damage. */
const RECORD_BYTES_MAX = 64 * 1024 * 1024

type StateEnv = Pick<Env, 'fs' | 'log' | 'clock'>

interface Pending {
  readonly record: Uint8Array
  readonly done: () => void
  readonly failed: (cause: unknown) => void
}

export class StateFile {
  readonly #env: StateEnv
  readonly #path: string
  readonly #log: File
  /** Where the next record goes. */
  #position: number
  #pending: Pending[] = []
  #work: Promise<void> | undefined
  #snapshot: (() => Uint8Array) | undefined
  #snapshotDone = Promise.withResolvers<number>()

  private constructor(env: StateEnv, path: string, log: File, position: number) {
    this.#env = env
    this.#path = path
    this.#log = log
    this.#position = position
  }

  /** Opens it, or begins it, and hands over what it has, oldest first: messages without their lengths. The directory must be there. */
  static async open(env: StateEnv, path: string): Promise<{ file: StateFile; messages: readonly Uint8Array[] }> {
    const messages: Uint8Array[] = []
    const stat = await env.fs.stat(path)
    if (stat !== null) {
      const found = await env.fs.readFile(path)
      if (!takeMessages(found, messages)) await repair(env, path, found, messages)
    }
    const logPath = `${path}.log`
    const log = await env.fs.open(logPath, 'write')
    const bytes = new Uint8Array(await log.size())
    await log.read(bytes, 0)
    const { end, damagedCount } = takeRecords(bytes, messages)
    if (damagedCount > 0 || (end === 0 && bytes.length > 0)) {
      const kept = await asideOf(env, logPath)
      await env.fs.writeFile(kept, bytes)
      env.log.error('log is damaged: what could be read of it is used, it is kept under another name', { file: logPath, kept })
    }
    if (end < bytes.length) {
      env.log.warn('end of the log is left out: it was not written whole', { file: logPath, bytes: bytes.length - end })
      await log.truncate(end)
    }
    let position = end
    if (position === 0) {
      await log.write([MAGIC], 0)
      await log.sync()
      await env.fs.syncDir(path.slice(0, path.lastIndexOf('/')) || '.')
      position = MAGIC.length
    }
    return { file: new StateFile(env, path, log, position), messages }
  }

  /**
   * Keeps what lies there under another name and writes anew what could be read of it: to be called before anything is written, where messages are whole
   * and say what nobody understands. Resolves also when the disk refuses: what was read is used in any case.
   */
  async putAside(encode: () => Uint8Array): Promise<void> {
    const { fs, log } = this.#env
    const kept: string[] = []
    try {
      for (const path of this.logBytes > 0 ? [this.#path, `${this.#path}.log`] : [this.#path]) {
        if ((await fs.stat(path)) === null) continue
        const aside = await asideOf(this.#env, path)
        await replaceFile(fs, aside, await fs.readFile(path))
        kept.push(aside)
      }
      await this.replace(encode)
    } catch (error) {
      log.error('file with messages that cannot be read not put aside', { file: this.#path, error: errorMessage(error) })
      return
    }
    log.error('file has messages that cannot be read: the others are used, it is kept under another name', {
      file: this.#path,
      kept: kept.join(' '),
    })
  }

  /** Bytes of the log: what a start has to read besides the file. */
  get logBytes(): number {
    return this.#position - MAGIC.length
  }

  /** Adds messages, each behind its length. Resolves when they are durable; those that come at once share the way to the disk. */
  append(delimited: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const head = Buffer.alloc(RECORD_HEAD_BYTES)
      head.writeUInt32LE(delimited.length, 0)
      head.writeUInt32LE(tableCrc32c(delimited), 4)
      const failed = (cause: unknown) => reject(wrapError(`write ${this.#path}.log`, cause))
      this.#pending.push({ record: Buffer.concat([head, delimited]), done: resolve, failed })
      this.#run()
    })
  }

  /** Writes all of the state, which `encode` hands over, and empties the log. Resolves with the size of the file. */
  replace(encode: () => Uint8Array): Promise<number> {
    if (this.#snapshot === undefined) this.#snapshotDone = Promise.withResolvers()
    this.#snapshot = encode
    this.#run()
    return this.#snapshotDone.promise
  }

  async close(): Promise<void> {
    await this.#work
    await this.#log.close()
  }

  #run(): void {
    this.#work ??= this.#workOff()
  }

  async #workOff(): Promise<void> {
    while (this.#pending.length > 0 || this.#snapshot !== undefined) {
      if (this.#pending.length > 0) await this.#write()
      else await this.#writeSnapshot()
    }
    // Here and not when the promise settles: what came between the two would wait for the next call.
    this.#work = undefined
  }

  async #write(): Promise<void> {
    const batch = this.#pending
    this.#pending = []
    try {
      const records = batch.map(({ record }) => record)
      await this.#log.write(records, this.#position)
      await this.#log.sync()
      for (const record of records) this.#position += record.length
      for (const { done } of batch) done()
    } catch (error) {
      for (const { failed } of batch) failed(error)
    }
  }

  async #writeSnapshot(): Promise<void> {
    const { promise: _, resolve, reject } = this.#snapshotDone
    const bytes = this.#snapshot!()
    this.#snapshot = undefined
    try {
      await replaceFile(this.#env.fs, this.#path, bytes)
      await this.#log.truncate(MAGIC.length)
      this.#position = MAGIC.length
      await this.#log.sync()
      resolve(bytes.length)
    } catch (error) {
      reject(wrapError(`write ${this.#path}`, error))
    }
  }
}

/** Adds the messages of a file, as far as they can be read; false where that is not to its end. */
function takeMessages(bytes: Uint8Array, messages: Uint8Array[]): boolean {
  try {
    for (const message of delimitedMessages(bytes)) messages.push(message)
    return true
  } catch {
    return false
  }
}

/**
 * Adds the messages of a log's whole records. Answers where the last one ends, 0: it is no log; and how many before that are damaged and left
 * out. What comes after the last whole one is no damage: a process that was killed wrote it.
 */
function takeRecords(bytes: Uint8Array, messages: Uint8Array[]): { readonly end: number; readonly damagedCount: number } {
  if (bytes.length < MAGIC.length || !MAGIC.equals(bytes.subarray(0, MAGIC.length))) return { end: 0, damagedCount: 0 }
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let [at, end] = [MAGIC.length, MAGIC.length]
  let [damagedCount, passedCount] = [0, 0]
  while (at + RECORD_HEAD_BYTES <= bytes.length) {
    const length = view.readUInt32LE(at)
    const start = at + RECORD_HEAD_BYTES
    if (length > RECORD_BYTES_MAX || start + length > bytes.length) break
    at = start + length
    const isWhole = length > 0 && tableCrc32c(bytes, start, at) === view.readUInt32LE(start - 4)
    if (!isWhole || !takeMessages(bytes.subarray(start, at), messages)) {
      passedCount++
      continue
    }
    end = at
    damagedCount += passedCount
    passedCount = 0
  }
  return { end, damagedCount }
}

/** Keeps a damaged file under another name, and puts in its place what could be read: what a process knows has to survive its death. */
async function repair(env: StateEnv, path: string, found: Uint8Array, messages: readonly Uint8Array[]): Promise<void> {
  let kept: string
  try {
    kept = await asideOf(env, path)
    await replaceFile(env.fs, kept, found)
    await replaceFile(env.fs, path, Buffer.concat(messages.map(behindLength)))
  } catch (error) {
    env.log.error('damaged file not put aside: what could be read of it is used', { file: path, error: errorMessage(error) })
    return
  }
  env.log.error('file is damaged: what could be read of it is used, it is kept under another name', { file: path, kept })
}

/** A name that nothing has: what was put aside before stays. */
async function asideOf({ clock, fs }: StateEnv, path: string): Promise<string> {
  const first = `${path}.damaged-${Math.floor(clock.now() / 1000)}`
  let name = first
  for (let n = 2; (await fs.stat(name)) !== null; n++) name = `${first}-${n}`
  return name
}
