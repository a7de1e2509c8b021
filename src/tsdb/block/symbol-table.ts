import type { BlockCache, CacheEntry } from './block-cache.ts'
import { ByteCursor } from './byte-cursor.ts'
import type { CachedFile } from './cached-file.ts'
import { DamageError } from './damage.ts'
import { SectionScan } from './section-scan.ts'

/** Symbols of a group: the place of every so many is remembered. Source: Prometheus tsdb/index/index.go, symbolFactor. */
const GROUP = 32

class SymbolGroup implements CacheEntry {
  readonly texts: readonly string[]
  readonly sizeBytes: number
  isUsed = true
  slot = -1
  readonly #groups: (SymbolGroup | undefined)[]
  readonly #index: number

  constructor(texts: readonly string[], groups: (SymbolGroup | undefined)[], index: number) {
    this.texts = texts
    this.sizeBytes = texts.reduce((sum, text) => sum + 24 + text.length, 128)
    this.#groups = groups
    this.#index = index
  }

  drop(): void {
    this.#groups[this.#index] = undefined
  }
}

/** The symbols of an index: texts by number. */
export class SymbolTable {
  readonly count: number
  readonly #file: CachedFile
  readonly #cache: BlockCache
  /** Where groups begin in the file; one more for the end. */
  readonly #offsets: Float64Array
  readonly #groups: (SymbolGroup | undefined)[] = []

  private constructor(file: CachedFile, cache: BlockCache, count: number, offsets: Float64Array) {
    this.#file = file
    this.#cache = cache
    this.count = count
    this.#offsets = offsets
  }

  /** Reads the table through once. */
  static async open(file: CachedFile, cache: BlockCache, offset: number): Promise<SymbolTable> {
    const scan = await SectionScan.open(file, offset)
    const { cursor } = scan
    if (!scan.has(4)) await scan.fill()
    const count = cursor.u32()
    if (count > scan.left) throw cursor.damage('count of symbols', count, `at most ${scan.left}`, -4)
    const offsets = new Float64Array(Math.ceil(count / GROUP) + 1)
    for (let i = 0; i < count; i++) {
      if (i % GROUP === 0) offsets[i / GROUP] = cursor.position
      while (!scan.hasText()) await scan.fill()
      cursor.skip(cursor.varuint())
    }
    offsets[offsets.length - 1] = cursor.position
    if (scan.left !== 0) throw cursor.damage('rest of the symbols', `${scan.left} bytes`, 'none')
    await scan.finish()
    return new SymbolTable(file, cache, count, offsets)
  }

  get heldBytes(): number {
    return this.#offsets.byteLength
  }

  /** The text of a symbol if that is in memory. Hot. */
  peek(symbol: number): string | undefined {
    const group = this.#groups[symbol >>> 5]
    if (group === undefined) return undefined
    group.isUsed = true
    return group.texts[symbol & (GROUP - 1)]
  }

  async read(symbol: number): Promise<string> {
    if (symbol >= this.count) throw new DamageError(this.#file.path, this.#offsets[0] ?? 0, 'symbol', symbol, `less than ${this.count}`)
    const index = symbol >>> 5
    const start = this.#offsets[index]
    const cursor = new ByteCursor(this.#file.path, await this.#file.read(start, this.#offsets[index + 1] - start), start)
    const texts: string[] = []
    while (cursor.left > 0) texts.push(cursor.text())
    if (this.#groups[index] === undefined) {
      const group = new SymbolGroup(texts, this.#groups, index)
      this.#groups[index] = group
      this.#cache.add(group)
    }
    return texts[symbol & (GROUP - 1)]
  }

  /** All of them, in order. */
  async *all(): AsyncIterable<string> {
    for (let symbol = 0; symbol < this.count; symbol++) yield this.peek(symbol) ?? (await this.read(symbol))
  }

  close(): void {
    for (const group of this.#groups) if (group !== undefined) this.#cache.remove(group)
    this.#groups.length = 0
  }
}
