import type { FileSystem } from './env.ts'

/** The directory of a path; `.` where it has none. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '.' : slash === 0 ? '/' : path.slice(0, slash)
}

/** Replaces a file so that a crash leaves the old or the new one whole; durable when it resolves. */
export async function writeFileAtomic(fs: FileSystem, path: string, body: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  await fs.remove(temporary)
  const file = await fs.open(temporary, 'create')
  try {
    await file.write([body], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await fs.rename(temporary, path)
  await fs.syncDir(directoryOf(path))
}
