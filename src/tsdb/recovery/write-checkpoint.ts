import { Breather } from '../../base/breather.ts'
import type { Env } from '../../base/env.ts'
import type { CommitQueue } from '../commit-queue.ts'
import type { ExemplarRing } from '../exemplars/exemplar-ring.ts'
import type { LogWriter } from '../wal/log-writer.ts'
import type { LogPosition, Segment } from '../wal/segment.ts'
import type { Window, WindowState } from '../window/window.ts'
import type { WindowSet } from '../window-set.ts'
import { checkpointName, type ManifestSegment, type ManifestWindow, TEMPORARY_SUFFIX } from './checkpoint-format.ts'
import { bytesOf, CheckpointWriter } from './checkpoint-writer.ts'
import { encodeExemplars } from './exemplar-part.ts'

/** What is written besides ingestion: a disk of today takes several times as much. */
const BYTES_PER_SECOND = 64 * 1024 * 1024
/** Log indexes that are copied between two looks at the clock. */
const TURN_SLOTS = 16 * 1024

/** What a checkpoint is of. */
export interface CheckpointSource {
  readonly windows: WindowSet
  readonly exemplars: ExemplarRing
  readonly log: LogWriter
  readonly queue: CommitQueue
}

export interface WrittenCheckpoint {
  readonly path: string
  readonly sizeBytes: number
  /** Everything before it in the log is in the checkpoint. */
  readonly position: LogPosition
}

/**
 * Writes a checkpoint of all that is in memory, and makes it durable, while samples come in. Docs/formats/checkpoint.md says why it is whole.
 * `isLeisurely`: others go first. Rejects, and leaves nothing behind, when the disk does not do, the signal aborts, or the log has gone on
 * in another segment meanwhile.
 */
export async function writeCheckpoint(
  env: Env,
  dir: string,
  number: number,
  source: CheckpointSource,
  isLeisurely: boolean,
  signal?: AbortSignal,
): Promise<WrittenCheckpoint> {
  const path = `${dir}/${checkpointName(number)}`
  const temporary = path + TEMPORARY_SUFFIX
  await env.fs.remove(temporary)
  const file = await env.fs.open(temporary, 'create')
  try {
    const writer = await CheckpointWriter.begin(file, number, env.clock)
    const position = await capture(env, writer, source, isLeisurely, signal)
    await file.close()
    await env.fs.rename(temporary, path)
    await env.fs.syncDir(dir)
    return { path, sizeBytes: writer.sizeBytes, position }
  } catch (error) {
    try {
      await file.close()
      await env.fs.remove(temporary)
    } catch {
      // The next start removes it; why the checkpoint was not written says more.
    }
    throw error
  }
}

