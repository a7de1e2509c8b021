import type { FileSystem } from './env.ts'

/** The directory of a path; `.` where it has none. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '.' : slash === 0 ? '/' : path.slice(0, slash)
}

/** Replaces a file as a whole: after power loss it is what it was, or what it is to be. Its directory must be there. */
export async function replaceFile(fs: FileSystem, path: string, body: Uint8Array): Promise<void> {
  const besides = `${path}.tmp`
  // What a process left that ended in the middle, or what an fsync failed of.
  await fs.remove(besides)
  const file = await fs.open(besides, 'create')
  try {
    await file.write([body], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await fs.rename(besides, path)
  await fs.syncDir(directoryOf(path))
}
