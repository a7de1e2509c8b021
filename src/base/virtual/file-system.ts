import type { File, FileStat, FileSystem, Random, Timer } from '../env.ts'

interface Node {
  readonly inode: number
  modifiedTime: number
  /** What readers see. */
  bytes: Uint8Array
  /** What a power loss leaves of the content: the state at the last `sync`. */
  durable: Uint8Array
  /** The part of the content that an fsync which failed has let go: no later one makes it durable. */
  lostFrom: number
  lostUntil: number
}

/** What can be asked of a disk. */
export type DiskCall =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'list'
  | 'stat'
  | 'mkdir'
  | 'rename'
  | 'remove'
  | 'syncDir'
  | 'usage'

const SECTOR_BYTES = 512

/**
 * A disk in memory that can crash.
 *
 * 1. `write` is seen by readers at once and survives the process (kill -9), not power loss.
 * 2. Power loss leaves every file as it was at its last `sync`, plus a random part of what was appended after it. What an fsync that failed
 *    should have made durable is never made durable by a later one.
 * 3. A name (creation, rename, removal) is durable after `syncDir` of its directory; power loss takes the others back. The rename of a
 *    directory takes all that is in it along, or nothing.
 */
export class VirtualFileSystem implements FileSystem {
  readonly #random: Random
  readonly #now: () => number
  #files = new Map<string, Node>()
  #durableNames = new Map<string, Node>()
  #directories = new Set<string>(['/', '.'])
  /** Renames of directories that are not durable yet, in the order they happened. */
  #renamedDirectories: { readonly source: string; readonly target: string }[] = []
  readonly #watchers = new Set<{ readonly path: string; readonly onChange: () => void }>()
  #inode = 0
  /** Bytes that may still be written before ENOSPC. */
  freeBytes = Number.POSITIVE_INFINITY
  /** Set to let the next calls of that kind fail with this code. */
  failing: { write?: string; sync?: string; open?: string } = {}
  /** Asked before every call: the code it fails with. A write that fails has written a part. */
  fault: ((call: DiskCall, path: string) => string | undefined) | undefined
  /** Whether reads answer less than is asked for, now and then. */
  hasShortReads = false
  /** Whether power loss leaves sectors of zeros in what was appended and not synced. */
  hasTornSectors = false

  constructor(random: Random, now: () => number) {
    this.#random = random
    this.#now = now
  }

