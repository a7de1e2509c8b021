import { constants, watch } from 'node:fs'
import * as fsp from 'node:fs/promises'
import type { File, FileStat, FileSystem } from '../env.ts'
import { directoryOf } from '../files.ts'
import { lockFile } from './file-lock.ts'

const OPEN_FLAGS = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  write: constants.O_RDWR | constants.O_CREAT,
}

export const realFileSystem: FileSystem = {
  async open(path, mode) {
    return new RealFile(path, await fsp.open(path, OPEN_FLAGS[mode], 0o666))
  },
  readFile: (path) => fsp.readFile(path),
  readText: (path) => fsp.readFile(path, 'utf8'),
  writeFile: (path, body) => fsp.writeFile(path, body),
  async readDir(path) {
    return (await fsp.readdir(path)).sort()
  },
  async stat(path): Promise<FileStat | null> {
    try {
      const stat = await fsp.stat(path)
      return {
        kind: stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other',
        sizeBytes: stat.size,
        modifiedTime: stat.mtimeMs,
        inode: stat.ino,
      }
    } catch (error) {
      if (errorNumber(error) === 'ENOENT' || errorNumber(error) === 'ENOTDIR') return null
      throw error
    }
  },
  readLink: (path) => fsp.readlink(path),
  realPath: (path) => fsp.realpath(path),
  async usage(path) {
    const stat = await fsp.statfs(path)
    return {
      totalBytes: stat.blocks * stat.bsize,
      freeBytes: stat.bfree * stat.bsize,
      availableBytes: stat.bavail * stat.bsize,
      files: stat.files,
      filesFree: stat.ffree,
    }
  },
  mkdir: (path) => makeDirectory(path.replace(/(?<=.)\/+$/, '')),
  rename: (from, to) => fsp.rename(from, to),
  link: (existing, path) => fsp.link(existing, path),
  remove: (path) => fsp.rm(path, { recursive: true, force: true }),
  async syncDir(path) {
    const handle = await fsp.open(path, constants.O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  lock: lockFile,
  watch(path, onChange) {
    try {
      const watcher = watch(path, { persistent: false }, () => onChange())
      watcher.on('error', () => watcher.close())
      return { cancel: () => watcher.close() }
    } catch {
      // Best effort by contract: callers poll as well.
      return { cancel: () => {} }
    }
  },
}

/** Not `recursive: true`: where the parent refuses new entries as not found (/proc), that never comes back. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await fsp.mkdir(path)
  } catch (error) {
    if (errorNumber(error) === 'EEXIST' && (await fsp.stat(path)).isDirectory()) return
    const parent = directoryOf(path)
    if (errorNumber(error) !== 'ENOENT' || parent === path || (await realFileSystem.stat(parent)) !== null) throw error
    await makeDirectory(parent)
    await makeDirectory(path)
  }
}

function errorNumber(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

class RealFile implements File {
  readonly path: string
  readonly #handle: fsp.FileHandle

  constructor(path: string, handle: fsp.FileHandle) {
    this.path = path
    this.#handle = handle
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(into, 0, into.length, position)
    return bytesRead
  }

  async readAll(into: readonly Uint8Array[], position: number): Promise<number> {
    let pending = into.filter((buffer) => buffer.length > 0)
    let total = 0
    while (pending.length > 0) {
      const batch = pending.slice(0, 512)
      let { bytesRead } = await this.#handle.readv(batch, position + total)
      if (bytesRead === 0) break
      total += bytesRead
      let whole = 0
      while (whole < batch.length && bytesRead >= batch[whole].length) bytesRead -= batch[whole++].length
      pending = pending.slice(whole)
      if (bytesRead > 0) pending[0] = pending[0].subarray(bytesRead)
    }
    return total
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    let pending = buffers.filter((buffer) => buffer.length > 0)
    while (pending.length > 0) {
      const batch = pending.slice(0, 512)
      let { bytesWritten } =
        batch.length === 1 ? await this.#handle.write(batch[0], 0, batch[0].length, position) : await this.#handle.writev(batch, position)
      position += bytesWritten
      let whole = 0
      while (whole < batch.length && bytesWritten >= batch[whole].length) bytesWritten -= batch[whole++].length
      pending = pending.slice(whole)
      if (bytesWritten > 0) pending[0] = pending[0].subarray(bytesWritten)
    }
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#handle.truncate(sizeBytes)
  }

  sync(): Promise<void> {
    return this.#handle.datasync()
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
