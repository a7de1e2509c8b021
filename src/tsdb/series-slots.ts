import { SeriesMetadata } from './series-metadata.ts'
import type { SampleKind } from './window/sample-kind.ts'
import type { Slab, SlabPool } from './window/slab-pool.ts'
import { Arena, SLAB_WORDS_SHIFT } from './window/slab-pool.ts'

const ROW_WORDS_SHIFT = 3
const ROWS_SHIFT = SLAB_WORDS_SHIFT - ROW_WORDS_SHIFT
const ROWS_MASK = (1 << ROWS_SHIFT) - 1

/** Time and value of the newest sample that was taken, acknowledged or not, as float64; for a histogram its digest stands for the value. */
export const SLOT_TIME_FLOAT = 0
export const SLOT_VALUE_FLOAT = 1
/** Generation | SampleKind of the newest sample << KIND_SHIFT. */
const GENERATION = 4
/** The window where the series was last, and its number there. */
const WINDOW = 5
const SERIES = 6
/** The number of the series in the open log segment. */
const LOG_INDEX = 7

/** A slot whose series has no record in the open log segment yet. */
export const NOT_LOGGED = 0xffffffff

/** Generations of a slot; with 32 bits of slot a ref stays an exact integer. */
const GENERATIONS = 1 << 21
const GENERATION_MASK = GENERATIONS - 1
const KIND_SHIFT = 30
/** Of memory that comes from the system at once. */
const PAGE_WORDS = 1024
/** The window of a slot that is free, as its memory comes: no window has this ordinal. */
const NOWHERE = 0
/** The end of the chain of free slots. */
const LAST_FREE = 0xffffffff

/**
 * The active series, whatever window they are in: a row of 32 bytes each. A ref is `generation * 2^32 + slot`, so a ref of
 * a series that was let go is recognised although its slot serves another one.
 */
export class SeriesSlots {
  readonly #arena: Arena
  readonly slabs: Slab[]
  readonly metadata: SeriesMetadata
  #count = 0
  #used = 0
  /** Free slots are chained through SERIES; -1: none. */
  #free = -1

  constructor(pool: SlabPool) {
    this.#arena = new Arena(pool)
    this.slabs = this.#arena.slabs
    this.metadata = new SeriesMetadata(pool)
  }

  /** Slots in use. */
  get used(): number {
    return this.#used
  }

  /** Slots that ever were in use: all numbers below it. */
  get count(): number {
    return this.#count
  }

  /** A slot for a series that is `series` in the window `ordinal`. */
  take(ordinal: number, series: number): number {
    let slot = this.#free
    if (slot >= 0) {
      const next = this.#word(slot, SERIES)
      this.#free = next === LAST_FREE ? -1 : next
    } else {
      slot = this.#count++
      this.#arena.reserveWords(this.#count << ROW_WORDS_SHIFT)
    }
    this.#used++
    this.move(slot, ordinal, series)
    this.#setWord(slot, LOG_INDEX, NOT_LOGGED)
    this.setLast(slot, Number.NEGATIVE_INFINITY, 0)
    return slot
  }

  /** Begins with as many slots, none of which is in use, in place of what was here. To be followed by `linkFree`, when those are claimed that are. */
  restore(count: number): void {
    this.#count = count
    this.#used = 0
    this.#arena.release()
    this.#arena.reserveWords(count << ROW_WORDS_SHIFT)
    // A page that is read before it is written to is had from the system twice.
    for (const { words } of this.slabs) for (let at = 0; at < words.length; at += PAGE_WORDS) words[at] = 0
  }

