import type { File, FileSystem } from '../../base/env.ts'

export type ReadableFile = Pick<File, 'read' | 'size'>

/** A file of a numbered row. */
export interface LogFile {
  readonly path: string
  readonly number: number
  readonly sizeBytes: number
}

/** The newest snapshot of unfinished chunks. */
export interface ChunkSnapshot {
  /** Of the segment that was the last one. */
  readonly number: number
  readonly segments: readonly LogFile[]
}

/** What Prometheus left in a directory besides blocks; docs/formats/prometheus-wal.md. Rows are rising. */
export interface UpstreamLog {
  /** The newest checkpoint, and the segment it stands for. */
  readonly checkpoint: { readonly number: number; readonly segments: readonly LogFile[] } | undefined
  /** Those that the checkpoint does not stand for. */
  readonly wal: readonly LogFile[]
  readonly wbl: readonly LogFile[]
  readonly chunks: readonly LogFile[]
  readonly snapshot: ChunkSnapshot | undefined
}

/** Looks what there is; undefined: nothing. */
export async function findUpstreamLog(fs: FileSystem, dir: string): Promise<UpstreamLog | undefined> {
  const all = await filesOf(fs, `${dir}/wal`)
  const checkpoint = await newestCheckpoint(fs, `${dir}/wal`)
  const wal = checkpoint === undefined ? all : all.filter(({ number }) => number > checkpoint.number)
  const wbl = await filesOf(fs, `${dir}/wbl`)
  const chunks = await filesOf(fs, `${dir}/chunks_head`)
  const snapshot = await newestSnapshot(fs, dir)
  if (checkpoint === undefined && wal.length === 0 && wbl.length === 0 && chunks.length === 0) return undefined
  // One that is ahead of the log is of another log. Source: Prometheus tsdb/head.go, Init.
  const isOfThisLog = snapshot !== undefined && (all.at(-1)?.number ?? -1) >= snapshot.number
  return { checkpoint, wal, wbl, chunks, snapshot: isOfThisLog ? snapshot : undefined }
}

async function newestCheckpoint(fs: FileSystem, dir: string): Promise<UpstreamLog['checkpoint']> {
  let newest = -1
  let path = ''
  for (const name of await namesOf(fs, dir)) {
    const number = Number(/^checkpoint\.(\d+)$/.exec(name)?.[1] ?? -1)
    if (number <= newest) continue
    newest = number
    path = `${dir}/${name}`
  }
  return newest < 0 ? undefined : { number: newest, segments: await filesOf(fs, path) }
}

async function newestSnapshot(fs: FileSystem, dir: string): Promise<ChunkSnapshot | undefined> {
  let newest = { number: -1, offset: -1, path: '' }
  for (const name of await namesOf(fs, dir)) {
    const [, number = -1, offset = -1] = /^chunk_snapshot\.(\d+)\.(\d+)$/.exec(name) ?? []
    const found = { number: Number(number), offset: Number(offset), path: `${dir}/${name}` }
    if (found.number > newest.number || (found.number === newest.number && found.offset > newest.offset)) newest = found
  }
  return newest.number < 0 ? undefined : { number: newest.number, segments: await filesOf(fs, newest.path) }
}

/** The numbered files of a directory; none where there is no directory. */
async function filesOf(fs: FileSystem, dir: string): Promise<readonly LogFile[]> {
  const files: LogFile[] = []
  for (const name of await namesOf(fs, dir)) {
    if (!/^\d{1,15}$/.test(name)) continue
    const path = `${dir}/${name}`
    const stat = await fs.stat(path)
    if (stat?.kind === 'file') files.push({ path, number: Number(name), sizeBytes: stat.sizeBytes })
  }
  return files.sort((a, b) => a.number - b.number)
}

async function namesOf(fs: FileSystem, dir: string): Promise<readonly string[]> {
  return (await fs.stat(dir))?.kind === 'directory' ? fs.readDir(dir) : []
}
