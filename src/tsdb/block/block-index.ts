import { crc32c } from '../../base/crc32c.ts'
import type { FileSystem } from '../../base/env.ts'
import { Labels } from '../../model/labels.ts'
import type { BlockCache } from './block-cache.ts'
import { ByteCursor } from './byte-cursor.ts'
import { CachedFile } from './cached-file.ts'
import { DamageError, hex } from './damage.ts'
import { KnownMatches } from './known-matches.ts'
import { PostingsTable } from './postings-table.ts'
import { SERIES_ALIGNMENT, SeriesEntry } from './series-entry.ts'
import { SymbolTable } from './symbol-table.ts'

export const INDEX_FILE = 'index'
export const INDEX_MAGIC = 0xbaaad700
export const INDEX_VERSION = 2
export const INDEX_HEADER_BYTES = 5
export const TOC_BYTES = 52

/** Offsets of the parts of an index. */
export interface TableOfContents {
  readonly symbols: number
  readonly series: number
  readonly labelIndices: number
  readonly labelOffsetTable: number
  readonly postings: number
  readonly postingsTable: number
}

/** What is read through once, at the first question. */
export interface IndexTables {
  readonly symbols: SymbolTable
  readonly postings: PostingsTable
}

/** An index on disk. */
export class BlockIndex {
  readonly file: CachedFile
  readonly contents: TableOfContents
  readonly matches: KnownMatches
  readonly #cache: BlockCache
  #tables: Promise<IndexTables> | undefined
  #opened: IndexTables | undefined

  private constructor(file: CachedFile, contents: TableOfContents, cache: BlockCache) {
    this.file = file
    this.contents = contents
    this.matches = new KnownMatches(cache)
    this.#cache = cache
  }

  /** Looks at header and table of contents. */
  static async open(fs: FileSystem, path: string, cache: BlockCache): Promise<BlockIndex> {
    const file = await CachedFile.open(fs, path, cache)
    try {
      await file.readAhead()
      const header = await file.read(0, INDEX_HEADER_BYTES)
      const magic = header.readUInt32BE(0)
      if (magic !== INDEX_MAGIC) throw new DamageError(path, 0, 'magic number', hex(magic), hex(INDEX_MAGIC))
      if (header[4] !== INDEX_VERSION) throw new DamageError(path, 4, 'version of the index', header[4], INDEX_VERSION)
      return new BlockIndex(file, await readContents(file), cache)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Symbols and postings offsets; a failure is tried again at the next call. */
  tables(): Promise<IndexTables> {
    this.#tables ??= this.#openTables().catch((error) => {
      this.#tables = undefined
      throw error
    })
    return this.#tables
  }

  /** Bytes of memory that are not the cache's. */
  get heldBytes(): number {
    return this.#opened === undefined ? 0 : this.#opened.symbols.heldBytes + this.#opened.postings.heldBytes
  }

  /** Numbers of series are at least `firstSeries` and less than `seriesEnd`. */
  get firstSeries(): number {
    return Math.ceil(this.contents.series / SERIES_ALIGNMENT)
  }

  get seriesEnd(): number {
    return Math.ceil(this.contents.labelIndices / SERIES_ALIGNMENT)
  }

  newEntry(): SeriesEntry {
    return new SeriesEntry(this.file)
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.matches.close()
    opened?.symbols.close()
    opened?.postings.close()
    await this.file.close()
  }

  async #openTables(): Promise<IndexTables> {
    const symbols = await SymbolTable.open(this.file, this.#cache, this.contents.symbols)
    const postings = await PostingsTable.open(this.file, this.#cache, this.contents.postingsTable)
    this.#opened = { symbols, postings }
    return this.#opened
  }
}

async function readContents(file: CachedFile): Promise<TableOfContents> {
  const start = Math.max(0, file.sizeBytes - TOC_BYTES)
  const bytes = await file.read(start, Math.min(TOC_BYTES, file.sizeBytes))
  if (bytes.length < TOC_BYTES) throw new DamageError(file.path, 0, 'file', `${file.sizeBytes} bytes long`, `at least ${TOC_BYTES}`)
  const got = crc32c(bytes, 0, TOC_BYTES - 4)
  const want = bytes.readUInt32BE(TOC_BYTES - 4)
  if (got !== want) throw new DamageError(file.path, start + TOC_BYTES - 4, 'checksum of the table of contents', hex(got), hex(want))
  const cursor = new ByteCursor(file.path, bytes, start)
  const contents = {
    symbols: cursor.u64(),
    series: cursor.u64(),
    labelIndices: cursor.u64(),
    labelOffsetTable: cursor.u64(),
    postings: cursor.u64(),
    postingsTable: cursor.u64(),
  }
  const { symbols, series, labelIndices, postings, postingsTable } = contents
  if (
    !(INDEX_HEADER_BYTES <= symbols && symbols <= series && series <= labelIndices && labelIndices <= postings && postings <= postingsTable)
  )
    throw new DamageError(file.path, start, 'order of the parts', JSON.stringify(contents), 'rising')
  return contents
}

/** The labels of a series; `undefined` when a symbol is not in memory. Hot. */
export function peekLabels(entry: SeriesEntry, symbols: SymbolTable): Labels | undefined {
  const pairs = new Array<string>(2 * entry.labelCount)
  for (let i = 0; i < pairs.length; i++) {
    const text = symbols.peek(entry.symbols[i])
    if (text === undefined) return undefined
    pairs[i] = text
  }
  return Labels.fromSortedPairs(pairs)
}

export async function readLabels(entry: SeriesEntry, symbols: SymbolTable): Promise<Labels> {
  const numbers = entry.symbols.slice(0, 2 * entry.labelCount)
  const pairs: string[] = []
  for (const symbol of numbers) pairs.push(symbols.peek(symbol) ?? (await symbols.read(symbol)))
  return Labels.fromSortedPairs(pairs)
}
