import { crc32c } from '../../base/crc32c.ts'
import type { FileSystem } from '../../base/env.ts'
import { replaceFile } from '../../base/files.ts'
import { segmentPath } from '../wal/segment.ts'
import type { LogFile, UpstreamLog } from './log-files.ts'
import { PAGE_BYTES } from './segment-reader.ts'

// 1. Before the note names blocks, nothing of a taking over counts; after that all of it does.
// 2. What it names is renamed into the directory before anything else is done with it.

export const NOTE_FILE = 'taken-over.json'
export const WORK_DIRECTORY = 'taking-over'
const VERSION = 1

/** The last segment that was read, so that it is known again. */
interface ReadUpTo {
  readonly number: number
  readonly sizeBytes: number
  /** Checksum of its first page. */
  readonly head: string
}

/** What a directory's note says: docs/formats/prometheus-wal.md, 18 to 20. */
export interface TakenOver {
  readonly wal: ReadUpTo | null
  readonly wbl: ReadUpTo | null
  /** The last file of finished chunks; -1: none. */
  readonly chunks: number
  /** Blocks that may not have been renamed yet. */
  readonly publish: readonly string[]
  /** The segment of our log that may not have been renamed yet. */
  readonly log: number | null
}

const NOTHING: TakenOver = { wal: null, wbl: null, chunks: -1, publish: [], log: null }

/** Reads the note; where there is none, or none that can be read, nothing was taken over. */
export async function readNote(fs: FileSystem, dir: string): Promise<TakenOver> {
  let text: string
  try {
    text = await fs.readText(`${dir}/${NOTE_FILE}`)
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return NOTHING
    throw error
  }
  try {
    const { version, wal, wbl, chunks, publish, log } = JSON.parse(text) as Partial<TakenOver> & { readonly version?: number }
    if (version !== VERSION || !Number.isInteger(chunks) || !Array.isArray(publish)) return NOTHING
    return { wal: wal ?? null, wbl: wbl ?? null, chunks: chunks!, publish, log: log ?? null }
  } catch {
    return NOTHING
  }
}

export function writeNote(fs: FileSystem, dir: string, note: TakenOver): Promise<void> {
  return replaceFile(fs, `${dir}/${NOTE_FILE}`, new TextEncoder().encode(`${JSON.stringify({ version: VERSION, ...note })}\n`))
}

/** Renames the blocks, and the segment of the log, that the note names and that are not where they belong yet; answers the blocks' directories. */
export async function publish(fs: FileSystem, dir: string, note: TakenOver): Promise<readonly string[]> {
  if (note.publish.length === 0 && note.log === null) return []
  const directories: string[] = []
  for (const ulid of note.publish) {
    const from = `${dir}/${WORK_DIRECTORY}/${ulid}`
    if ((await fs.stat(from)) === null) continue
    await fs.rename(from, `${dir}/${ulid}`)
    directories.push(`${dir}/${ulid}`)
  }
  if (note.log !== null) {
    const from = segmentPath(`${dir}/${WORK_DIRECTORY}`, note.log)
    await fs.mkdir(`${dir}/log`)
    if ((await fs.stat(from)) !== null) await fs.rename(from, segmentPath(`${dir}/log`, note.log))
    await fs.syncDir(`${dir}/log`)
  }
  await fs.syncDir(dir)
  await writeNote(fs, dir, { ...note, publish: [], log: null })
  return directories
}

/** What there is now, as a note names it. */
export async function noteOf(fs: FileSystem, { checkpoint, wal, wbl, chunks }: UpstreamLog): Promise<Omit<TakenOver, 'publish' | 'log'>> {
  const last = wal.at(-1)
  // Segments that a checkpoint stands for are gone: it is known by its number alone.
  const ofCheckpoint = checkpoint === undefined ? null : { number: checkpoint.number, sizeBytes: -1, head: '' }
  return {
    wal: last === undefined ? ofCheckpoint : await readUpTo(fs, last),
    wbl: wbl.length === 0 ? null : await readUpTo(fs, wbl.at(-1)!),
    chunks: chunks.at(-1)?.number ?? -1,
  }
}

/**
 * How far a row of segments was read: the number of the last segment that was, -1 for none. One that is there under that number, and is
 * another one, means that the row began anew.
 */
export async function readBefore(fs: FileSystem, files: readonly LogFile[], known: ReadUpTo | null, lastNumber: number): Promise<number> {
  if (known === null || lastNumber < known.number) return -1
  const same = files.find(({ number }) => number === known.number)
  if (same === undefined || known.sizeBytes < 0) return known.number
  const now = await readUpTo(fs, same)
  return now.sizeBytes === known.sizeBytes && now.head === known.head ? known.number : -1
}

async function readUpTo(fs: FileSystem, { path, number, sizeBytes }: LogFile): Promise<ReadUpTo> {
  const file = await fs.open(path, 'read')
  try {
    const page = new Uint8Array(PAGE_BYTES)
    const length = await file.read(page, 0)
    return { number, sizeBytes, head: crc32c(page, 0, length).toString(16).padStart(8, '0') }
  } catch (error) {
    if ((error as { code?: string }).code !== 'EIO') throw error
    return { number, sizeBytes, head: 'not readable' }
  } finally {
    await file.close()
  }
}
