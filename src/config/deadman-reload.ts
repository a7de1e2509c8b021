import { Gauge } from 'prom-client'
import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { type LoadedDeadmanConfig, loadDeadmanConfig } from './deadman.ts'
import { formatPlace } from './problems.ts'

/** Holds the configuration that a deadman goes by. A reload replaces it, or keeps it when the file is bad. */
export class DeadmanReloader {
  readonly #env: Env
  readonly #load: () => Promise<LoadedDeadmanConfig>
  readonly #apply: (loaded: LoadedDeadmanConfig) => Promise<void>
  readonly #successful: Gauge
  readonly #successTime: Gauge
  #current: LoadedDeadmanConfig | undefined
  /** Reloads follow one another. */
  #running: Promise<unknown> = Promise.resolve()

  /** `apply` may refuse: then the configuration before stays as well. */
  constructor(
    env: Env,
    { file, variables }: { readonly file: string; readonly variables: Readonly<Record<string, string | undefined>> },
    apply: (loaded: LoadedDeadmanConfig) => Promise<void>,
  ) {
    this.#env = env
    this.#load = () => loadDeadmanConfig(env, file, variables)
    this.#apply = apply
    const registers = [env.metrics]
    this.#successful = new Gauge({
      name: 'promontory_deadman_config_last_reload_successful',
      help: 'Whether the last reading of the configuration was successful.',
      registers,
    })
    this.#successTime = new Gauge({
      name: 'promontory_deadman_config_last_reload_success_timestamp_seconds',
      help: 'When the configuration was last read with success.',
      registers,
    })
  }

  /** The configuration that runs; a mistake before the first successful `reload`. */
  get current(): LoadedDeadmanConfig {
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
    const { log, clock } = this.#env
    try {
      const loaded = await this.#load()
      await this.#apply(loaded)
      this.#current = loaded
    } catch (error) {
      this.#successful.set(0)
      log.error('configuration not loaded', { error: errorMessage(error), kept: this.#current !== undefined })
      throw error
    }
    const { warnings, file } = this.current
    for (const warning of warnings) log.warn('configuration', { at: formatPlace(warning) })
    this.#successful.set(1)
    this.#successTime.set(clock.now() / 1000)
    log.info('configuration loaded', { file })
  }
}
