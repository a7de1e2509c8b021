import type { FileSystem } from '../base/env.ts'

/** Where the host's file systems are seen from here: `/`, or below a mount when the exporter runs in a container. */
export interface HostPaths {
  readonly proc: string
  readonly sys: string
  readonly root: string
  readonly udevData: string
}

/**
 * The host's files as one scrape sees them: a file is read once, however many collectors ask for it, so that what they
 * say agrees. Paths are below the mount point, without a leading slash.
 */
export class HostFiles {
  readonly fs: FileSystem
  readonly paths: HostPaths
  readonly #texts = new Map<string, Promise<string>>()

  constructor(fs: FileSystem, paths: HostPaths) {
    this.fs = fs
    this.paths = paths
  }

  proc(path: string): Promise<string> {
    return this.#read(`${this.paths.proc}/${path}`)
  }

  sys(path: string): Promise<string> {
    return this.#read(`${this.paths.sys}/${path}`)
  }

  /** Undefined where there is no such file, or the driver behind it does not answer. */
  sysIfAny(path: string): Promise<string | undefined> {
    return readIfAny(this.sys(path))
  }

  procIfAny(path: string): Promise<string | undefined> {
    return readIfAny(this.proc(path))
  }

  udevIfAny(name: string): Promise<string | undefined> {
    return readIfAny(this.#read(`${this.paths.udevData}/${name}`))
  }

  /** Names in a directory of /sys; none where it does not exist. */
  async sysDir(path: string): Promise<readonly string[]> {
    try {
      return await this.fs.readDir(`${this.paths.sys}/${path}`)
    } catch (error) {
      if (isAbsent(error)) return []
      throw error
    }
  }

  #read(path: string): Promise<string> {
    let text = this.#texts.get(path)
    if (text === undefined) {
      text = this.fs.readText(path)
      this.#texts.set(path, text)
    }
    return text
  }
}

async function readIfAny(text: Promise<string>): Promise<string | undefined> {
  try {
    return await text
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

/** The kernel says that there is nothing to read here: no file, no driver, or one that does not support it. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENODEV', 'ENXIO', 'EINVAL', 'EIO', 'ENOTSUP', 'EOPNOTSUPP'])

export function isAbsent(error: unknown): boolean {
  return ABSENT.has((error as { code?: string }).code ?? '')
}
