import type { Env } from '../base/env.ts'
import type { Service } from '../base/service.ts'
import type { WebSettings } from '../base/web-guard.ts'
import { WatchedFile } from './watched-file.ts'
import { type LoadedWebConfig, loadWebConfig } from './web-config.ts'

/**
 * Holds the web configuration that holds now. A change is taken over for new connections and requests. TLS is not turned on or off while it
 * runs: that would be another protocol on the same port, and a mistake in the file must not publish what was protected.
 */
export class WebConfigFile {
  readonly #file: WatchedFile<LoadedWebConfig>

  private constructor(file: WatchedFile<LoadedWebConfig>) {
    this.#file = file
  }

  /** Rejects with a ConfigError when the file is bad. */
  static async open(env: Env, path: string): Promise<WebConfigFile> {
    return new WebConfigFile(
      await WatchedFile.open({
        env,
        path,
        what: 'web configuration',
        load: () => loadWebConfig(env, path),
        check(next, current) {
          if ((next.tls === undefined) !== (current.tls === undefined)) throw new Error('tls is turned on and off by a restart only')
        },
      }),
    )
  }

  readonly settings = (): WebSettings => this.#file.current

  watcher(): Service {
    return this.#file.watcher()
  }
}
