import { Breather } from '../base/breather.ts'
import { type Env, sleep } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Routes } from '../base/http-routes.ts'
import type { Service } from '../base/service.ts'
import { readPushFile, writePushFile } from './push-file.ts'
import { addPushRoutes } from './push-routes.ts'
import { PushStore } from './push-store.ts'

export interface PushGatewayOptions {
  readonly env: Env
  /** Where what was pushed is kept. */
  readonly file: string
  /** How long after a push it is there at the latest. */
  readonly persistenceIntervalMs: number
  /** Of the server's routes. */
  readonly prefix: string
  readonly allowsWipe: boolean
}

/** Takes pushes and keeps them: in memory, and from time to time and at an orderly end in a file. */
export class PushGateway implements Service {
  readonly name = 'pushgateway'
  readonly #options: PushGatewayOptions
  readonly #store = new PushStore()
  #savedVersion = 0
  #wake: () => void = () => {}

  private constructor(options: PushGatewayOptions) {
    this.#options = options
  }

  /** Rejects where the file is there and cannot be read: what it has would be lost with the first push. */
  static async open(options: PushGatewayOptions): Promise<PushGateway> {
    const gateway = new PushGateway(options)
    await readPushFile(options.env.fs, options.file, gateway.#store)
    return gateway
  }

  addRoutes(routes: Routes): void {
    const { env, prefix, allowsWipe } = this.#options
    addPushRoutes(routes, { store: this.#store, clock: env.clock, prefix, allowsWipe, onChange: () => this.#wake() })
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { env, persistenceIntervalMs } = this.#options
    ready()
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    while (!signal.aborted) {
      await this.#untilChanged(signal)
      if (!signal.aborted) await sleep(env.clock, persistenceIntervalMs, signal)
      await this.#save()
    }
    // What came while the file was written.
    await this.#save()
  }

  async #untilChanged(signal: AbortSignal): Promise<void> {
    if (this.#store.version !== this.#savedVersion) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (signal.aborted) resolve()
    })
    this.#wake = () => {}
  }

  async #save(): Promise<void> {
    const { version } = this.#store
    if (version === this.#savedVersion) return
    const { env, file } = this.#options
    try {
      await writePushFile(env.fs, file, this.#store, new Breather(env.clock))
      this.#savedVersion = version
    } catch (error) {
      env.log.error('pushed metrics not written to their file', { file, error: errorMessage(error) })
    }
  }
}
