import type { FileSystem } from './env.ts'
import { directoryOf } from './files.ts'

/** Files whose path matches, sorted; its parts may have `*`, `?` and `[a-z]`. No directory, no files. Source: Go path/filepath, Glob and Match. */
export async function globFiles(fs: Pick<FileSystem, 'readDir'>, path: string): Promise<readonly string[]> {
  const slash = path.lastIndexOf('/')
  const directory = path.slice(0, Math.max(slash, 0))
  if (!/[*?[]/.test(directory)) return await filesIn(fs, path)
  const found: string[] = []
  for (const match of await globFiles(fs, directory)) found.push(...(await filesIn(fs, match + path.slice(slash))))
  return found
}

/** The same where only the last part is a pattern. */
async function filesIn(fs: Pick<FileSystem, 'readDir'>, path: string): Promise<readonly string[]> {
  const slash = path.lastIndexOf('/')
  const pattern = partPattern(path.slice(slash + 1))
  let names: readonly string[]
  try {
    names = await fs.readDir(directoryOf(path))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
  return names.filter((name) => pattern.test(name)).map((name) => path.slice(0, slash + 1) + name)
}

function partPattern(part: string): RegExp {
  let out = ''
  for (let i = 0; i < part.length; i++) {
    const end = part.indexOf(']', i + 2)
    if (part[i] === '*') out += '[^/]*'
    else if (part[i] === '?') out += '[^/]'
    else if (part[i] === '[' && end > 0) {
      out += `[${part.slice(i + 1, end).replaceAll('[', '\\[')}]`
      i = end
    } else out += part[i].replace(/[\\^$.|+(){}[\]]/, '\\$&')
  }
  return new RegExp(`^${out}$`)
}
