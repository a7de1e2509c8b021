import { type Clock, type Env, type File, sleep } from '../base/env.ts'
import { errorMessage, wrapError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'

// What a start passes over because the disk does not read it now may be lost for good: blocks are made without it, and they say how far the log
// is not needed.

/** After which a read that the disk refuses is tried again. */
const DELAYS_MS = [50, 200, 800]

export interface ReadSurroundings {
  readonly clock: Clock
  readonly log: Log
}

/** What `read` answers, of the file at `path`. Refused by the disk, it is tried again for a second; then throws what the disk says, and of which file. */
export async function readPatiently<T>({ clock, log }: ReadSurroundings, path: string, read: () => Promise<T>): Promise<T> {
  for (const delayMs of DELAYS_MS) {
    try {
      return await read()
    } catch (error) {
      if (!isRefusal(error)) throw error
      log.warn('the disk refuses a read, which is tried again', { path, error: errorMessage(error) })
    }
    await sleep(clock, delayMs)
  }
  try {
    return await read()
  } catch (error) {
    throw isRefusal(error) ? wrapError(`read ${path}`, error) : error
  }
}

/** Opens a file whose reads are patient, and so is this. */
export async function openPatiently(env: ReadSurroundings & Pick<Env, 'fs'>, path: string, mode: 'read' | 'write'): Promise<File> {
  const file = await readPatiently(env, path, () => env.fs.open(path, mode))
  return {
    path: file.path,
    read: (into, position) => readPatiently(env, path, () => file.read(into, position)),
    readAll: (into, position) => readPatiently(env, path, () => file.readAll(into, position)),
    size: () => readPatiently(env, path, () => file.size()),
    write: (buffers, position) => file.write(buffers, position),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: () => file.sync(),
    close: () => file.close(),
  }
}

/** Whether the disk has said no; a file that is not there, or has something else in it, is not that. */
function isRefusal(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) && code !== 'ENOENT'
}
