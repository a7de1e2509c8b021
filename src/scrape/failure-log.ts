// The files of scrape_failure_log_file: a line of JSON for every scrape that brought no page.
//
// Jobs that name the same file write to it one after the other.
// Source of the lines: Prometheus util/logging/file.go, and scrape/scrape.go where it logs to the scrapeFailureLogger.

import type { Env } from '../base/env.ts'
import { LineLog } from '../base/line-log.ts'
import type { Log } from '../base/log.ts'
import { formatRfc3339 } from '../base/rfc3339.ts'

export interface ScrapeFailure {
  readonly message: string
  readonly job: string
  readonly target: string
}

/** All such files of a process. */
export class FailureLogs {
  readonly #env: Env
  readonly #log: Log
  #files = new Map<string, LineLog>()

  constructor(env: Env, log: Log) {
    this.#env = env
    this.#log = log
  }

  /** These files are written to from now on. Each is opened anew, so that one that was moved away is made again. */
  open(paths: Iterable<string>): void {
    const before = this.#files
    this.#files = new Map()
    for (const path of paths) {
      if (path !== '' && !this.#files.has(path)) this.#files.set(path, before.get(path) ?? this.#logAt(path))
    }
    for (const [path, file] of before) if (!this.#files.has(path)) file.close()
    for (const file of this.#files.values()) file.reopen()
  }

  /** Nothing happens for the empty path, or one that is not open. */
  write(path: string, { message, job, target }: ScrapeFailure): void {
    const time = formatRfc3339(this.#env.clock.now())
    const fields = { time, level: 'ERROR', source: 'scrape/loop.ts', msg: message, job_name: job, target }
    this.#files.get(path)?.write(JSON.stringify(fields))
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    const files = [...this.#files.values()]
    this.#files.clear()
    await Promise.all(files.map((file) => file.close()))
  }

  #logAt(path: string): LineLog {
    return new LineLog({ env: this.#env, log: this.#log, path, what: 'scrape failures' })
  }
}
