import { Breather } from '../../base/breather.ts'
import type { Env } from '../../base/env.ts'
import { errorMessage, wrapError } from '../../base/errors.ts'
import { ChunkEncoding, SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import { compareLabels, compareStrings, type Labels } from '../../model/labels.ts'
import type { BlockCache } from './block-cache.ts'
import { type IndexTables, readLabels } from './block-index.ts'
import { type BlockMeta, type BlockStats, META_FILE, parseMeta } from './block-meta.ts'
import { OpenParts } from './open-parts.ts'
import { readPostings } from './postings.ts'
import { SERIES_ALIGNMENT, type SeriesEntry } from './series-entry.ts'

/** Looks at every byte of a block: checksums, order, references, and that every chunk can be decoded. A text for each fault. */
export async function* verifyBlock(
  env: Pick<Env, 'fs' | 'clock'>,
  directory: string,
  cache: BlockCache,
  signal: AbortSignal,
): AsyncIterable<string> {
  let block: CheckedBlock
  try {
    const meta = parseMeta(await env.fs.readText(`${directory}/${META_FILE}`), `${directory}/${META_FILE}`)
    // The cache may count them out; they stay open all the same.
    const parts = await OpenParts.open(env, directory, cache, () => {})
    block = { directory, meta, parts }
  } catch (error) {
    yield errorMessage(wrapError(`open block ${directory}`, error))
    return
  }
  try {
    yield* new BlockCheck(block, new Breather(env.clock, signal)).faults()
  } finally {
    await block.parts.close()
  }
}

interface CheckedBlock {
  readonly directory: string
  readonly meta: BlockMeta
  readonly parts: OpenParts
}

class BlockCheck {
  readonly #block: CheckedBlock
  readonly #breather: Breather
  readonly #columns = new SampleColumns()
  readonly #seen: { -readonly [K in keyof BlockStats]: BlockStats[K] } = {
    numSamples: 0,
    numFloatSamples: 0,
    numHistogramSamples: 0,
    numSeries: 0,
    numChunks: 0,
    numTombstones: 0,
  }
  /** Which series has which label: a sum over both, the same whichever side it is made from. */
  #labelsOfSeries = 0
  #labelsOfPostings = 0

  constructor(block: CheckedBlock, breather: Breather) {
    this.#block = block
    this.#breather = breather
  }

  async *faults(): AsyncIterable<string> {
    const { directory, meta } = this.#block
    const { index } = this.#block.parts
    const name = directory.replace(/\/+$/, '').replace(/^.*\//, '')
    if (name !== meta.ulid) yield `${directory}/meta.json: ulid is ${meta.ulid}, want the directory's name, ${name}`
    let tables: IndexTables
    let all: Uint32Array
    try {
      tables = await index.tables()
      all = tables.postings.allOffset === undefined ? new Uint32Array(0) : await readPostings(index.file, tables.postings.allOffset)
    } catch (error) {
      yield errorMessage(error)
      return
    }
    yield* this.#checkSymbols(tables)
    yield* this.#checkSeries(tables, all)
    yield* this.#checkPostings(tables, all)
    yield* this.#checkTombstones(all)
    yield* this.#checkStats()
  }

  async *#checkSymbols({ symbols }: IndexTables): AsyncIterable<string> {
    let last: string | undefined
    for await (const text of symbols.all()) {
      if (last !== undefined && compareStrings(last, text) >= 0)
        yield `${this.#block.parts.index.file.path}: symbol ${JSON.stringify(text)} stands after ${JSON.stringify(last)}, want them rising`
      last = text
    }
  }

  async *#checkSeries({ symbols }: IndexTables, all: Uint32Array): AsyncIterable<string> {
    const { index } = this.#block.parts
    const entry = index.newEntry()
    let last: Labels | undefined
    let expected = index.firstSeries
    for (let i = 0; i < all.length; i++) {
      if (this.#breather.isDue()) await this.#breather.rest()
      const at = `${index.file.path} at offset ${all[i] * SERIES_ALIGNMENT}`
      this.#seen.numSeries++
      try {
        if (all[i] !== expected) yield `${at}: series of the postings of all series, want the one at offset ${expected * SERIES_ALIGNMENT}`
        if (!entry.peek(all[i])) await entry.read(all[i])
        expected = Math.ceil(entry.endOffset / SERIES_ALIGNMENT)
        const labels = await readLabels(entry, symbols)
        for (let p = 0; p < labels.pairs.length; p += 2) {
          if (p > 0 && compareStrings(labels.pairs[p - 2], labels.pairs[p]) >= 0) yield `${at}: labels of ${labels} are not rising`
          this.#labelsOfSeries = mix(this.#labelsOfSeries, labels.pairs[p], labels.pairs[p + 1], all[i])
        }
        if (last !== undefined && compareLabels(last, labels) >= 0) yield `${at}: ${labels} stands after ${last}, want label order`
        last = labels
        yield* this.#checkChunks(entry, labels)
      } catch (error) {
        yield errorMessage(error)
        expected = all[i + 1]
      }
    }
    if (all.length > 0 && expected * SERIES_ALIGNMENT + SERIES_ALIGNMENT <= index.contents.labelIndices)
      yield `${index.file.path} at offset ${expected * SERIES_ALIGNMENT}: series that the postings of all series do not have`
  }

  async *#checkChunks(entry: SeriesEntry, labels: Labels): AsyncIterable<string> {
    const { meta } = this.#block
    const { chunks } = this.#block.parts
    const columns = this.#columns
    for (let i = 0; i < entry.chunkCount; i++) {
      const [ref, minTime, maxTime] = [entry.refs[i], entry.minTimes[i], entry.maxTimes[i]]
      this.#seen.numChunks++
      let at = `chunk ${i} of ${labels}`
      try {
        at = `${chunks.pathOf(ref)} at offset ${ref % 0x1_0000_0000}: ${at}`
        if (i > 0 && minTime <= entry.maxTimes[i - 1]) yield `${at}: begins at ${minTime}, want after ${entry.maxTimes[i - 1]}`
        if (minTime < meta.minTime || maxTime >= meta.maxTime)
          yield `${at}: has ${minTime} to ${maxTime}, want within the block, ${meta.minTime} to ${meta.maxTime - 1}`
        const chunk = chunks.peek(ref, minTime, maxTime) ?? (await chunks.read(ref, minTime, maxTime))
        columns.clear()
        decodeChunk(chunk, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, columns)
        const { length, timestamps } = columns
        this.#seen.numSamples += length
        if (chunk.encoding === ChunkEncoding.xor || chunk.encoding === ChunkEncoding.xor2) this.#seen.numFloatSamples += length
        else this.#seen.numHistogramSamples += length
        if (length !== chunk.sampleCount || length === 0) yield `${at}: has ${length} samples, want ${chunk.sampleCount}, at least 1`
        else if (timestamps[0] !== minTime || timestamps[length - 1] !== maxTime)
          yield `${at}: has ${timestamps[0]} to ${timestamps[length - 1]}, want ${minTime} to ${maxTime}`
        for (let s = 1; s < length; s++) {
          if (timestamps[s] > timestamps[s - 1]) continue
          yield `${at}: sample ${s} has time ${timestamps[s]}, want after ${timestamps[s - 1]}`
          break
        }
      } catch (error) {
        const message = errorMessage(error)
        yield message.includes(' at offset ') ? message : `${at}: ${message}`
      }
    }
  }

  async *#checkPostings({ postings }: IndexTables, all: Uint32Array): AsyncIterable<string> {
    const { file } = this.#block.parts.index
    const isKnown = new Set(all)
    for (const name of postings.names()) {
      for await (const { values, offsets } of postings.groups(name)) {
        for (let v = 0; v < values.length; v++) {
          const at = `${file.path} at offset ${offsets[v]}: postings of ${name}=${JSON.stringify(values[v])}`
          try {
            const list = await readPostings(file, offsets[v])
            if (list.length === 0) yield `${at}: have no series`
            for (let i = 0; i < list.length; i++) {
              if (i > 0 && list[i] <= list[i - 1]) yield `${at}: have ${list[i]} after ${list[i - 1]}, want them rising`
              if (!isKnown.has(list[i])) yield `${at}: have series ${list[i]}, which there is not`
              this.#labelsOfPostings = mix(this.#labelsOfPostings, name, values[v], list[i])
            }
          } catch (error) {
            yield errorMessage(error)
          }
          if (this.#breather.isDue()) await this.#breather.rest()
        }
      }
    }
    if (this.#labelsOfPostings !== this.#labelsOfSeries) yield `${file.path}: postings are not those of the series' labels`
  }

  *#checkTombstones(all: Uint32Array): Iterable<string> {
    const isKnown = new Set(all)
    for (const [series, intervals] of this.#block.parts.tombstones) {
      this.#seen.numTombstones += intervals.length
      if (!isKnown.has(series)) yield `${this.#block.directory}/tombstones: series ${series}, which there is not`
      for (const { minTime, maxTime } of intervals)
        if (minTime > maxTime) yield `${this.#block.directory}/tombstones: series ${series} is deleted from ${minTime} to ${maxTime}`
    }
  }

  *#checkStats(): Iterable<string> {
    const { stats } = this.#block.meta
    for (const name of Object.keys(stats) as (keyof BlockStats)[]) {
      // Upstream began to write the kinds of samples late.
      if (name.endsWith('Samples') && name !== 'numSamples' && stats.numFloatSamples + stats.numHistogramSamples === 0) continue
      if (stats[name] !== this.#seen[name])
        yield `${this.#block.directory}/meta.json: stats.${name} is ${stats[name]}, want ${this.#seen[name]}`
    }
  }
}

function mix(sum: number, name: string, value: string, series: number): number {
  let hash = Math.imul(series, 0x9e3779b1)
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ 0xff, 0x01000193)
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193)
  return (sum + (hash ^ (hash >>> 15))) | 0
}
