// The files of scrape_failure_log_file: a line of JSON for every scrape that brought no page.
//
// 1. Jobs that name the same file write to it one after the other, at its end.
// 2. A scrape never waits for the disk. What is not yet written is bounded; lines beyond that are dropped and counted in the log.
// Source of the lines: Prometheus util/logging/file.go, and scrape/scrape.go where it logs to the scrapeFailureLogger.

import type { Env, File } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { formatRfc3339 } from '../base/rfc3339.ts'

/** What may wait for the disk, of one file. */
const PENDING_BYTES_MAX = 1024 * 1024

export interface ScrapeFailure {
  readonly message: string
  readonly job: string
  readonly target: string
}

/** All such files of a process. */
export class FailureLogs {
  readonly #env: Env
  readonly #log: Log
  #files = new Map<string, FailureLog>()

  constructor(env: Env, log: Log) {
    this.#env = env
    this.#log = log
  }

  /** These files are written to from now on. Each is opened anew, so that one that was moved away is made again. */
  open(paths: Iterable<string>): void {
    const before = this.#files
    this.#files = new Map()
    for (const path of paths) {
      if (path !== '' && !this.#files.has(path)) this.#files.set(path, before.get(path) ?? new FailureLog(this.#env, this.#log, path))
    }
    for (const [path, file] of before) if (!this.#files.has(path)) file.close()
    for (const file of this.#files.values()) file.reopen()
  }

  /** Nothing happens for the empty path, or one that is not open. */
  write(path: string, failure: ScrapeFailure): void {
    this.#files.get(path)?.write(failure)
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    const files = [...this.#files.values()]
    this.#files.clear()
    await Promise.all(files.map((file) => file.close()))
  }
}

class FailureLog {
  readonly #env: Env
  readonly #log: Log
  readonly #path: string
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

  constructor(env: Env, log: Log, path: string) {
    this.#env = env
    this.#log = log.with({ file: path })
    this.#path = path
  }

  reopen(): void {
    this.#wantsReopen = true
    this.#run()
  }

  write({ message, job, target }: ScrapeFailure): void {
    const time = formatRfc3339(this.#env.clock.now())
    const fields = { time, level: 'ERROR', source: 'scrape/loop.ts', msg: message, job_name: job, target }
    const line = Buffer.from(`${JSON.stringify(fields)}\n`)
    if (this.#pendingBytes + line.length > PENDING_BYTES_MAX) {
      this.#droppedCount++
      return
    }
    this.#pending.push(line)
    this.#pendingBytes += line.length
    this.#run()
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#run()
    return this.#work ?? Promise.resolve()
  }

  #run(): void {
    this.#work ??= this.#workOff().finally(() => {
      this.#work = undefined
    })
  }

  /** Goes on until there is nothing left to do. What fails is logged: the scrapes matter more. */
  async #workOff(): Promise<void> {
    for (;;) {
      try {
        if (this.#wantsReopen) await this.#open()
        else if (this.#pending.length > 0) await this.#flush()
        else break
      } catch (error) {
        this.#log.error('scrape failures are not logged', { error: errorMessage(error) })
      }
    }
    if (this.#isClosed) {
      await this.#file?.close()
      this.#file = undefined
    }
  }

  async #open(): Promise<void> {
    this.#wantsReopen = false
    const before = this.#file
    this.#file = undefined
    await before?.close()
    const file = await this.#env.fs.open(this.#path, 'write')
    this.#position = await file.size()
    this.#file = file
  }

  async #flush(): Promise<void> {
    const [lines, sizeBytes, droppedCount] = [this.#pending, this.#pendingBytes, this.#droppedCount]
    this.#pending = []
    this.#pendingBytes = 0
    this.#droppedCount = 0
    if (droppedCount > 0) this.#log.warn('scrape failures were not logged, the disk is too slow', { droppedCount })
    if (this.#file === undefined) return
    const position = this.#position
    this.#position += sizeBytes
    await this.#file.write(lines, position)
  }
}
