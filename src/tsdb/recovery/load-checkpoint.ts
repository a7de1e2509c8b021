import { Breather } from '../../base/breather.ts'
import type { Env } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import type { Metadata } from '../../model/metadata.ts'
import type { Timestamp } from '../../model/time.ts'
import type { ExemplarRing } from '../exemplars/exemplar-ring.ts'
import { openPatiently } from '../patient-reads.ts'
import type { MetadataState } from '../series-metadata.ts'
import { SEGMENT_HEADER_BYTES, segmentCreated, segmentHeaderProblem } from '../wal/record.ts'
import { listSegments, type ReplayStart } from '../wal/replay.ts'
import { segmentPath } from '../wal/segment.ts'
import type { ArenaState } from '../window/slab-pool.ts'
import { Window, type WindowState } from '../window/window.ts'
import type { WindowSet } from '../window-set.ts'
import { checkpointName, checkpointNumber, type Manifest, type ManifestWindow, TEMPORARY_SUFFIX } from './checkpoint-format.ts'
import { CheckpointReader } from './checkpoint-reader.ts'
import { decodeExemplars } from './exemplar-part.ts'

/** What a checkpoint brought back. */
export interface LoadedCheckpoint {
  readonly number: number
  readonly created: Timestamp
  readonly sizeBytes: number
  readonly start: ReplayStart
}

export function checkpointDir(dir: string): string {
  return `${dir}/checkpoint`
}

/** The numbers of all checkpoints of a database, newest first. */
export async function listCheckpoints({ fs }: Pick<Env, 'fs'>, dir: string): Promise<number[]> {
  if ((await fs.stat(checkpointDir(dir))) === null) return []
  const numbers = (await fs.readDir(checkpointDir(dir))).map(checkpointNumber).filter((number) => number !== undefined)
  return numbers.sort((a, b) => b - a)
}

/** What a checkpoint has: all of it was checked, and nothing of it is in use. */
interface WholeCheckpoint {
  readonly number: number
  readonly sizeBytes: number
  readonly manifest: Manifest
  readonly states: readonly WindowState[]
  readonly logIndexes: Uint32Array
  readonly moves: Uint32Array
  readonly metadata: MetadataState
  readonly exemplarBytes: Uint8Array
}

/** The newest checkpoint, read before it is wanted. */
export interface CheckpointAhead {
  readonly number: number
  readonly checkpoint: WholeCheckpoint
}

/** Reads the newest checkpoint while a start does other things. Rejects, or resolves to nothing, where `loadCheckpoint` has to look itself. */
export async function readAhead(env: Pick<Env, 'fs' | 'log' | 'clock'>, dir: string): Promise<CheckpointAhead | undefined> {
  const [number] = await listCheckpoints(env, dir)
  return number === undefined ? undefined : { number, checkpoint: await read(env, checkpointPath(dir, number), number) }
}

function checkpointPath(dir: string, number: number): string {
  return `${checkpointDir(dir)}/${checkpointName(number)}`
}

/**
 * Brings the newest checkpoint that is whole back into windows and exemplars that have nothing yet; `ahead` may have read it. What is damaged is set
 * aside and reported, and so is what the disk does not read: the log has all of it. What can never be used again is removed. Undefined: there is none.
 */
export async function loadCheckpoint(
  env: Pick<Env, 'fs' | 'log' | 'clock'>,
  dir: string,
  windows: WindowSet,
  exemplars: ExemplarRing,
  ahead?: Promise<CheckpointAhead | undefined>,
): Promise<LoadedCheckpoint | undefined> {
  const { fs, log } = env
  const begun = beginningsOf(env, `${dir}/log`)
  begun.catch(() => {
    // Who wants to use a checkpoint gets it.
  })
  const numbers = await listCheckpoints(env, dir)
  const newest = await ahead?.catch(() => undefined)
  for (const number of numbers) {
    const path = checkpointPath(dir, number)
    try {
      const checkpoint = newest?.number === number ? newest.checkpoint : await read(env, path, number)
      if (isUsable(env, path, checkpoint.manifest, windows, await begun)) return await restore(env, dir, checkpoint, windows, exemplars)
      await fs.remove(path).catch((error: unknown) => log.warn('checkpoint not removed', { path, error: errorMessage(error) }))
    } catch (error) {
      log.error('checkpoint not used, the log is read instead', { path, error: errorMessage(error) })
      try {
        const aside = `${dir}/quarantine/${checkpointName(number)}`
        await fs.mkdir(`${dir}/quarantine`)
        await fs.remove(aside)
        await fs.rename(path, aside)
        await fs.syncDir(checkpointDir(dir))
      } catch (cause) {
        log.error('checkpoint not quarantined', { path, error: errorMessage(cause) })
      }
    }
  }
  return undefined
}

/** Removes what a process left that ended while it wrote a checkpoint. */
export async function removeUnfinished({ fs, log }: Pick<Env, 'fs' | 'log'>, dir: string): Promise<void> {
  if ((await fs.stat(checkpointDir(dir))) === null) return
  for (const name of await fs.readDir(checkpointDir(dir))) {
    if (!name.endsWith(TEMPORARY_SUFFIX)) continue
    await fs.remove(`${checkpointDir(dir)}/${name}`)
    log.info('unfinished checkpoint removed', { path: `${checkpointDir(dir)}/${name}` })
  }
}

