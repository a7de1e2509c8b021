import { type Service, untilAborted } from '../../base/service.ts'
import type { RemoteWriteConfig } from './remote-write-config.ts'
import type { RemoteWriter, RemoteWriterOptions } from './remote-writer.ts'

/** A remote writer that is loaded with the first destination: most servers have none. */
export class LazyRemoteWriter implements Service {
  readonly name = 'remote write'
  readonly #options: Omit<RemoteWriterOptions, 'isSinceStart'>
  #isRunning = false
  #writer: RemoteWriter | undefined
  readonly #needed = Promise.withResolvers<RemoteWriter>()

  constructor(options: Omit<RemoteWriterOptions, 'isSinceStart'>) {
    this.#options = options
  }

  /** From now on these are the destinations. */
  async apply(configs: readonly RemoteWriteConfig[]): Promise<void> {
    if (this.#writer === undefined && configs.length > 0) {
      const { RemoteWriter } = await import('./remote-writer.ts')
      this.#writer ??= new RemoteWriter({ ...this.#options, isSinceStart: !this.#isRunning })
      this.#needed.resolve(this.#writer)
    }
    await this.#writer?.apply(configs)
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    ready()
    this.#isRunning = true
    const writer = await Promise.race([this.#needed.promise, untilAborted(signal)])
    await writer?.run(signal, () => {})
  }
}
