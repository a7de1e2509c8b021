import { Gauge } from 'prom-client'
import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { type ConfigWarning, formatPlace } from './problems.ts'

export interface HeldConfigOptions<Loaded> {
  readonly env: Env
  readonly file: string
  /** Rejects with what is wrong. */
  load(): Promise<Loaded>
  /** May refuse: then the configuration before stays as well. */
  apply(loaded: Loaded): Promise<void>
  /** Of the metrics that tell of it: name and text of whether it was read, and of when. */
  readonly successful: { readonly name: string; readonly help: string }
  readonly successTime: { readonly name: string; readonly help: string }
}

/** Holds the configuration that a role goes by. A reload replaces it, or keeps it when the file is bad. */
export class HeldConfig<Loaded extends { readonly warnings: readonly ConfigWarning[] }> {
  readonly #options: HeldConfigOptions<Loaded>
  readonly #successful: Gauge
  readonly #successTime: Gauge
  #current: Loaded | undefined
  /** Reloads follow one another. */
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: HeldConfigOptions<Loaded>) {
    this.#options = options
    const registers = [options.env.metrics]
    this.#successful = new Gauge({ ...options.successful, registers })
    this.#successTime = new Gauge({ ...options.successTime, registers })
  }

  /** The configuration that runs; a mistake before the first successful `reload`. */
  get current(): Loaded {
    if (this.#current === undefined) throw new TypeError('no configuration is loaded yet')
    return this.#current
  }

  /** Rejects with what is wrong. */
  reload(): Promise<void> {
    const next = this.#running.then(() => this.#reload())
    this.#running = next.catch(() => undefined)
    return next
  }

  async #reload(): Promise<void> {
    const { env, file } = this.#options
    const { log, clock } = env
    let loaded: Loaded
    try {
      loaded = await this.#options.load()
      await this.#options.apply(loaded)
      this.#current = loaded
    } catch (error) {
      this.#successful.set(0)
      log.error('configuration not loaded', { file, error: errorMessage(error), kept: this.#current !== undefined })
      throw error
    }
    for (const warning of loaded.warnings) log.warn('configuration', { at: formatPlace(warning) })
    this.#successful.set(1)
    this.#successTime.set(clock.now() / 1000)
    log.info('configuration loaded', { file })
  }
}