async function capture(
  env: Env,
  writer: CheckpointWriter,
  { windows, exemplars, log, queue }: CheckpointSource,
  isLeisurely: boolean,
  signal: AbortSignal | undefined,
): Promise<LogPosition> {
  const breather = new Breather(env.clock, signal)
  const goOn = await queue.holdDeletions()
  const pinned: Window[] = []
  let isHeld = false
  try {
    // Until it is put right, a segment may have more than what was taken.
    if (log.failure !== undefined) throw new Error('the log takes nothing just now', { cause: log.failure })
    const held = windows.all
    const created = env.clock.now()
    const position = queue.applied
    const exemplarEnd = exemplars.endNumber
    const isOpen = position.offset > 0 && log.position.segment === position.segment
    const segments = log.segments.map(manifestSegment)
    const metadata = windows.slots.metadata.state()
    const slotCount = windows.slots.count
    const states = held.map((window) => window.state())
    for (const window of held) {
      window.pins++
      pinned.push(window)
    }
    windows.hold()
    isHeld = true
    log.isHeld = isOpen
    // Rows first, and quickly: what comes meanwhile has to be read twice.
    const logIndexes = new Uint32Array(isOpen ? slotCount : 0)
    for (let from = 0; from < logIndexes.length; from += TURN_SLOTS) {
      windows.slots.copyLogIndexes(from, logIndexes.subarray(from, from + TURN_SLOTS))
      if (breather.isDue()) await breather.rest()
    }
    const isSame = !isOpen || log.position.segment === position.segment
    log.isHeld = false
    if (!isSame) throw new Error('the log has gone on in another segment')
    const rows = []
    const pairRows = []
    for (const state of states) {
      rows.push(await writer.slabs(state.rows.buffers))
      pairRows.push(await writer.slabs(state.pairs.rows.buffers))
      signal?.throwIfAborted()
    }
    // Late samples that have come since are in the rows, or replay brings them: what they have uncovered is not deleted.
    const tombstones = held.map((window) => window.tombstones.state().intervals!)
    const moves = windows.letGo()
    isHeld = false
    goOn()

    if (isLeisurely) writer.pace(BYTES_PER_SECOND)
    const captured: Omit<ManifestWindow, 'tombstones'>[] = []
    for (const [i, window] of held.entries()) {
      const state = states[i]
      const cells = window.cells.state()
      const ranges = {
        rows: rows[i],
        pairRows: pairRows[i],
        cells: await writer.slabs(cells.buffers),
        lists: await writer.slabs(state.lists.buffers),
        symbolRows: await writer.slabs(state.symbols.rows.buffers),
        symbolText: await writer.slabs(state.symbols.text.buffers),
        symbolIndex: await writer.slabs(state.symbols.index.buffers),
        pairIndex: await writer.slabs(state.pairs.index.buffers),
        seriesIndex: await writer.slabs(state.index.buffers),
      }
      captured.push({ ...countsOf(window, state), cellCount: cells.count, cellsRetired: state.cells.retired, ...ranges })
      signal?.throwIfAborted()
    }
    const withTombstones: ManifestWindow[] = []
    for (const [i, window] of captured.entries()) {
      withTombstones.push({ ...window, tombstones: await writer.part(bytesOf(tombstones[i])) })
    }
    const { bytes: exemplarBytes, count: exemplarCount } = await encodeExemplars(exemplars, exemplarEnd, breather)
    const parts = {
      slabChecksums: await writer.slabChecksums(),
      logIndexes: await writer.part(bytesOf(logIndexes)),
      moves: await writer.part(bytesOf(Uint32Array.from(moves))),
      metadataNumbers: await writer.part(bytesOf(metadata.numbers)),
      metadata: await writer.part(new TextEncoder().encode(JSON.stringify(metadata.entries))),
      exemplars: await writer.part(exemplarBytes),
    }
    await writer.finish({
      created,
      blockRangeMs: windows.blockRangeMs,
      position: { ...position, seriesCount: isOpen ? position.seriesCount : 0 },
      end: log.position,
      segments,
      windows: withTombstones,
      slotCount,
      exemplarCount,
      ...parts,
    })
    return position
  } finally {
    if (isHeld) windows.letGo()
    goOn()
    log.isHeld = false
    for (const window of pinned) window.pins--
    windows.releaseParted()
  }
}

/** The counts of rows and texts are those of the state; the others may be too high, and the times too far apart, by what came meanwhile. */
function countsOf(window: Window, state: WindowState) {
  return {
    ordinal: window.ordinal,
    start: window.start,
    end: window.end,
    isLate: window.isLate,
    minTime: finiteOrNull(window.minTime),
    maxTime: finiteOrNull(window.maxTime),
    sampleCount: window.sampleCount,
    histogramCount: window.histogramCount,
    chunkCount: window.chunkCount,
    seriesCount: state.seriesCount,
    listWords: state.listWords,
    symbolCount: state.symbols.count,
    textBytes: state.symbols.textBytes,
    pairCount: state.pairs.count,
  }
}

function manifestSegment({ number, sizeBytes, maxTime }: Segment): ManifestSegment {
  return { number, sizeBytes, maxTime: finiteOrNull(maxTime) }
}

/** A segment that could not be read has the time Infinity, which JSON does not: the largest number is as good. */
function finiteOrNull(time: number): number | null {
  if (time === Number.POSITIVE_INFINITY) return Number.MAX_VALUE
  return time === Number.NEGATIVE_INFINITY ? null : time
}
