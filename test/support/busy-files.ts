import type { File, FileSystem } from '../../src/base/env.ts'

const SYNCS = new Set<PropertyKey>(['sync', 'syncDir'])

/** A file system that knows whether it has something to do, so that virtual time can wait for a real disk. What is on it is not made durable. */
export class BusyFiles {
  readonly fileSystem: FileSystem
  #pending = 0

  constructor(fs: FileSystem) {
    const counted = <T extends object>(what: T): T =>
      new Proxy(what, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name)
          if (typeof member !== 'function') return member
          if (SYNCS.has(name)) return async () => {}
          return (...parameters: unknown[]) => {
            const answer: unknown = member.apply(target, parameters)
            return answer instanceof Promise ? this.#count(answer) : answer
          }
        },
      })
    const open = async (...parameters: Parameters<FileSystem['open']>): Promise<File> => counted(await this.#count(fs.open(...parameters)))
    this.fileSystem = new Proxy(counted(fs), { get: (target, name) => (name === 'open' ? open : Reflect.get(target, name)) })
  }

  /** Resolves when nothing is under way, and what waited for it has gone on. */
  async idle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve))
    while (this.#pending > 0)
  }

  async #count<T>(answer: Promise<T>): Promise<T> {
    this.#pending++
    try {
      return await answer
    } finally {
      this.#pending--
    }
  }
}
