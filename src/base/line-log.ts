import type { Env, File } from './env.ts'
import { errorMessage } from './errors.ts'
import type { Log } from './log.ts'

// 1. Who writes never waits for the disk. What is not yet written is bounded; lines beyond that are dropped, counted, and told in the log.
// 2. Lines go to the end of the file as it was when it was opened.

/** What may wait for the disk. */
const PENDING_BYTES_MAX = 1024 * 1024

export interface LineLogOptions {
  readonly env: Pick<Env, 'fs'>
  readonly log: Log
  readonly path: string
  /** What its lines are, for the log: `scrape failures`. */
  readonly what: string
  /** Called for lines that come to nothing. */
  onFailure?(): void
}

/** A file of lines that others may move away: `reopen` makes it again. */
export class LineLog {
  readonly #options: LineLogOptions
  readonly #log: Log
  #file: File | undefined
  /** Where the next line goes. */
  #position = 0
  #pending: Buffer[] = []
  #pendingBytes = 0
  #droppedCount = 0
  #wantsReopen = false
  #isClosed = false
  /** What goes on with the file; one thing at a time. */
  #work: Promise<void> | undefined

  constructor(options: LineLogOptions) {
    this.#options = options
    this.#log = options.log.with({ file: options.path })
  }

  reopen(): void {
    this.#wantsReopen = true
    this.#run()
  }

  /** `line` without its end. */
  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`)
    if (this.#pendingBytes + bytes.length > PENDING_BYTES_MAX) {
      this.#droppedCount++
      this.#options.onFailure?.()
      return
    }
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    this.#run()
  }

  /** Resolves when all is written. */
  close(): Promise<void> {
    this.#isClosed = true
    this.#run()
    return this.#work ?? Promise.resolve()
  }

  #run(): void {
    this.#work ??= this.#workOff()
  }

  /** Goes on until there is nothing left to do. What fails is logged: what the lines tell of matters more. */
  async #workOff(): Promise<void> {
    for (;;) {
      try {
        if (this.#wantsReopen) await this.#open()
        else if (this.#pending.length > 0) await this.#flush()
        else break
      } catch (error) {
        this.#options.onFailure?.()
        this.#log.error(`${this.#options.what} are not logged`, { error: errorMessage(error) })
      }
    }
    if (this.#isClosed) {
      await this.#file?.close()
      this.#file = undefined
    }
    // Here and not when the promise settles: what came between the two would wait for the next line.
    this.#work = undefined
  }

  async #open(): Promise<void> {
    this.#wantsReopen = false
    const before = this.#file
    this.#file = undefined
    await before?.close()
    const file = await this.#options.env.fs.open(this.#options.path, 'write')
    this.#position = await file.size()
    this.#file = file
  }

  async #flush(): Promise<void> {
    const [lines, sizeBytes, droppedCount] = [this.#pending, this.#pendingBytes, this.#droppedCount]
    this.#pending = []
    this.#pendingBytes = 0
    this.#droppedCount = 0
    if (droppedCount > 0) this.#log.warn(`${this.#options.what} were not logged, the disk is too slow`, { droppedCount })
    if (this.#file === undefined) {
      for (let i = 0; i < lines.length; i++) this.#options.onFailure?.()
      return
    }
    const position = this.#position
    this.#position += sizeBytes
    await this.#file.write(lines, position)
  }
}