  /** Puts a slot to use that was not, for a series whose newest sample is of this time and kind and has these bits; false when it is in use. */
  claim(slot: number, ordinal: number, series: number, t: number, kind: SampleKind, high: number, low: number): boolean {
    if (slot >= this.#count) return false
    const { words, floats } = this.slabs[slot >>> ROWS_SHIFT]
    const row = (slot & ROWS_MASK) << ROW_WORDS_SHIFT
    if (words[row + WINDOW] !== NOWHERE) return false
    this.#used++
    words[row + WINDOW] = ordinal
    words[row + SERIES] = series
    words[row + LOG_INDEX] = NOT_LOGGED
    floats[(row >> 1) + SLOT_TIME_FLOAT] = t
    words[row + SLOT_VALUE_FLOAT * 2] = low
    words[row + SLOT_VALUE_FLOAT * 2 + 1] = high
    words[row + GENERATION] = (words[row + GENERATION] & GENERATION_MASK) | (kind << KIND_SHIFT)
    return true
  }

  isUsed(slot: number): boolean {
    return slot < this.#count && this.#word(slot, WINDOW) !== NOWHERE
  }

  /** Finds the slots again that are free. */
  linkFree(): void {
    this.#free = -1
    if (this.#used === this.#count) return
    for (let slot = this.#count - 1; slot >= 0; slot--) {
      if (this.#word(slot, WINDOW) !== NOWHERE) continue
      this.#setWord(slot, SERIES, this.#free < 0 ? LAST_FREE : this.#free)
      this.#free = slot
    }
  }

  /** Lets a series go: its ref is unknown from now on. */
  release(slot: number): void {
    this.metadata.forget(slot)
    this.#setWord(slot, GENERATION, (this.#word(slot, GENERATION) + 1) & GENERATION_MASK)
    this.#setWord(slot, SERIES, this.#free < 0 ? LAST_FREE : this.#free)
    this.#setWord(slot, WINDOW, NOWHERE)
    this.#free = slot
    this.#used--
  }

  ref(slot: number): number {
    return (this.#word(slot, GENERATION) & GENERATION_MASK) * 0x100000000 + slot
  }

  /** The slot of a ref whose newest sample is a float, or that has none; -1 for others, and when its series was let go. Hot. */
  floatSlotOf(ref: number): number {
    const slot = ref >>> 0
    if (slot >= this.#count) return -1
    const words = this.slabs[slot >>> ROWS_SHIFT].words
    const row = (slot & ROWS_MASK) << ROW_WORDS_SHIFT
    if (words[row + WINDOW] === NOWHERE) return -1
    // With the bits of a kind in it the generation is none that a ref has.
    return words[row + GENERATION] * 0x100000000 + slot === ref ? slot : -1
  }

  /** The number of a series in the window `ordinal`, if its newest sample is a float and it is there; else -1. Hot. */
  floatSeriesIn(ref: number, ordinal: number): number {
    const slot = ref >>> 0
    if (slot >= this.#count) return -1
    const words = this.slabs[slot >>> ROWS_SHIFT].words
    const row = (slot & ROWS_MASK) << ROW_WORDS_SHIFT
    // With the bits of a kind in it the generation is none that a ref has.
    return words[row + WINDOW] === ordinal && words[row + GENERATION] * 0x100000000 + slot === ref ? words[row + SERIES] : -1
  }

  /** The slot of a ref, -1 when its series was let go. */
  slotOf(ref: number): number {
    const slot = ref >>> 0
    if (slot >= this.#count) return -1
    const words = this.slabs[slot >>> ROWS_SHIFT].words
    const row = (slot & ROWS_MASK) << ROW_WORDS_SHIFT
    if (words[row + WINDOW] === NOWHERE) return -1
    return (words[row + GENERATION] & GENERATION_MASK) * 0x100000000 + slot === ref ? slot : -1
  }

  lastTime(slot: number): number {
    return this.slabs[slot >>> ROWS_SHIFT].floats[((slot & ROWS_MASK) << (ROW_WORDS_SHIFT - 1)) + SLOT_TIME_FLOAT]
  }

  /** The newest sample is a float, and was one before. Hot. */
  setLastFloat(slot: number, t: number, v: number): void {
    const floats = this.slabs[slot >>> ROWS_SHIFT].floats
    const row = (slot & ROWS_MASK) << (ROW_WORDS_SHIFT - 1)
    floats[row + SLOT_TIME_FLOAT] = t
    floats[row + SLOT_VALUE_FLOAT] = v
  }

  /** The same for a sample that may not be newer than that which is known. Hot in replay. */
  setNewerFloat(slot: number, t: number, v: number): void {
    const floats = this.slabs[slot >>> ROWS_SHIFT].floats
    const row = (slot & ROWS_MASK) << (ROW_WORDS_SHIFT - 1)
    if (t <= floats[row + SLOT_TIME_FLOAT]) return
    floats[row + SLOT_TIME_FLOAT] = t
    floats[row + SLOT_VALUE_FLOAT] = v
  }

  /** The newest sample is a float. */
  setLast(slot: number, t: number, v: number): void {
    this.setLastFloat(slot, t, v)
    this.slabs[slot >>> ROWS_SHIFT].words[((slot & ROWS_MASK) << ROW_WORDS_SHIFT) + GENERATION] &= GENERATION_MASK
  }

  /** The newest sample is of this kind and has these bits. */
  setLastBits(slot: number, t: number, kind: SampleKind, high: number, low: number): void {
    this.slabs[slot >>> ROWS_SHIFT].floats[((slot & ROWS_MASK) << (ROW_WORDS_SHIFT - 1)) + SLOT_TIME_FLOAT] = t
    this.#setWord(slot, SLOT_VALUE_FLOAT * 2, low)
    this.#setWord(slot, SLOT_VALUE_FLOAT * 2 + 1, high)
    this.#setWord(slot, GENERATION, (this.#word(slot, GENERATION) & GENERATION_MASK) | (kind << KIND_SHIFT))
  }

  lastKind(slot: number): SampleKind {
    return (this.#word(slot, GENERATION) >>> KIND_SHIFT) as SampleKind
  }

  lastLow(slot: number): number {
    return this.#word(slot, SLOT_VALUE_FLOAT * 2)
  }

  lastHigh(slot: number): number {
    return this.#word(slot, SLOT_VALUE_FLOAT * 2 + 1)
  }

  window(slot: number): number {
    return this.#word(slot, WINDOW)
  }

  series(slot: number): number {
    return this.#word(slot, SERIES)
  }

  move(slot: number, ordinal: number, series: number): void {
    this.#setWord(slot, WINDOW, ordinal)
    this.#setWord(slot, SERIES, series)
  }

  logIndex(slot: number): number {
    return this.#word(slot, LOG_INDEX)
  }

  setLogIndex(slot: number, index: number): void {
    this.#setWord(slot, LOG_INDEX, index)
  }

  /** Fills `refs` with the ref + 1 of each slot that is used, at the place that `logIndexes` has by slot, as far as there are such places. */
  fillRefs(logIndexes: Uint32Array, refs: Float64Array): void {
    const count = Math.min(logIndexes.length, this.#count)
    // A slab a call: at a start code that is called often is compiled sooner than code that loops long.
    for (let from = 0; from < count; from += 1 << ROWS_SHIFT)
      this.#fillRefsOf(from, Math.min(count, from + (1 << ROWS_SHIFT)), logIndexes, refs)
  }

  #fillRefsOf(from: number, to: number, logIndexes: Uint32Array, refs: Float64Array): void {
    const { words } = this.slabs[from >>> ROWS_SHIFT]
    for (let slot = from; slot < to; slot++) {
      const row = (slot & ROWS_MASK) << ROW_WORDS_SHIFT
      const index = logIndexes[slot]
      if (index < refs.length && words[row + WINDOW] !== NOWHERE)
        refs[index] = (words[row + GENERATION] & GENERATION_MASK) * 0x100000000 + slot + 1
    }
  }

  /** Copies the log indexes of slots from `from` on, as many as there is room for. */
  copyLogIndexes(from: number, into: Uint32Array): void {
    for (let i = 0; i < into.length; i++) into[i] = this.#word(from + i, LOG_INDEX)
  }

  /** A new log segment knows no series. */
  forgetLogged(): void {
    for (const { words } of this.slabs) for (let at = LOG_INDEX; at < words.length; at += 1 << ROW_WORDS_SHIFT) words[at] = NOT_LOGGED
  }

  #word(slot: number, field: number): number {
    return this.slabs[slot >>> ROWS_SHIFT].words[((slot & ROWS_MASK) << ROW_WORDS_SHIFT) + field]
  }

  #setWord(slot: number, field: number, value: number): void {
    this.slabs[slot >>> ROWS_SHIFT].words[((slot & ROWS_MASK) << ROW_WORDS_SHIFT) + field] = value
  }
}
