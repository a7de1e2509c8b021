import { createHash } from 'node:crypto'
import { Gauge } from 'prom-client'
import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { type AlertmanagerLoadOptions, type LoadedAlertmanagerConfig, loadAlertmanagerConfig } from './alertmanager.ts'
import { formatPlace } from './problems.ts'

/**
 * Holds the configuration that an Alertmanager goes by. A reload replaces it, or keeps it when the file is bad.
 * Source of the metrics: Alertmanager config/coordinator.go.
 */
export class AlertmanagerReloader {
  readonly #env: Env
  readonly #file: string
  readonly #options: AlertmanagerLoadOptions
  readonly #apply: (loaded: LoadedAlertmanagerConfig) => Promise<void>
  readonly #hash: Gauge
  readonly #successful: Gauge
  readonly #successTime: Gauge
  #current: LoadedAlertmanagerConfig | undefined
  /** Reloads follow one another. */
  #running: Promise<unknown> = Promise.resolve()

  /** `apply` may refuse: then the configuration before stays as well. */
  constructor(env: Env, file: string, options: AlertmanagerLoadOptions, apply: (loaded: LoadedAlertmanagerConfig) => Promise<void>) {
    this.#env = env
    this.#file = file
    this.#options = options
    this.#apply = apply
    const registers = [env.metrics]
    this.#hash = new Gauge({
      name: 'alertmanager_config_hash',
      help: 'Hash of the currently loaded alertmanager configuration. Note that this is not a cryptographically strong hash.',
      registers,
    })
    this.#successful = new Gauge({
      name: 'alertmanager_config_last_reload_successful',
      help: 'Whether the last configuration reload attempt was successful.',
      registers,
    })
    this.#successTime = new Gauge({
      name: 'alertmanager_config_last_reload_success_timestamp_seconds',
      help: 'Timestamp of the last successful configuration reload.',
      registers,
    })
  }

  /** The configuration that runs; a mistake before the first successful `reload`. */
  get current(): LoadedAlertmanagerConfig {
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
      const loaded = await loadAlertmanagerConfig(this.#env, this.#file, this.#options)
      await this.#apply(loaded)
      this.#current = loaded
    } catch (error) {
      this.#successful.set(0)
      log.error('configuration not loaded', { file: this.#file, error: errorMessage(error), kept: this.#current !== undefined })
      throw error
    }
    for (const warning of this.current.warnings) log.warn('configuration', { at: formatPlace(warning) })
    this.#successful.set(1)
    this.#successTime.set(clock.now() / 1000)
    this.#hash.set(hashValue(this.current.text))
    log.info('configuration loaded', { file: this.#file })
  }
}

/** Six bytes of the MD5, which a float holds. Source: Alertmanager config/coordinator.go, md5HashAsMetricValue. */
function hashValue(text: string): number {
  return createHash('md5').update(text).digest().readUIntLE(0, 6)
}
