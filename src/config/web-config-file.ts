import { type Env, sleep } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Service } from '../base/service.ts'
import type { WebSettings } from '../base/web-guard.ts'
import { formatPlace } from './problems.ts'
import { type LoadedWebConfig, loadWebConfig } from './web-config.ts'

/** How often the files are looked at. */
const WATCH_INTERVAL_MS = 1000

/**
 * Holds the web configuration that holds now. A change of the file, or of a certificate that it names, is taken over for new connections
 * and requests; a bad one is logged, and what was stays. TLS is not turned on or off while it runs: that would be another protocol on the
 * same port, and a mistake in the file must not publish what was protected.
 */
export class WebConfigFile {
  readonly #env: Env
  readonly #path: string
  #current: LoadedWebConfig
  #state: string

  private constructor(env: Env, path: string, current: LoadedWebConfig, state: string) {
    this.#env = env
    this.#path = path
    this.#current = current
    this.#state = state
  }

  /** Rejects with a ConfigError when the file is bad. */
  static async open(env: Env, path: string): Promise<WebConfigFile> {
    const current = await loadWebConfig(env, path)
    const file = new WebConfigFile(env, path, current, await stateOf(env, current.files))
    file.#warn()
    return file
  }

  readonly settings = (): WebSettings => this.#current

  watcher(): Service {
    return {
      name: 'web configuration watch',
      run: async (signal, ready) => {
        ready()
        while (!signal.aborted) {
          await sleep(this.#env.clock, WATCH_INTERVAL_MS, signal)
          if (!signal.aborted) await this.#look()
        }
      },
    }
  }

  async #look(): Promise<void> {
    const { log } = this.#env
    try {
      const state = await stateOf(this.#env, this.#current.files)
      if (state === this.#state) return
      // Remembered before the file is read: what changes meanwhile is seen the next time. A bad file is not tried again before it changes.
      this.#state = state
      const next = await loadWebConfig(this.#env, this.#path)
      if ((next.tls === undefined) !== (this.#current.tls === undefined)) throw new Error('tls is turned on and off by a restart only')
      if (next.files.join() !== this.#current.files.join()) this.#state = await stateOf(this.#env, next.files)
      this.#current = next
      this.#warn()
      log.info('web configuration loaded', { file: this.#path })
    } catch (error) {
      log.error('web configuration not loaded', { file: this.#path, error: errorMessage(error), kept: true })
    }
  }

  #warn(): void {
    for (const warning of this.#current.warnings) this.#env.log.warn('web configuration', { at: formatPlace(warning) })
  }
}

async function stateOf(env: Env, files: readonly string[]): Promise<string> {
  const parts: string[] = []
  for (const file of files) {
    const stat = await env.fs.stat(file)
    parts.push(`${file} ${stat?.modifiedTime} ${stat?.sizeBytes} ${stat?.inode}`)
  }
  return parts.join('\n')
}
