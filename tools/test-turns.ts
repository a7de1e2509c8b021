// Which tests share a process, and what starts first. A process costs a quarter of a second of loading, ten times what most test files
// need. Tests that start programs (test/) keep one each.

/** Says at the start of a line of a test file that it has a process of its own, and why: it changes or measures what a process shares. */
export const ALONE = /^\/\/ In a process of its own: /m

/** More in one process, and the heap that the first ones leave makes the last ones slow; the slowest process would also end last. */
const FILES_MAX = 12

export interface Turn {
  readonly name: string
  readonly paths: readonly string[]
}

/** The processes for sorted `paths`. Those that wait for real time (test/e2e) come first, so that others work meanwhile. */
export function inTurns(paths: readonly string[], isAlone: (path: string) => boolean): Turn[] {
  const early = (path: string) => (path.startsWith('test/e2e/') ? 0 : path.startsWith('test/') ? 1 : 2)
  const turns: Turn[] = []
  const open = new Map<string, string[]>()
  for (const path of paths.toSorted((a, b) => early(a) - early(b))) {
    const folder = path.startsWith('test/') || isAlone(path) ? undefined : folderOf(path)
    const last = folder === undefined ? undefined : open.get(folder)
    if (last !== undefined && last.length < FILES_MAX) {
      last.push(path)
      continue
    }
    const together = [path]
    if (folder !== undefined) open.set(folder, together)
    turns.push({ name: `${folder ?? 'alone'}-${turns.length}`, paths: together })
  }
  return turns
}

/** `src/tsdb/wal/reader.test.ts` and `src/tsdb/db.test.ts` are of one folder; what is small is of one with its neighbours. */
function folderOf(path: string): string {
  const [top, folder] = path.split('/')
  return top === 'src' ? `${top}-${folder}` : top
}
