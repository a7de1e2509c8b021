import type { File, FileSystem } from '../../base/env.ts'

/** A file that is opened when it is read. */
export interface OpenFile {
  readonly path: string
  /** Open, or about to be. Of the pool alone, as is `users`. */
  handle: Promise<File> | undefined
  /** Reads that are under way. */
  users: number
}

/**
 * How many files may be open at a time. Who reads one that is not open has it opened, and the one that was read longest ago is closed for it.
 * Reads wait while as many are being read.
 */
export class OpenFiles {
  readonly #max: number
  /** The one that was used last comes last. */
  readonly #open = new Set<OpenFile>()
  readonly #waiting: (() => void)[] = []

  constructor(max: number) {
    this.#max = max
  }

  get count(): number {
    return this.#open.size
  }

  /** Reads from a file; must not be called from within `read`. */
  async use<T>(fs: FileSystem, file: OpenFile, read: (handle: File) => Promise<T>): Promise<T> {
    while (file.handle === undefined && this.#open.size >= this.#max && !this.#closeOne())
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    file.handle ??= fs.open(file.path, 'read')
    this.#open.delete(file)
    this.#open.add(file)
    file.users++
    try {
      return await read(await file.handle)
    } catch (error) {
      await this.#forgetUnopened(file)
      throw error
    } finally {
      file.users--
      this.#waiting.shift()?.()
    }
  }

  /** Closes a file that nobody reads from. It may be read again. */
  async close(file: OpenFile): Promise<void> {
    const { handle } = file
    this.#open.delete(file)
    file.handle = undefined
    this.#waiting.shift()?.()
    await (await handle)?.close()
  }

  /** False: all of them are being read. */
  #closeOne(): boolean {
    for (const file of this.#open) {
      if (file.users > 0) continue
      // What was only read has nothing to lose.
      this.close(file).catch(() => {})
      return true
    }
    return false
  }

  /** One that could not be opened is tried anew by the next reader. */
  async #forgetUnopened(file: OpenFile): Promise<void> {
    const { handle } = file
    try {
      await handle
    } catch {
      if (file.handle !== handle) return
      file.handle = undefined
      this.#open.delete(file)
    }
  }
}
