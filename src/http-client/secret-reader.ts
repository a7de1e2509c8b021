import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { SecretSource } from './client-config.ts'

interface KnownFile {
  readonly state: string
  readonly text: string
}

/** Texts of secrets, those of files kept for as long as the files are the same. */
export class SecretReader {
  readonly #fs: Env['fs']
  readonly #files = new Map<string, KnownFile>()

  constructor(env: Pick<Env, 'fs'>) {
    this.#fs = env.fs
  }

  /** Looks at the file again. Rejects in upstream's words when it cannot be read. */
  async read(source: SecretSource): Promise<string> {
    if ('text' in source) return source.text
    const { file } = source
    try {
      const stat = await this.#fs.stat(file)
      const state = `${stat?.modifiedTime} ${stat?.sizeBytes} ${stat?.inode}`
      const known = this.#files.get(file)
      if (stat !== null && known?.state === state) return known.text
      const text = (await this.#fs.readText(file)).trim()
      this.#files.set(file, { state, text })
      return text
    } catch (error) {
      throw new Error(`unable to read file ${file}: ${readFault(file, error)}`)
    }
  }
}

/** Why a file cannot be read, in Go's words where it has some. */
function readFault(file: string, error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return `open ${file}: no such file or directory`
    case 'EACCES':
      return `open ${file}: permission denied`
    case 'EISDIR':
      return `read ${file}: is a directory`
    default:
      return errorMessage(error)
  }
}

export function isFile(source: SecretSource | undefined): boolean {
  return source !== undefined && 'file' in source
}

/** As errors name it. */
export function describeSource(source: SecretSource): string {
  return 'file' in source ? `file ${source.file}` : 'inline'
}
