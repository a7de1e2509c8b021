import { compareStrings } from '../../model/labels.ts'
import type { BlockCache, CacheEntry } from './block-cache.ts'
import { ByteCursor } from './byte-cursor.ts'
import type { CachedFile } from './cached-file.ts'
import { SectionScan } from './section-scan.ts'

/** Values of a group: the place of every so many of a name is remembered. */
const GROUP = 32

/** Values of a name, rising, each with the offset of its postings. */
export interface ValueGroup {
  readonly values: readonly string[]
  readonly offsets: readonly number[]
}

class CachedGroup implements CacheEntry, ValueGroup {
  readonly values: readonly string[]
  readonly offsets: readonly number[]
  readonly sizeBytes: number
  isUsed = true
  slot = -1
  readonly #groups: (CachedGroup | undefined)[]
  readonly #index: number

  constructor(values: readonly string[], offsets: readonly number[], groups: (CachedGroup | undefined)[], index: number) {
    this.values = values
    this.offsets = offsets
    this.sizeBytes = values.reduce((sum, text) => sum + 32 + text.length, 192)
    this.#groups = groups
    this.#index = index
  }

  drop(): void {
    this.#groups[this.#index] = undefined
  }
}

/** The groups of a name: `first` up to, not including, `end`. */
interface NameGroups {
  readonly first: number
  end: number
  valueCount: number
}

/** Which postings there are, by name and value. */
export class PostingsTable {
  readonly #file: CachedFile
  readonly #cache: BlockCache
  readonly #names = new Map<string, NameGroups>()
  /** Where groups begin in the file; one more for the end. */
  readonly #offsets: number[] = []
  readonly #firstValues: string[] = []
  readonly #groups: (CachedGroup | undefined)[] = []
  /** Of the postings of all series; undefined: there are none. */
  #allOffset: number | undefined
  heldBytes = 0

  private constructor(file: CachedFile, cache: BlockCache) {
    this.#file = file
    this.#cache = cache
  }

  /** Reads the table through once. Throws DamageError where its order is not what a search needs. */
  static async open(file: CachedFile, cache: BlockCache, offset: number): Promise<PostingsTable> {
    const table = new PostingsTable(file, cache)
    const scan = await SectionScan.open(file, offset)
    const { cursor } = scan
    if (!scan.has(4)) await scan.fill()
    const count = cursor.u32()
    let lastName: string | undefined
    let lastValue = ''
    let groups: NameGroups | undefined
    for (let i = 0; i < count; i++) {
      while (!hasEntry(scan)) await scan.fill()
      const entry = cursor.position
      const { name, value, postings } = readEntry(cursor)
      if (name === '') {
        if (value !== '' || table.#allOffset !== undefined) throw cursor.damage('value of the empty name', value, 'empty, once')
        table.#allOffset = postings
        continue
      }
      if (groups === undefined || name !== lastName) {
        if (lastName !== undefined && compareStrings(lastName, name) >= 0)
          throw cursor.damage('order of names', `${lastName} before ${name}`, 'rising')
        groups = { first: table.#offsets.length, end: table.#offsets.length, valueCount: 0 }
        table.#names.set(name, groups)
        lastName = name
      } else if (compareStrings(lastValue, value) >= 0)
        throw cursor.damage(`order of the values of ${name}`, `${lastValue} before ${value}`, 'rising')
      if (groups.valueCount % GROUP === 0) {
        table.#offsets.push(entry)
        table.#firstValues.push(value)
        table.heldBytes += 48 + value.length
        groups.end++
      }
      groups.valueCount++
      lastValue = value
    }
    table.#offsets.push(cursor.position)
    if (scan.left !== 0) throw cursor.damage('rest of the postings offset table', `${scan.left} bytes`, 'none')
    await scan.finish()
    table.heldBytes += 96 * table.#names.size
    return table
  }

  /** Of the postings of all series. */
  get allOffset(): number | undefined {
    return this.#allOffset
  }

  /** Sorted. */
  names(): Iterable<string> {
    return this.#names.keys()
  }

  valueCount(name: string): number {
    return this.#names.get(name)?.valueCount ?? 0
  }

  /** The offset of the postings of a value; undefined where there are none. */
  async find(name: string, value: string): Promise<number | undefined> {
    const groups = this.#names.get(name)
    if (groups === undefined) return undefined
    let low = groups.first
    let high = groups.end
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (compareStrings(this.#firstValues[middle], value) <= 0) low = middle
      else high = middle
    }
    const group = this.#peek(low) ?? (await this.#read(low))
    const at = group.values.indexOf(value)
    return at < 0 ? undefined : group.offsets[at]
  }

  /** The values of a name that may begin with `prefix`, group by group, rising. */
  async *groups(name: string, prefix = ''): AsyncIterable<ValueGroup> {
    const groups = this.#names.get(name)
    if (groups === undefined) return
    for (let i = groups.first; i < groups.end; i++) {
      if (prefix !== '') {
        const next = this.#firstValues[i + 1]
        if (i + 1 < groups.end && compareStrings(next, prefix) < 0) continue
        const first = this.#firstValues[i]
        if (compareStrings(first, prefix) > 0 && !first.startsWith(prefix)) return
      }
      yield this.#peek(i) ?? (await this.#read(i))
    }
  }

  close(): void {
    for (const group of this.#groups) if (group !== undefined) this.#cache.remove(group)
    this.#groups.length = 0
  }

  #peek(index: number): ValueGroup | undefined {
    const group = this.#groups[index]
    if (group !== undefined) group.isUsed = true
    return group
  }

  async #read(index: number): Promise<ValueGroup> {
    const start = this.#offsets[index]
    const cursor = new ByteCursor(this.#file.path, await this.#file.read(start, this.#offsets[index + 1] - start), start)
    const values: string[] = []
    const offsets: number[] = []
    while (cursor.left > 0 && values.length < GROUP) {
      const { name, value, postings } = readEntry(cursor)
      // The postings of all series may stand between names only in an index of another writer.
      if (name === '') continue
      values.push(value)
      offsets.push(postings)
    }
    const group = new CachedGroup(values, offsets, this.#groups, index)
    const known = this.#groups[index]
    if (known !== undefined) return known
    this.#groups[index] = group
    this.#cache.add(group)
    return group
  }
}

interface Entry {
  readonly name: string
  readonly value: string
  readonly postings: number
}

function readEntry(cursor: ByteCursor): Entry {
  const parts = cursor.varuint()
  if (parts !== 2) throw cursor.damage('parts of an entry', parts, 2)
  const name = cursor.text()
  const value = cursor.text()
  return { name, value, postings: cursor.varuint() }
}

/** Whether an entry is in the buffer; or as much as there is of it. */
function hasEntry(scan: SectionScan): boolean {
  const { cursor } = scan
  const { at } = cursor
  let there = scan.has(1)
  if (there && cursor.left > 0) {
    cursor.at++
    there = scan.hasText()
    if (there) {
      cursor.skip(cursor.varuint())
      there = scan.hasText()
      if (there) {
        cursor.skip(cursor.varuint())
        there = scan.has(10)
      }
    }
  }
  cursor.at = at
  return there
}
