import { CELL_BYTES, CELL_LINK_BYTES, CELLS_MASK, CELLS_SHIFT, type Cells } from './cells.ts'
import { HashIndex, type IndexState, mix } from './hash-index.ts'
import type { ArenaState, SlabPool } from './slab-pool.ts'
import { Arena, SLAB_WORDS, SLAB_WORDS_SHIFT } from './slab-pool.ts'

const WORD_MASK = SLAB_WORDS - 1

// A pair's row. Its postings are the first series, then the distances to the next ones as varints in chained cells.
const ROW_WORDS = 8
const NAME = 0
const VALUE = 1
/** The pair + 1 with the same name that was added before this one; 0: none. */
const NEXT_OF_NAME = 2
const COUNT = 3
const FIRST = 4
const LAST = 5
const FIRST_CELL = 6
/** The last cell and the next free byte in it: cell * 32 + byte. */
const WRITE_AT = 7

export interface PairsState {
  readonly rows: ArenaState
  readonly index: IndexState
  readonly count: number
}

/** The label pairs of a window, each with the series that carry it (postings, rising). Pairs count up from 0. */
export class Pairs {
  readonly #cells: Cells
  readonly #rows: Arena
  readonly #index: HashIndex
  #count = 0
  /** By the symbol of a name, in order of appearance, the newest pair with it. */
  readonly #newest = new Map<number, number>()

  constructor(pool: SlabPool, cells: Cells, state?: PairsState) {
    this.#cells = cells
    this.#rows = new Arena(pool)
    this.#index = new HashIndex(pool, (pair) => hashPair(this.#field(pair, NAME), this.#field(pair, VALUE)), state?.index)
    if (state !== undefined) this.refresh(state)
  }

