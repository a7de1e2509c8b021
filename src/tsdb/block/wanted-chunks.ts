import type { Chunk } from '../../chunkenc/codec.ts'
import type { ChunkSegments } from './chunk-segments.ts'
import { withoutDeleted } from './delete-samples.ts'
import type { SeriesEntry } from './series-entry.ts'
import { isAllDeleted, isPartDeleted, type TimeInterval } from './tombstones.ts'

/** Both times inclusive. */
export interface WantedChunks extends TimeInterval {
  /** Of the series. */
  readonly deleted: readonly TimeInterval[]
}

/** Pushes what a series has in a range and is not deleted, in time order. A promise only when it has to wait for the disk. Hot: once a series. */
export function pushChunks(segments: ChunkSegments, entry: SeriesEntry, wanted: WantedChunks, into: Chunk[]): Promise<void> | undefined {
  const at = pushInMemory(segments, entry, nextChunk(entry, 0, wanted), wanted, into)
  return at === entry.chunkCount ? undefined : pushSlowly(segments, entry, at, wanted, into)
}

async function pushSlowly(segments: ChunkSegments, entry: SeriesEntry, from: number, wanted: WantedChunks, into: Chunk[]): Promise<void> {
  for (let at = from; at < entry.chunkCount; ) {
    pushUndeleted(await segments.read(entry.refs[at], entry.minTimes[at], entry.maxTimes[at]), wanted.deleted, into)
    at = pushInMemory(segments, entry, nextChunk(entry, at + 1, wanted), wanted, into)
  }
}

/** Pushes chunks from a place on, as far as they are in memory, and answers the place of the first that is not. */
function pushInMemory(segments: ChunkSegments, entry: SeriesEntry, from: number, wanted: WantedChunks, into: Chunk[]): number {
  const { refs, minTimes, maxTimes, chunkCount } = entry
  for (let i = from; i < chunkCount; i = nextChunk(entry, i + 1, wanted)) {
    const chunk = segments.peek(refs[i], minTimes[i], maxTimes[i])
    if (chunk === undefined) return i
    pushUndeleted(chunk, wanted.deleted, into)
  }
  return chunkCount
}

/** What is left of a chunk. */
function pushUndeleted(chunk: Chunk, deleted: readonly TimeInterval[], into: Chunk[]): void {
  if (deleted.length > 0 && isPartDeleted(deleted, chunk.minTime, chunk.maxTime)) into.push(...withoutDeleted(chunk, deleted))
  else into.push(chunk)
}

/** From `from` on, the place of the next chunk that reaches into the range and is not deleted; the count of chunks where there is none. */
function nextChunk(entry: SeriesEntry, from: number, { minTime, maxTime, deleted }: WantedChunks): number {
  for (let i = from; i < entry.chunkCount; i++) {
    if (entry.maxTimes[i] < minTime || entry.minTimes[i] > maxTime) continue
    if (deleted.length === 0 || !isAllDeleted(deleted, entry.minTimes[i], entry.maxTimes[i])) return i
  }
  return entry.chunkCount
}
