import type { Breather } from '../../base/breather.ts'
import type { FileSystem } from '../../base/env.ts'
import { INDEX_MAGIC, INDEX_VERSION } from './block-index.ts'
import { FileAppender, varuintBytes } from './file-appender.ts'
import { SERIES_ALIGNMENT } from './series-entry.ts'

const U32_MAX = 0xffff_ffff

/** Texts by number, as bytes. */
export interface Texts {
  byteLength(text: number): number
  copyBytes(text: number, into: Uint8Array, at: number): void
}

/**
 * Writes an index part by part, in this order: symbols, series, postings, the table of postings. Its callers number symbols by rank: the
 * place in the order of the texts' bytes.
 */
export class IndexFile {
  readonly #out: FileAppender
  readonly #breather: Breather
  readonly #contents = { symbols: 0, series: 0, labelIndices: 0, labelOffsetTable: 0, postings: 0, postingsTable: 0 }
  #isInSeries = false

  private constructor(out: FileAppender, breather: Breather) {
    this.#out = out
    this.#breather = breather
  }

  /** Writes an index and makes it durable. */
  static async write(fs: FileSystem, path: string, breather: Breather, parts: (file: IndexFile) => Promise<void>): Promise<void> {
    const out = await FileAppender.create(fs, path)
    try {
      out.u32(INDEX_MAGIC)
      out.u8(INDEX_VERSION)
      const file = new IndexFile(out, breather)
      await parts(file)
      file.#writeContents()
    } catch (error) {
      await out.close()
      throw error
    }
    await out.finish()
  }

  /** `order`: the texts in the order of their bytes. */
  async writeSymbols(order: Uint32Array, texts: Texts): Promise<void> {
    const out = this.#out
    this.#contents.symbols = out.position
    let length = 4
    for (let i = 0; i < order.length; i++) {
      const size = texts.byteLength(order[i])
      length += varuintBytes(size) + size
    }
    if (length > U32_MAX) throw new Error(`write index: symbols take ${length} bytes, want at most ${U32_MAX}`)
    out.u32(length)
    out.beginChecksum()
    out.u32(order.length)
    for (let i = 0; i < order.length; i++) {
      this.#writeText(order[i], texts)
      if (out.isFull) await this.flush()
    }
    out.endChecksum()
    this.#contents.series = out.position
    this.#isInSeries = true
  }

  /** Adds the next series in label order; answers its number. `ranks`: name, value, name, value, …; `chunks`: the entry's part about them. */
  addSeries(ranks: Uint32Array, pairCount: number, chunks: Uint8Array, chunksStart: number, chunksEnd: number): number {
    const out = this.#out
    out.pad(SERIES_ALIGNMENT)
    const number = out.position / SERIES_ALIGNMENT
    if (number > U32_MAX) throw new Error('write index: its series take more than 64 GiB')
    let length = varuintBytes(pairCount) + chunksEnd - chunksStart
    for (let i = 0; i < 2 * pairCount; i++) length += varuintBytes(ranks[i])
    out.varuint(length)
    out.beginChecksum()
    out.varuint(pairCount)
    for (let i = 0; i < 2 * pairCount; i++) out.varuint(ranks[i])
    out.bytes(chunks, chunksStart, chunksEnd)
    out.endChecksum()
    return number
  }

  /** Time for `flush`. */
  get isFull(): boolean {
    return this.#out.isFull
  }

  /** Writes out what is waiting, and lets others run. */
  async flush(): Promise<void> {
    await this.#out.flush()
    if (this.#breather.isDue()) await this.#breather.rest()
  }

  /** Adds postings: `numbers[start..end)`, rising. Answers their offset. */
  async writePostings(numbers: Uint32Array, start: number, end: number): Promise<number> {
    const out = this.#out
    if (this.#isInSeries) this.#endSeries()
    out.pad(4)
    const offset = out.position
    out.u32(4 + 4 * (end - start))
    out.beginChecksum()
    out.u32(end - start)
    for (let i = start; i < end; i++) {
      out.u32(numbers[i])
      if (out.isFull) await this.flush()
    }
    out.endChecksum()
    return offset
  }

  /** `order`: the pairs by the ranks of name and value; `names` and `values` are texts, `offsets` postings, by pair. */
  async writePostingsTable(
    order: Uint32Array,
    pairs: { name(pair: number): number; value(pair: number): number },
    texts: Texts,
    allOffset: number,
    offsets: Float64Array,
  ): Promise<void> {
    const out = this.#out
    const start = out.position
    this.#contents.postingsTable = start
    this.#contents.labelOffsetTable = start
    out.u32(0)
    out.beginChecksum()
    out.u32(order.length + 1)
    out.varuint(2)
    out.varuint(0)
    out.varuint(0)
    out.varuint(allOffset)
    for (let i = 0; i < order.length; i++) {
      out.varuint(2)
      this.#writeText(pairs.name(order[i]), texts)
      this.#writeText(pairs.value(order[i]), texts)
      out.varuint(offsets[order[i]])
      if (out.isFull) await this.flush()
    }
    const length = out.position - start - 4
    if (length > U32_MAX) throw new Error(`write index: the postings offset table takes ${length} bytes, want at most ${U32_MAX}`)
    out.endChecksum()
    await out.patchU32(start, length)
  }

  #writeText(text: number, texts: Texts): void {
    const out = this.#out
    const length = texts.byteLength(text)
    out.varuint(length)
    const at = out.take(length)
    texts.copyBytes(text, out.buffer, at)
  }

  #endSeries(): void {
    const out = this.#out
    this.#isInSeries = false
    this.#contents.labelIndices = out.position
    out.pad(4)
    this.#contents.postings = out.position
  }

  #writeContents(): void {
    const out = this.#out
    const contents = this.#contents
    out.beginChecksum()
    out.u64(contents.symbols)
    out.u64(contents.series)
    out.u64(contents.labelIndices)
    out.u64(contents.labelOffsetTable)
    out.u64(contents.postings)
    out.u64(contents.postingsTable)
    out.endChecksum()
  }
}