  state(last?: PairsState): PairsState {
    return { rows: this.#rows.state(last?.rows), index: this.#index.state(last?.index), count: this.#count }
  }

  refresh({ rows, index, count }: PairsState): void {
    this.#rows.place(rows)
    this.#index.refresh(index)
    for (let pair = this.#count; pair < count; pair++) this.#newest.set(this.#field(pair, NAME), pair)
    this.#count = count
  }

  reclaim(): void {
    this.#index.reclaim()
  }

  /** Takes back what slabs have of pairs that came after the state, and of series from `seriesEnd` on. */
  repair(seriesEnd: number): void {
    this.#index.cut(this.#count)
    this.#rows.clearFrom(this.#count * ROW_WORDS)
    for (let pair = 0; pair < this.#count; pair++) {
      if (this.#field(pair, COUNT) > 0 && this.#field(pair, LAST) >= seriesEnd) this.#cutSeries(pair, seriesEnd)
    }
  }

  #cutSeries(pair: number, seriesEnd: number): void {
    const series = new Uint32Array(this.#field(pair, COUNT))
    const count = this.copySeries(pair, seriesEnd, series, 0)
    const words = this.#rows.slabs[(pair * ROW_WORDS) >>> SLAB_WORDS_SHIFT].words
    const row = (pair * ROW_WORDS) & WORD_MASK
    words.fill(0, row + COUNT, row + ROW_WORDS)
    for (let i = 0; i < count; i++) this.addSeries(pair, series[i])
  }

  get count(): number {
    return this.#count
  }

  release(): void {
    this.#rows.release()
    this.#index.release()
  }

  /** -1 when the window does not have the pair. */
  find(name: number, value: number): number {
    const index = this.#index
    for (let probe = index.first(hashPair(name, value)), id = 0; (id = index.at(probe)) >= 0; probe = index.next(probe)) {
      if (id < this.#count && this.#field(id, NAME) === name && this.#field(id, VALUE) === value) return id
    }
    return -1
  }

  add(name: number, value: number): number {
    const found = this.find(name, value)
    if (found >= 0) return found
    const pair = this.#count++
    const at = pair * ROW_WORDS
    this.#rows.reserveWords(at + ROW_WORDS)
    const words = this.#rows.slabs[at >>> SLAB_WORDS_SHIFT].words
    const row = at & WORD_MASK
    words[row + NAME] = name
    words[row + VALUE] = value
    words[row + NEXT_OF_NAME] = this.firstOfName(name) + 1
    this.#newest.set(name, pair)
    this.#index.insert(hashPair(name, value), pair)
    return pair
  }

  name(pair: number): number {
    return this.#field(pair, NAME)
  }

  value(pair: number): number {
    return this.#field(pair, VALUE)
  }

  /** Symbols of all label names. */
  names(): Iterable<number> {
    return this.#newest.keys()
  }

  /** The newest pair with a name, -1 where there is none. `nextOfName` gives the others. */
  firstOfName(name: number): number {
    return this.#newest.get(name) ?? -1
  }

  nextOfName(pair: number): number {
    return this.#field(pair, NEXT_OF_NAME) - 1
  }

  /** In another thread than the writer's: at least as many as that one knows. */
  seriesCount(pair: number): number {
    return this.#field(pair, COUNT)
  }

  /** The first series of a pair, -1 when it has none. */
  firstSeries(pair: number): number {
    return this.#field(pair, COUNT) === 0 ? -1 : this.#field(pair, FIRST)
  }

  /** Adds a series to the postings of a pair. Series come in rising order. */
  addSeries(pair: number, series: number): void {
    const at = pair * ROW_WORDS
    const words = this.#rows.slabs[at >>> SLAB_WORDS_SHIFT].words
    const row = at & WORD_MASK
    const count = words[row + COUNT]
    if (count === 0) {
      words[row + FIRST] = series
    } else {
      let writeAt = words[row + WRITE_AT]
      if (count === 1) {
        const cell = this.#cells.add()
        words[row + FIRST_CELL] = cell
        writeAt = cell * CELL_BYTES + CELL_LINK_BYTES
      }
      let distance = series - words[row + LAST] - 1
      while (distance >= 0x80) {
        writeAt = this.#writeByte(writeAt, (distance & 0x7f) | 0x80)
        distance >>>= 7
      }
      words[row + WRITE_AT] = this.#writeByte(writeAt, distance)
    }
    words[row + LAST] = series
    words[row + COUNT] = count + 1
  }

  /**
   * Writes the series of a pair below `seriesEnd` to `into`, from `at` on as far as there is room; where they end. In another thread than the
   * writer's what comes after the last series that is known may be anything: `Window.copySeries` knows better.
   */
  copySeries(pair: number, seriesEnd: number, into: Uint32Array, at: number): number {
    const count = Math.min(this.#field(pair, COUNT), into.length - at)
    let series = this.#field(pair, FIRST)
    if (count === 0 || series >= seriesEnd) return at
    into[at] = series
    let cell = this.#field(pair, FIRST_CELL)
    let byteAt = CELL_LINK_BYTES
    for (let i = 1; i < count; i++) {
      let distance = 0
      let shift = 0
      for (;;) {
        if (byteAt === CELL_BYTES) {
          cell = this.#cells.link(cell)
          byteAt = CELL_LINK_BYTES
        }
        if (cell === 0 || !this.#cells.has(cell)) return at + i
        const byte = this.#cells.slabs[cell >>> CELLS_SHIFT].bytes[(cell & CELLS_MASK) * CELL_BYTES + byteAt++]
        distance |= (byte & 0x7f) << shift
        if (byte < 0x80) break
        shift += 7
      }
      series += (distance >>> 0) + 1
      if (series >= seriesEnd) return at + i
      into[at + i] = series
    }
    return at + count
  }

  /** Writes a byte of postings, in the next cell when this one is full; `writeAt` 32 bytes on is the end of a cell. */
  #writeByte(writeAt: number, byte: number): number {
    if (writeAt % CELL_BYTES === 0) {
      const full = writeAt / CELL_BYTES - 1
      const cell = this.#cells.add()
      this.#cells.setLink(full, cell)
      writeAt = cell * CELL_BYTES + CELL_LINK_BYTES
    }
    const cell = Math.floor(writeAt / CELL_BYTES)
    this.#cells.slabs[cell >>> CELLS_SHIFT].bytes[(cell & CELLS_MASK) * CELL_BYTES + (writeAt % CELL_BYTES)] = byte
    return writeAt + 1
  }

  #field(pair: number, field: number): number {
    const at = pair * ROW_WORDS + field
    return this.#rows.slabs[at >>> SLAB_WORDS_SHIFT].words[at & WORD_MASK]
  }
}

function hashPair(name: number, value: number): number {
  return mix(Math.imul(name, 0x9e3779b1) ^ value)
}
