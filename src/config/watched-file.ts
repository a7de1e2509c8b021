import { type Env, sleep } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Service } from '../base/service.ts'
import { type ConfigWarning, formatPlace } from './problems.ts'

/** How often the files are looked at. */
const WATCH_INTERVAL_MS = 1000

/** What was read of a file. */
export interface LoadedFile {
  readonly warnings: readonly ConfigWarning[]
  /** It, and those that it names. */
  readonly files: readonly string[]
}

export interface WatchedFileOptions<Loaded> {
  readonly env: Env
  readonly path: string
  /** Of what it is the file, as logs say it. */
  readonly what: string
  /** Rejects with a ConfigError when the file is bad. */
  load(): Promise<Loaded>
  /** Throws where what was read now cannot take the place of what was read before. */
  check?(next: Loaded, current: Loaded): void
}

/**
 * Holds what a file says now. A change of the file, or of one that it names, is taken over; a bad one is logged, and what was stays.
 */
export class WatchedFile<Loaded extends LoadedFile> {
  readonly #options: WatchedFileOptions<Loaded>
  #current: Loaded
  #state: string

  private constructor(options: WatchedFileOptions<Loaded>, current: Loaded, state: string) {
    this.#options = options
    this.#current = current
    this.#state = state
  }

  /** Rejects with a ConfigError when the file is bad. */
  static async open<Loaded extends LoadedFile>(options: WatchedFileOptions<Loaded>): Promise<WatchedFile<Loaded>> {
    const current = await options.load()
    const file = new WatchedFile(options, current, await stateOf(options.env, current.files))
    file.#warn()
    return file
  }

  get current(): Loaded {
    return this.#current
  }

  watcher(): Service {
    const { env, what } = this.#options
    return {
      name: `${what} watch`,
      run: async (signal, ready) => {
        ready()
        while (!signal.aborted) {
          await sleep(env.clock, WATCH_INTERVAL_MS, signal)
          if (!signal.aborted) await this.#look()
        }
      },
    }
  }

  async #look(): Promise<void> {
    const { env, path, what, load, check } = this.#options
    try {
      const state = await stateOf(env, this.#current.files)
      if (state === this.#state) return
      // Remembered before the file is read: what changes meanwhile is seen the next time. A bad file is not tried again before it changes.
      this.#state = state
      const next = await load()
      check?.(next, this.#current)
      if (next.files.join() !== this.#current.files.join()) this.#state = await stateOf(env, next.files)
      this.#current = next
      this.#warn()
      env.log.info(`${what} loaded`, { file: path })
    } catch (error) {
      env.log.error(`${what} not loaded`, { file: path, error: errorMessage(error), kept: true })
    }
  }

  #warn(): void {
    const { env, what } = this.#options
    for (const warning of this.#current.warnings) env.log.warn(what, { at: formatPlace(warning) })
  }
}

async function stateOf(env: Pick<Env, 'fs'>, files: readonly string[]): Promise<string> {
  const parts: string[] = []
  for (const file of files) {
    const stat = await env.fs.stat(file)
    parts.push(`${file} ${stat?.modifiedTime} ${stat?.sizeBytes} ${stat?.inode}`)
  }
  return parts.join('\n')
}