async function read(env: Pick<Env, 'fs' | 'clock' | 'log'>, path: string, number: number): Promise<WholeCheckpoint> {
  const breather = new Breather(env.clock)
  const file = await openPatiently(env, path, 'read')
  try {
    const sizeBytes = await file.size()
    const reader = await CheckpointReader.open(file, number)
    const { manifest } = reader
    const states = []
    for (const window of manifest.windows) states.push(await windowState(reader, window, breather))
    const logIndexes = await reader.words(manifest.logIndexes, 'log indexes')
    const moves = await reader.words(manifest.moves, 'moves')
    const numbers = await reader.words(manifest.metadataNumbers, 'metadata numbers')
    const entries = JSON.parse(new TextDecoder().decode(await reader.part(manifest.metadata, 'metadata'))) as (Metadata | null)[]
    const exemplarBytes = await reader.part(manifest.exemplars, 'exemplars')
    return { number, sizeBytes, manifest, states, logIndexes, moves, metadata: { numbers, entries }, exemplarBytes }
  } finally {
    await file.close()
  }
}

/** Whether a checkpoint that is whole is of any use. */
function isUsable(
  { log }: Pick<Env, 'log'>,
  path: string,
  manifest: Manifest,
  { blockRangeMs }: WindowSet,
  begun: ReadonlyMap<number, Timestamp>,
): boolean {
  if (manifest.blockRangeMs !== blockRangeMs)
    log.warn('checkpoint not used, the log is read instead', { path, blockRangeMs: manifest.blockRangeMs, want: blockRangeMs })
  else if (hasBegunAnew(begun, manifest)) log.warn('checkpoint not used, the log has begun anew since', { path })
  else return true
  return false
}

/** Nothing of this can fail for what the checkpoint has. */
async function restore(
  { clock }: Pick<Env, 'clock'>,
  dir: string,
  { number, sizeBytes, manifest, states, logIndexes, moves, metadata, exemplarBytes }: WholeCheckpoint,
  windows: WindowSet,
  exemplars: ExemplarRing,
): Promise<LoadedCheckpoint> {
  const breather = new Breather(clock)
  const restored = []
  for (const state of states) {
    restored.push(Window.restore(windows.pool, state))
    if (breather.isDue()) await breather.rest()
  }
  windows.restore(restored, manifest.slotCount, moves)
  const { slots } = windows
  slots.metadata.restore(metadata, (slot) => slots.isUsed(slot))
  await decodeExemplars(
    exemplarBytes,
    manifest.exemplarCount,
    (ref, labels, exemplar) => exemplars.add(ref, () => labels, exemplar),
    breather,
  )
  const refs = new Float64Array(manifest.position.seriesCount)
  slots.fillRefs(logIndexes, refs)
  const segments = manifest.segments.map(({ number: one, sizeBytes, maxTime }) => ({
    number: one,
    path: segmentPath(`${dir}/log`, one),
    sizeBytes,
    maxTime: maxTime ?? Number.NEGATIVE_INFINITY,
    // The checkpoint knows them.
    deletionsEnd: 0,
  }))
  const { position, created } = manifest
  return { number, created, sizeBytes, start: { position, refs, segments } }
}

/** Whether the log has a segment before the place where a checkpoint goes on that is younger than the checkpoint: nothing of it would be read. */
function hasBegunAnew(begun: ReadonlyMap<number, Timestamp>, { position, created }: Manifest): boolean {
  for (const [number, time] of begun) {
    const isBefore = number < position.segment || (number === position.segment && position.offset > 0)
    if (isBefore && time > created) return true
  }
  return false
}

/** When the segments of a log were begun, by number, as far as they say it. */
async function beginningsOf(env: Pick<Env, 'fs' | 'log' | 'clock'>, logDir: string): Promise<ReadonlyMap<number, Timestamp>> {
  const begun = new Map<number, Timestamp>()
  for (const number of await listSegments(env, logDir)) {
    const header = await readHeader(env, segmentPath(logDir, number))
    if (header !== undefined && segmentHeaderProblem(header, number) === undefined) begun.set(number, segmentCreated(header))
  }
  return begun
}

async function readHeader(env: Pick<Env, 'fs' | 'log' | 'clock'>, path: string): Promise<Uint8Array | undefined> {
  const file = await openPatiently(env, path, 'read')
  try {
    const bytes = new Uint8Array(SEGMENT_HEADER_BYTES)
    return (await file.readAll([bytes], 0)) < bytes.length ? undefined : bytes
  } finally {
    await file.close()
  }
}

async function windowState(reader: CheckpointReader, window: ManifestWindow, breather: Breather) {
  const arena = async (range: { first: number; count: number }): Promise<ArenaState> => ({
    from: 0,
    buffers: await reader.slabs(range, breather),
  })
  const index = async (range: { first: number; count: number }, count: number) => ({
    generation: 1,
    count,
    buffers: await reader.slabs(range, breather),
  })
  const tombstones = await reader.part(window.tombstones, 'tombstones')
  const {
    ordinal,
    start,
    end,
    isLate,
    sampleCount,
    histogramCount,
    chunkCount,
    seriesCount,
    listWords,
    symbolCount,
    textBytes,
    pairCount,
  } = window
  return {
    ordinal,
    start,
    end,
    isLate,
    tombstones: { version: 1, intervals: new Float64Array(tombstones.buffer) },
    minTime: window.minTime ?? Number.POSITIVE_INFINITY,
    maxTime: window.maxTime ?? Number.NEGATIVE_INFINITY,
    sampleCount,
    histogramCount,
    chunkCount,
    slotCount: 0,
    seriesCount,
    listWords,
    rows: await arena(window.rows),
    lists: await arena(window.lists),
    index: await index(window.seriesIndex, seriesCount),
    cells: { ...(await arena(window.cells)), count: window.cellCount, retired: window.cellsRetired },
    pairs: { rows: await arena(window.pairRows), index: await index(window.pairIndex, pairCount), count: pairCount },
    symbols: {
      rows: await arena(window.symbolRows),
      text: await arena(window.symbolText),
      index: await index(window.symbolIndex, symbolCount),
      count: symbolCount,
      textBytes,
    },
  }
}