  /** What a machine finds when power comes back. Open files of the old process must not be used again. */
  losePower(): void {
    const files = new Map<string, Node>()
    for (const [path, node] of this.#durableNames) {
      const extra = Math.max(0, node.bytes.length - node.durable.length)
      const kept = node.durable.length + Math.floor(this.#random.next() * (extra + 1))
      const bytes = new Uint8Array(kept)
      bytes.set(node.bytes.subarray(0, kept))
      bytes.set(node.durable.subarray(0, Math.min(kept, node.durable.length)))
      if (this.hasTornSectors) this.#tear(bytes, node.durable.length)
      files.set(path, { ...node, bytes, durable: bytes.slice(), lostFrom: 0, lostUntil: 0 })
    }
    this.#files = files
    this.#durableNames = new Map(files)
    for (const { source, target } of this.#renamedDirectories.reverse()) this.#renameEntries(this.#directories, target, source)
    this.#renamedDirectories = []
  }

  #tear(bytes: Uint8Array, from: number): void {
    for (let at = from; at < bytes.length; at += SECTOR_BYTES - (at % SECTOR_BYTES)) {
      if (this.#random.next() < 0.2) bytes.fill(0, at, Math.min(bytes.length, at + SECTOR_BYTES - (at % SECTOR_BYTES)))
    }
  }

  #mayFail(call: DiskCall, path: string): void {
    const code = this.fault?.(call, path)
    if (code !== undefined) throw systemError(code, call, path)
  }

  async open(path: string, mode: 'read' | 'create' | 'write'): Promise<File> {
    path = normal(path)
    this.#mayFail('open', path)
    if (this.failing.open) throw systemError(this.failing.open, 'open', path)
    let node = this.#files.get(path)
    if (node !== undefined && mode === 'create') throw systemError('EEXIST', 'open', path)
    if (node === undefined) {
      if (mode === 'read') throw systemError(this.#directories.has(path) ? 'EISDIR' : 'ENOENT', 'open', path)
      if (!this.#directories.has(parentOf(path))) throw systemError('ENOENT', 'open', path)
      node = {
        inode: ++this.#inode,
        modifiedTime: this.#now(),
        bytes: new Uint8Array(0),
        durable: new Uint8Array(0),
        lostFrom: 0,
        lostUntil: 0,
      }
      this.#files.set(path, node)
      this.#changed(path)
    }
    return this.#handle(path, node)
  }

  async readFile(path: string): Promise<Uint8Array> {
    this.#mayFail('read', path)
    const node = this.#files.get(normal(path))
    if (node === undefined) throw systemError('ENOENT', 'open', path)
    return node.bytes.slice()
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(await this.readFile(path))
  }

  async writeFile(path: string, body: Uint8Array | string): Promise<void> {
    const file = await this.open(path, 'write')
    await file.truncate(0)
    await file.write([typeof body === 'string' ? new TextEncoder().encode(body) : body], 0)
    await file.close()
  }

  async readDir(path: string): Promise<readonly string[]> {
    const directory = normal(path)
    this.#mayFail('list', directory)
    if (!this.#directories.has(directory)) throw systemError('ENOENT', 'scandir', path)
    const names = new Set<string>()
    for (const entry of [...this.#files.keys(), ...this.#directories]) {
      if (entry !== directory && parentOf(entry) === directory) names.add(entry.slice(entry.lastIndexOf('/') + 1))
    }
    return [...names].sort()
  }

  async stat(path: string): Promise<FileStat | null> {
    path = normal(path)
    this.#mayFail('stat', path)
    const node = this.#files.get(path)
    if (node) return { kind: 'file', sizeBytes: node.bytes.length, modifiedTime: node.modifiedTime, inode: node.inode }
    if (this.#directories.has(path)) return { kind: 'directory', sizeBytes: 0, modifiedTime: 0, inode: 0 }
    return null
  }

  async readLink(path: string): Promise<string> {
    throw systemError(this.#files.has(normal(path)) ? 'EINVAL' : 'ENOENT', 'readlink', path)
  }

  async realPath(path: string): Promise<string> {
    if ((await this.stat(path)) === null) throw systemError('ENOENT', 'realpath', path)
    return normal(path)
  }

  /** Who ends with a process is not known here. */
  async lock(): Promise<'unsupported'> {
    return 'unsupported'
  }

  async usage(path = '/') {
    this.#mayFail('usage', path)
    const totalBytes = 1e12
    const freeBytes = Math.min(totalBytes, this.freeBytes)
    return { totalBytes, freeBytes, availableBytes: freeBytes, files: 1e6, filesFree: 1e6 - this.#files.size }
  }

  async mkdir(path: string): Promise<void> {
    this.#mayFail('mkdir', path)
    for (let directory = normal(path); !this.#directories.has(directory); directory = parentOf(directory)) this.#directories.add(directory)
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [normal(from), normal(to)]
    this.#mayFail('rename', source)
    const node = this.#files.get(source)
    if (node) {
      this.#files.delete(source)
      this.#files.set(target, node)
    } else if (this.#directories.has(source)) this.#moveDirectory(source, target)
    else throw systemError('ENOENT', 'rename', from)
    this.#changed(source)
    this.#changed(target)
  }

  async link(existing: string, path: string): Promise<void> {
    const [source, target] = [normal(existing), normal(path)]
    const node = this.#files.get(source)
    if (node === undefined) throw systemError('ENOENT', 'link', existing)
    if (this.#files.has(target) || this.#directories.has(target)) throw systemError('EEXIST', 'link', path)
    if (!this.#directories.has(parentOf(target))) throw systemError('ENOENT', 'link', path)
    this.#files.set(target, node)
    this.#changed(target)
  }

  async remove(path: string): Promise<void> {
    path = normal(path)
    this.#mayFail('remove', path)
    const inside = (entry: string) => entry === path || entry.startsWith(`${path}/`)
    for (const name of [...this.#files.keys()]) if (inside(name)) this.#files.delete(name)
    for (const name of [...this.#directories]) if (inside(name)) this.#directories.delete(name)
    this.#changed(path)
  }

  async syncDir(path: string): Promise<void> {
    const directory = normal(path)
    this.#mayFail('syncDir', directory)
    for (const name of [...this.#durableNames.keys()])
      if (parentOf(name) === directory && !this.#files.has(name)) this.#durableNames.delete(name)
    for (const [name, node] of this.#files) if (parentOf(name) === directory) this.#durableNames.set(name, node)
    this.#renamedDirectories = this.#renamedDirectories.filter(({ source, target }) => {
      if (parentOf(target) !== directory) return true
      for (const [name, node] of [...this.#durableNames]) {
        if (!name.startsWith(`${source}/`)) continue
        this.#durableNames.delete(name)
        this.#durableNames.set(target + name.slice(source.length), node)
      }
      return false
    })
  }

  watch(path: string, onChange: () => void): Timer {
    const watcher = { path: normal(path), onChange }
    this.#watchers.add(watcher)
    return { cancel: () => void this.#watchers.delete(watcher) }
  }

  #moveDirectory(source: string, target: string): void {
    for (const [name, node] of [...this.#files]) {
      if (!name.startsWith(`${source}/`)) continue
      this.#files.delete(name)
      this.#files.set(target + name.slice(source.length), node)
    }
    this.#renameEntries(this.#directories, source, target)
    this.#renamedDirectories.push({ source, target })
  }

  #renameEntries(names: Set<string>, source: string, target: string): void {
    for (const name of [...names]) {
      if (name !== source && !name.startsWith(`${source}/`)) continue
      names.delete(name)
      names.add(target + name.slice(source.length))
    }
  }

  #handle(path: string, node: Node): File {
    const resize = (sizeBytes: number) => {
      // With room to grow: files are appended to.
      const { buffer, byteOffset, length } = node.bytes
      const room = new Uint8Array(buffer, byteOffset)
      if (sizeBytes <= room.length) room.fill(0, Math.min(length, sizeBytes), sizeBytes)
      const bytes = sizeBytes <= room.length ? room : new Uint8Array(2 * sizeBytes)
      if (bytes !== room) bytes.set(node.bytes)
      node.bytes = bytes.subarray(0, sizeBytes)
    }
    const touch = () => {
      node.modifiedTime = this.#now()
      this.#changed(path)
    }
    return {
      path,
      read: async (into, position) => {
        this.#mayFail('read', path)
        const length = this.hasShortReads && this.#random.next() < 0.1 ? Math.ceil(into.length * this.#random.next()) : into.length
        const part = node.bytes.subarray(position, position + length)
        into.set(part)
        return part.length
      },
      readAll: async (into, position) => {
        this.#mayFail('read', path)
        let total = 0
        for (const buffer of into) {
          const part = node.bytes.subarray(position + total, position + total + buffer.length)
          buffer.set(part)
          total += part.length
        }
        return total
      },
      write: async (buffers, position) => {
        if (this.failing.write) throw systemError(this.failing.write, 'write', path)
        const code = this.fault?.('write', path)
        let left = buffers.reduce((sum, { length }) => sum + length, 0)
        if (code !== undefined) left = Math.floor(left * this.#random.next())
        for (const buffer of buffers) {
          if (buffer.length > this.freeBytes) throw systemError('ENOSPC', 'write', path)
          const part = buffer.subarray(0, left)
          left -= part.length
          this.freeBytes -= part.length
          if (position + part.length > node.bytes.length) resize(position + part.length)
          node.bytes.set(part, position)
          position += part.length
        }
        touch()
        if (code !== undefined) throw systemError(code, 'write', path)
      },
      size: async () => node.bytes.length,
      truncate: async (sizeBytes) => {
        this.#mayFail('truncate', path)
        resize(sizeBytes)
        touch()
      },
      sync: async () => {
        const code = this.failing.sync ?? this.fault?.('sync', path)
        if (code !== undefined) {
          if (node.lostUntil === 0) node.lostFrom = node.durable.length
          node.lostUntil = node.bytes.length
          throw systemError(code, 'fdatasync', path)
        }
        node.durable = node.bytes.slice()
        node.durable.fill(0, node.lostFrom, node.lostUntil)
      },
      close: async () => {},
    }
  }

  #changed(path: string): void {
    for (const watcher of this.#watchers) if (watcher.path === path || watcher.path === parentOf(path)) watcher.onChange()
  }
}

function normal(path: string): string {
  const absolute = path.startsWith('/')
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return absolute ? `/${parts.join('/')}` : parts.length === 0 ? '.' : parts.join('/')
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '.' : slash === 0 ? '/' : path.slice(0, slash)
}

function systemError(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, path })
}
