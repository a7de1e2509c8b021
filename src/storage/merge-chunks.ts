import { type Chunk, SampleColumns } from '../chunkenc/codec.ts'
import { decodeChunk } from '../chunkenc/decode-chunk.ts'
import { encodeChunks } from '../chunkenc/encode-chunks.ts'

/**
 * One series' chunks out of several lists of them, each in time order: in time order, and they do not overlap. Chunks that overlap no
 * other are handed on as they are; the others are decoded and encoded anew, and of samples of the same time that of the earlier list
 * stays.
 */
export function mergeChunks(lists: readonly (readonly Chunk[])[]): readonly Chunk[] {
  const joined = joinChunks(lists)
  if (joined !== undefined) return joined
  const all = lists.flatMap((chunks, rank) => chunks.map((chunk) => ({ chunk, rank })))
  all.sort((a, b) => a.chunk.minTime - b.chunk.minTime || a.rank - b.rank)
  const merged: Chunk[] = []
  for (let from = 0; from < all.length; ) {
    let { maxTime } = all[from].chunk
    let to = from + 1
    for (; to < all.length && all[to].chunk.minTime <= maxTime; to++) maxTime = Math.max(maxTime, all[to].chunk.maxTime)
    const group = all.slice(from, to)
    const isOne = group.every(({ chunk }) => isSameChunk(chunk, group[0].chunk))
    if (isOne) merged.push(group[0].chunk)
    else merged.push(...mergeSamples(group.sort((a, b) => a.rank - b.rank).map(({ chunk }) => chunk)))
    from = to
  }
  return merged
}

/** One behind the other where none of the lists reaches into another, which is what blocks and windows of their own times have. */
function joinChunks(lists: readonly (readonly Chunk[])[]): readonly Chunk[] | undefined {
  const inOrder: (readonly Chunk[])[] = []
  let count = 0
  for (const chunks of lists) {
    if (chunks.length === 0) continue
    count += chunks.length
    // Few lists, which mostly come in order.
    let at = inOrder.length
    while (at > 0 && inOrder[at - 1][0].minTime > chunks[0].minTime) at--
    inOrder.splice(at, 0, chunks)
  }
  const joined = new Array<Chunk>(count)
  let at = 0
  for (const chunks of inOrder) {
    if (at > 0 && joined[at - 1].maxTime >= chunks[0].minTime) return undefined
    for (const chunk of chunks) joined[at++] = chunk
  }
  return joined
}

function isSameChunk(a: Chunk, b: Chunk): boolean {
  if (a === b) return true
  if (a.encoding !== b.encoding || a.minTime !== b.minTime || a.maxTime !== b.maxTime || a.end - a.start !== b.end - b.start) return false
  for (let i = a.start, j = b.start; i < a.end; i++, j++) if (a.data[i] !== b.data[j]) return false
  return true
}

/** `chunks`: those whose samples count come first. */
function mergeSamples(chunks: readonly Chunk[]): readonly Chunk[] {
  const all = new SampleColumns()
  for (const chunk of chunks) decodeChunk(chunk, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, all)
  const order = Array.from({ length: all.length }, (_, i) => i).sort((a, b) => all.timestamps[a] - all.timestamps[b] || a - b)
  const kept = order.filter((i, place) => place === 0 || all.timestamps[i] !== all.timestamps[order[place - 1]])
  // As words: going through a number could change the bits of one that is none, and with them a staleness marker.
  const values = new Float64Array(kept.length)
  const words = new Uint32Array(values.buffer)
  kept.forEach((from, to) => {
    words[2 * to] = all.valueWords[2 * from]
    words[2 * to + 1] = all.valueWords[2 * from + 1]
  })
  const { histograms, startTimes } = all
  return encodeChunks({
    timestamps: Float64Array.from(kept, (i) => all.timestamps[i]),
    values,
    ...(histograms !== undefined && { histograms: kept.map((i) => histograms[i]) }),
    ...(startTimes !== undefined && { startTimes: Float64Array.from(kept, (i) => startTimes[i]) }),
  })
}
