import type { Metadata } from '../model/metadata.ts'
import type { SlabPool } from './window/slab-pool.ts'
import { Arena, SLAB_WORDS, SLAB_WORDS_SHIFT } from './window/slab-pool.ts'

const WORD_MASK = SLAB_WORDS - 1

/** Longer texts are not kept: they would not fit into a record of the log. */
const TEXT_LENGTH_MAX = 64 * 1024

/** A string that is equal exactly when two metadata are. */
export function metadataKey({ type, unit, help }: Metadata): string {
  return `${type} ${unit.length} ${unit}${help}`
}

export interface MetadataState {
  readonly numbers: Uint32Array
  readonly entries: readonly (Metadata | null)[]
}

/**
 * What is said about the active series, by slot. Each text is kept once, as long as a series has it. Takes nothing while nothing is
 * said, and 4 bytes a series from then on.
 */
export class SeriesMetadata {
  readonly #arena: Arena
  /** Slots that have room in the arena. */
  #slotCount = 0
  /** By number; 0 is none. Free places are undefined. */
  readonly #entries: (Metadata | undefined)[] = [undefined]
  readonly #users: number[] = [0]
  readonly #numbers = new Map<string, number>()
  readonly #free: number[] = []
  #seriesCount = 0

  constructor(pool: SlabPool) {
    this.#arena = new Arena(pool)
  }

  /** Series of which something is said. */
  get seriesCount(): number {
    return this.#seriesCount
  }

  /** All of it: for each slot a number, and what the numbers are, null where they are nothing. */
  state(): MetadataState {
    const numbers = new Uint32Array(this.#slotCount)
    for (const [i, { words }] of this.#arena.slabs.entries()) numbers.set(words, i * SLAB_WORDS)
    return { numbers, entries: this.#entries.map((entry) => entry ?? null) }
  }

  /** Takes the place of nothing. `isUsed`: whether a slot has a series. */
  restore({ numbers, entries }: MetadataState, isUsed: (slot: number) => boolean): void {
    for (let number = 1; number < entries.length; number++) {
      this.#entries[number] = entries[number] ?? undefined
      this.#users[number] = 0
    }
    this.#arena.reserveWords(numbers.length)
    this.#slotCount = this.#arena.slabs.length * SLAB_WORDS
    for (let slot = 0; slot < numbers.length; slot++) {
      const number = numbers[slot]
      if (number === 0 || this.#entries[number] === undefined || !isUsed(slot)) continue
      this.#arena.slabs[slot >>> SLAB_WORDS_SHIFT].words[slot & WORD_MASK] = number
      this.#users[number]++
      this.#seriesCount++
    }
    for (let number = 1; number < entries.length; number++) {
      if (this.#users[number] > 0) this.#numbers.set(metadataKey(this.#entries[number]!), number)
      else {
        this.#entries[number] = undefined
        this.#free.push(number)
      }
    }
  }

  get(slot: number): Metadata | undefined {
    return this.#entries[this.#number(slot)]
  }

  /** Whether this is something new of the slot's series, and can be kept. */
  isNews(slot: number, { type, unit, help }: Metadata): boolean {
    const known = this.get(slot)
    if (known === undefined) {
      if (type === 'unknown' && unit === '' && help === '') return false
    } else if (known.type === type && known.unit === unit && known.help === help) return false
    return unit.length + help.length <= TEXT_LENGTH_MAX
  }

  set(slot: number, metadata: Metadata): void {
    const key = metadataKey(metadata)
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#free.pop() ?? this.#entries.length
      this.#entries[number] = { type: metadata.type, unit: metadata.unit, help: metadata.help }
      this.#users[number] = 0
      this.#numbers.set(key, number)
    }
    this.#users[number]++
    this.#seriesCount++
    this.forget(slot)
    if (slot >= this.#slotCount) {
      this.#arena.reserveWords(slot + 1)
      this.#slotCount = this.#arena.slabs.length * SLAB_WORDS
    }
    this.#arena.slabs[slot >>> SLAB_WORDS_SHIFT].words[slot & WORD_MASK] = number
  }

  /** A series is let go. */
  forget(slot: number): void {
    const number = this.#number(slot)
    if (number === 0) return
    this.#arena.slabs[slot >>> SLAB_WORDS_SHIFT].words[slot & WORD_MASK] = 0
    this.#seriesCount--
    if (--this.#users[number] > 0) return
    this.#numbers.delete(metadataKey(this.#entries[number]!))
    this.#entries[number] = undefined
    this.#free.push(number)
  }

  #number(slot: number): number {
    return slot < this.#slotCount ? this.#arena.slabs[slot >>> SLAB_WORDS_SHIFT].words[slot & WORD_MASK] : 0
  }
}
