import type { Env } from '../base/env.ts'
import { HttpClient } from './client.ts'
import type { HttpClientConfig } from './client-config.ts'

/** The clients of all sections in use: whoever has the same section shares what its files hold, its token and its connections. */
export class HttpClients {
  readonly #env: Env
  readonly #clients = new WeakMap<HttpClientConfig, HttpClient>()

  constructor(env: Env) {
    this.#env = env
  }

  of(config: HttpClientConfig): HttpClient {
    let client = this.#clients.get(config)
    if (client === undefined) {
      client = new HttpClient(this.#env, config)
      this.#clients.set(config, client)
    }
    return client
  }
}
