import { Gauge } from 'prom-client'
import type { Env } from '../base/env.ts'
import { sleep } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { type Service, untilAborted } from '../base/service.ts'
import type { LoadedConfig, LoadOptions } from './load.ts'
import { loadConfig } from './load.ts'
import { formatPlace } from './problems.ts'

export interface ReloaderOptions extends LoadOptions {
  readonly file: string
  /** How often the file itself is; undefined: only when asked to reload. */
  readonly autoReloadIntervalMs?: number
}

export type ConfigSubscriber = (config: LoadedConfig) => Promise<void> | void

/**
 * Holds the configuration that runs. A reload replaces it, or keeps it when the file is bad.
 * Source of the metrics: Prometheus cmd/prometheus/main.go, reloadConfig.
 */
export class ConfigReloader {
  readonly #env: Env
  readonly #options: ReloaderOptions
  readonly #subscribers: ConfigSubscriber[] = []
  readonly #outcomeListeners: ((isLoaded: boolean) => void)[] = []
  readonly #successful: Gauge
  readonly #successTime: Gauge
  readonly #unsupported: Gauge<'field'>
  #current: LoadedConfig | undefined
  /** Reloads follow one another; asking while one runs asks for one more. */
  #running: Promise<unknown> = Promise.resolve()
  #last = { reloadConfigSuccess: false, lastConfigTime: 0 }
  #fileState = ''
  #configFiles: readonly string[]

  constructor(env: Env, options: ReloaderOptions) {
    this.#env = env
    this.#options = options
    this.#configFiles = [options.file]
    const registers = [env.metrics]
    this.#successful = new Gauge({
      name: 'prometheus_config_last_reload_successful',
      help: 'Whether the last configuration reload attempt was successful.',
      registers,
    })
    this.#successTime = new Gauge({
      name: 'prometheus_config_last_reload_success_timestamp_seconds',
      help: 'Timestamp of the last successful configuration reload.',
      registers,
    })
    this.#unsupported = new Gauge({
      name: 'promontory_config_unsupported',
      help: 'Places of the configuration that name a field which is not supported and ignored.',
      labelNames: ['field'],
      registers,
    })
  }

  /** The configuration that runs; a mistake before the first successful `reload`. */
  get current(): LoadedConfig {
    if (this.#current === undefined) throw new TypeError('no configuration is loaded yet')
    return this.#current
  }

  /** How the last reload went, and when (Unix ms) the configuration that runs was loaded. */
  status(): { readonly reloadConfigSuccess: boolean; readonly lastConfigTime: number } {
    return this.#last
  }

  /** Called with every new configuration, in the order of subscription; at once when there already is one. */
  async subscribe(subscriber: ConfigSubscriber): Promise<void> {
    this.#subscribers.push(subscriber)
    if (this.#current !== undefined) await subscriber(this.#current)
  }

  /** Called after every reload with whether it went well. */
  onOutcome(listener: (isLoaded: boolean) => void): void {
    this.#outcomeListeners.push(listener)
  }

  /** Loads the file and hands it out. Rejects with what is wrong, and then the configuration before stays. */
  reload(): Promise<LoadedConfig> {
    const next = this.#running.then(
      () => this.#reload(),
      () => this.#reload(),
    )
    this.#running = next
    return next
  }

  async #reload(): Promise<LoadedConfig> {
    const { log, clock } = this.#env
    const { file } = this.#options
    const start = clock.monotonic()
    try {
      // Taken before the files are read, so that what changes meanwhile is noticed. A bad file is not tried again before it changes.
      this.#fileState = await this.#state(this.#configFiles)
      const config = await loadConfig(this.#env, file, this.#options)
      if (config.configFiles.join() !== this.#configFiles.join()) {
        this.#configFiles = config.configFiles
        this.#fileState = await this.#state(this.#configFiles)
      }
      for (const subscriber of this.#subscribers) await subscriber(config)
      this.#current = config
      this.#successful.set(1)
      this.#last = { reloadConfigSuccess: true, lastConfigTime: clock.now() }
      this.#successTime.set(clock.now() / 1000)
      this.#report(config)
      for (const listener of this.#outcomeListeners) listener(true)
      log.info('configuration loaded', {
        file,
        jobs: config.scrapeConfigs.length,
        warnings: config.warnings.length,
        durationMs: Math.round(clock.monotonic() - start),
      })
      return config
    } catch (error) {
      this.#successful.set(0)
      this.#last = { ...this.#last, reloadConfigSuccess: false }
      for (const listener of this.#outcomeListeners) listener(false)
      log.error('configuration not loaded', { file, error: errorMessage(error), kept: this.#current !== undefined })
      throw error
    }
  }

  #report(config: LoadedConfig): void {
    this.#unsupported.reset()
    for (const warning of config.warnings) {
      this.#env.log.warn('configuration', { at: formatPlace(warning) })
      if (warning.kind === 'unsupported') this.#unsupported.inc({ field: warning.field })
    }
  }

  /** Reloads when the configuration's files change, if asked to. Failures are logged; the configuration stays. */
  watcher(): Service {
    return {
      name: 'configuration watch',
      run: async (signal, ready) => {
        ready()
        const { autoReloadIntervalMs } = this.#options
        if (autoReloadIntervalMs === undefined) return untilAborted(signal)
        while (!signal.aborted) {
          await sleep(this.#env.clock, autoReloadIntervalMs, signal)
          if (signal.aborted || this.#current === undefined) continue
          if ((await this.#state(this.#configFiles)) === this.#fileState) continue
          // What went wrong is logged and shown by the metric; the next change tries again.
          await this.reload().catch(() => undefined)
        }
      },
    }
  }

  async #state(files: readonly string[]): Promise<string> {
    const parts: string[] = []
    for (const file of files) {
      const stat = await this.#env.fs.stat(file)
      parts.push(`${file} ${stat?.modifiedTime} ${stat?.sizeBytes} ${stat?.inode}`)
    }
    return parts.join('\n')
  }
}
