import { spawn } from 'node:child_process'
import { constants, promises as fsp } from 'node:fs'
import type { FileLock } from '../env.ts'

/** What flock(1) of util-linux and of busybox end with when another process has the lock. */
const TAKEN = 1

/**
 * Node cannot ask for flock(2). A lock belongs to an open file, though, and not to who asked: flock(1) inherits our file, takes the lock
 * on it and ends, and the lock is ours as long as the file is open. Source: flock(2).
 */
export async function lockFile(path: string): Promise<FileLock | 'taken' | 'unsupported'> {
  const file = await fsp.open(path, constants.O_RDWR | constants.O_CREAT, 0o644)
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn('flock', ['-x', '-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', file.fd] })
    child.once('error', () => resolve(null))
    child.once('exit', resolve)
  })
  if (code === 0) return { release: () => file.close() }
  await file.close()
  return code === TAKEN ? 'taken' : 'unsupported'
}
