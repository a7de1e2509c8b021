import type { Breather } from '../../base/breather.ts'
import { sortNumbers } from '../../base/sort-numbers.ts'
import { type Chunk, ChunkEncoding, type SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import { encodeChunks } from '../../chunkenc/encode-chunks.ts'
import type { Timestamp } from '../../model/time.ts'
import { mergeChunks } from '../../storage/merge-chunks.ts'
import { SERIES_BATCH, type Series } from '../../storage/series-source.ts'
import type { RangeOfSeries } from './late-samples.ts'
import type { SeriesCatalog } from './series-catalog.ts'

/** What is held of a chunk besides its bytes. */
const CHUNK_BYTES = 350

interface OwnedChunk {
  readonly series: number
  /** In block ranges since 1970. */
  readonly range: number
  readonly chunk: Chunk
}

/** Finished chunks in order, cut at block ranges, until there are enough to be sorted and written. */
export class FinishedChunks {
  readonly #catalog: SeriesCatalog
  readonly #rangeMs: number
  readonly #minTime: Timestamp
  #chunks: OwnedChunk[] = []
  heldBytes = 0

  /** Samples before `minTime` are left out. */
  constructor(catalog: SeriesCatalog, rangeMs: number, minTime: Timestamp) {
    this.#catalog = catalog
    this.#rangeMs = rangeMs
    this.#minTime = minTime
  }

  /** Copies a chunk. `columns` are its samples, which are all its samples. */
  add(series: number, chunk: Chunk, columns: SampleColumns): void {
    const range = (t: Timestamp) => Math.floor(t / this.#rangeMs)
    const isPlain =
      chunk.encoding === ChunkEncoding.xor || chunk.encoding === ChunkEncoding.histogram || chunk.encoding === ChunkEncoding.floatHistogram
    const { length, timestamps } = columns
    const saysItsTimes = timestamps[0] === chunk.minTime && timestamps[length - 1] === chunk.maxTime
    if (isPlain && saysItsTimes && chunk.minTime >= this.#minTime && range(chunk.minTime) === range(chunk.maxTime)) {
      this.#own(series, chunk)
      return
    }
    let from = 0
    while (from < length && timestamps[from] < this.#minTime) from++
    while (from < length) {
      let to = from + 1
      while (to < length && range(timestamps[to]) === range(timestamps[from])) to++
      for (const part of encodeChunks({
        timestamps: timestamps.subarray(from, to),
        values: columns.values.subarray(from, to),
        histograms: columns.histograms?.slice(from, to),
      }))
        this.#own(series, part)
      from = to
    }
  }

  /** Everything, sorted; each part must be read before the next. */
  async *take(ranks: Uint32Array, breather: Breather): AsyncIterable<RangeOfSeries> {
    const chunks = this.#chunks
    const order = new Uint32Array(chunks.length)
    for (let i = 0; i < order.length; i++) order[i] = i
    const compare = (a: number, b: number) =>
      chunks[a].range - chunks[b].range || ranks[chunks[a].series] - ranks[chunks[b].series] || a - b
    await sortNumbers(order, compare, breather)
    for (let from = 0; from < order.length; ) {
      let to = from + 1
      while (to < order.length && chunks[order[to]].range === chunks[order[from]].range) to++
      yield { start: chunks[order[from]].range * this.#rangeMs, series: this.#batches(order.subarray(from, to), breather) }
      from = to
    }
    this.#chunks = []
    this.heldBytes = 0
  }

  async *#batches(order: Uint32Array, breather: Breather): AsyncIterable<readonly Series[]> {
    let batch: Series[] = []
    for (let from = 0; from < order.length; ) {
      const { series } = this.#chunks[order[from]]
      const lists: Chunk[][] = []
      for (; from < order.length && this.#chunks[order[from]].series === series; from++) lists.push([this.#chunks[order[from]].chunk])
      batch.push({ labels: this.#catalog.window.labels(series), chunks: mergeChunks(lists) })
      if (batch.length < SERIES_BATCH) continue
      yield batch
      batch = []
      if (breather.isDue()) await breather.rest()
    }
    if (batch.length > 0) yield batch
  }

  #own(series: number, chunk: Chunk): void {
    const data = new Uint8Array(chunk.data.subarray(chunk.start, chunk.end))
    this.heldBytes += CHUNK_BYTES + data.length
    const range = Math.floor(chunk.minTime / this.#rangeMs)
    this.#chunks.push({ series, range, chunk: { ...chunk, data, start: 0, end: data.length } })
  }
}

/** Fills `columns` with the samples of a chunk; false when its bytes are not what they say. */
export function samplesOfChunk(chunk: Chunk, columns: SampleColumns): boolean {
  columns.clear()
  try {
    decodeChunk(chunk, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, columns)
  } catch {
    return false
  }
  const { length, timestamps } = columns
  if (length === 0 || length !== chunk.sampleCount) return false
  for (let i = 1; i < length; i++) if (timestamps[i] <= timestamps[i - 1]) return false
  return true
}
