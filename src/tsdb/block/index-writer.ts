import type { Breather } from '../../base/breather.ts'
import type { FileSystem } from '../../base/env.ts'
import { INDEX_MAGIC, INDEX_VERSION, type TableOfContents } from './block-index.ts'
import { FileAppender, varuintBytes } from './file-appender.ts'
import type { PairCollector } from './pair-collector.ts'
import { SERIES_ALIGNMENT } from './series-entry.ts'
import type { SeriesSpill } from './series-spill.ts'
import type { SymbolCollector } from './symbol-collector.ts'

/** Postings made in one pass over the series: 4 bytes each. */
const POSTINGS_PER_PASS = 8 * 1024 * 1024

const U32_MAX = 0xffff_ffff

/** What an index is made of. */
export interface IndexParts {
  readonly symbols: SymbolCollector
  readonly pairs: PairCollector
  readonly series: SeriesSpill
  readonly seriesCount: number
}

/** Writes an index and makes it durable. */
export async function writeIndex(fs: FileSystem, path: string, parts: IndexParts, breather: Breather): Promise<void> {
  const out = await FileAppender.create(fs, path)
  try {
    await new IndexWriter(out, parts, breather).write()
  } catch (error) {
    await out.close()
    throw error
  }
  await out.finish()
}

class IndexWriter {
  readonly #out: FileAppender
  readonly #parts: IndexParts
  readonly #breather: Breather

  constructor(out: FileAppender, parts: IndexParts, breather: Breather) {
    this.#out = out
    this.#parts = parts
    this.#breather = breather
  }

  async write(): Promise<void> {
    const { symbols, pairs } = this.#parts
    const out = this.#out
    out.u32(INDEX_MAGIC)
    out.u8(INDEX_VERSION)
    const symbolOrder = await symbols.sorted(this.#breather)
    const ranks = new Uint32Array(symbolOrder.length)
    for (let rank = 0; rank < ranks.length; rank++) ranks[symbolOrder[rank]] = rank

    const symbolsAt = out.position
    await this.#writeSymbols(symbolOrder)
    const seriesAt = out.position
    const numbers = await this.#writeSeries(ranks)
    const seriesEnd = out.position
    out.pad(4)
    const postingsAt = out.position
    const pairOrder = await pairs.sorted(ranks, this.#breather)
    const { allOffset, offsets } = await this.#writePostings(pairOrder, numbers)
    const tableAt = out.position
    await this.#writePostingsTable(pairOrder, allOffset, offsets)
    this.#writeContents({
      symbols: symbolsAt,
      series: seriesAt,
      labelIndices: seriesEnd,
      labelOffsetTable: tableAt,
      postings: postingsAt,
      postingsTable: tableAt,
    })
  }

  async #writeSymbols(order: Uint32Array): Promise<void> {
    const { symbols } = this.#parts
    const out = this.#out
    let length = 4
    for (let i = 0; i < order.length; i++) {
      const size = symbols.bytesOf(i).length
      length += varuintBytes(size) + size
    }
    if (length > U32_MAX) throw new Error(`write index: symbols take ${length} bytes, want at most ${U32_MAX}`)
    out.u32(length)
    out.beginChecksum()
    out.u32(order.length)
    for (let i = 0; i < order.length; i++) {
      const bytes = symbols.bytesOf(order[i])
      out.varuint(bytes.length)
      out.bytes(bytes)
      if (out.isFull) await this.#flush()
    }
    out.endChecksum()
  }

  /** Answers the numbers of the series. */
  async #writeSeries(ranks: Uint32Array): Promise<Uint32Array> {
    const { series, seriesCount, pairs } = this.#parts
    const out = this.#out
    const numbers = new Uint32Array(seriesCount)
    let count = 0
    await series.each(
      ({ pairs: own, pairCount, bytes, chunksStart, chunksEnd }) => {
        out.pad(SERIES_ALIGNMENT)
        const number = out.position / SERIES_ALIGNMENT
        if (number > U32_MAX) throw new Error('write index: its series take more than 64 GiB')
        numbers[count++] = number
        let length = varuintBytes(pairCount) + chunksEnd - chunksStart
        for (let i = 0; i < pairCount; i++) length += varuintBytes(ranks[pairs.names[own[i]]]) + varuintBytes(ranks[pairs.values[own[i]]])
        out.varuint(length)
        out.beginChecksum()
        out.varuint(pairCount)
        for (let i = 0; i < pairCount; i++) {
          out.varuint(ranks[pairs.names[own[i]]])
          out.varuint(ranks[pairs.values[own[i]]])
        }
        out.bytes(bytes, chunksStart, chunksEnd)
        out.endChecksum()
        return !out.isFull
      },
      () => this.#flush(),
    )
    return numbers
  }

  /** Answers where the postings of all series are, and those of each pair, by the pair's number. */
  async #writePostings(order: Uint32Array, numbers: Uint32Array): Promise<{ allOffset: number; offsets: Float64Array }> {
    const { pairs, series } = this.#parts
    const allOffset = await this.#writeList(numbers, 0, numbers.length)
    const offsets = new Float64Array(pairs.count)
    /** Where the next posting of a pair goes in this pass; others are not in it. */
    const places = new Float64Array(pairs.count)
    for (let first = 0; first < order.length; ) {
      let entryCount = 0
      let end = first
      places.fill(-1)
      while (end < order.length && (end === first || entryCount + pairs.seriesCounts[order[end]] <= POSTINGS_PER_PASS)) {
        places[order[end]] = entryCount
        entryCount += pairs.seriesCounts[order[end]]
        end++
      }
      const entries = new Uint32Array(entryCount)
      let at = 0
      await series.each(
        ({ pairs: own, pairCount }) => {
          const number = numbers[at++]
          for (let i = 0; i < pairCount; i++) if (places[own[i]] >= 0) entries[places[own[i]]++] = number
          return at % 1024 !== 0 || !this.#breather.isDue()
        },
        () => this.#breather.rest(),
      )
      for (let i = first, start = 0; i < end; i++) {
        const listEnd = places[order[i]]
        offsets[order[i]] = await this.#writeList(entries, start, listEnd)
        start = listEnd
      }
      first = end
    }
    return { allOffset, offsets }
  }

  async #writeList(numbers: Uint32Array, start: number, end: number): Promise<number> {
    const out = this.#out
    out.pad(4)
    const offset = out.position
    out.u32(4 + 4 * (end - start))
    out.beginChecksum()
    out.u32(end - start)
    for (let i = start; i < end; i++) {
      out.u32(numbers[i])
      if (out.isFull) await this.#flush()
    }
    out.endChecksum()
    return offset
  }

  async #writePostingsTable(order: Uint32Array, allOffset: number, offsets: Float64Array): Promise<void> {
    const { symbols, pairs } = this.#parts
    const out = this.#out
    const start = out.position
    out.u32(0)
    out.beginChecksum()
    out.u32(order.length + 1)
    out.varuint(2)
    out.varuint(0)
    out.varuint(0)
    out.varuint(allOffset)
    for (let i = 0; i < order.length; i++) {
      out.varuint(2)
      for (const symbol of [pairs.names[order[i]], pairs.values[order[i]]]) {
        const bytes = symbols.bytesOf(symbol)
        out.varuint(bytes.length)
        out.bytes(bytes)
      }
      out.varuint(offsets[order[i]])
      if (out.isFull) await this.#flush()
    }
    const length = out.position - start - 4
    if (length > U32_MAX) throw new Error(`write index: the postings offset table takes ${length} bytes, want at most ${U32_MAX}`)
    out.endChecksum()
    await out.patchU32(start, length)
  }

  #writeContents(contents: TableOfContents): void {
    const out = this.#out
    out.beginChecksum()
    out.u64(contents.symbols)
    out.u64(contents.series)
    out.u64(contents.labelIndices)
    out.u64(contents.labelOffsetTable)
    out.u64(contents.postings)
    out.u64(contents.postingsTable)
    out.endChecksum()
  }

  async #flush(): Promise<void> {
    await this.#out.flush()
    if (this.#breather.isDue()) await this.#breather.rest()
  }
}
