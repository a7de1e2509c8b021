import { assert } from '../../base/assert.ts'
import { HashIndex, type IndexState, mix } from './hash-index.ts'
import type { ArenaState, SlabPool } from './slab-pool.ts'
import { Arena, SLAB_BYTES, SLAB_BYTES_SHIFT, SLAB_WORDS, SLAB_WORDS_SHIFT } from './slab-pool.ts'

const BYTE_MASK = SLAB_BYTES - 1
const WORD_MASK = SLAB_WORDS - 1

// A symbol's row: where its bytes lie, how many, its hash, and whether all of them are ASCII.
const ROW_WORDS = 4
const OFFSET = 0
const LENGTH = 1
const HASH = 2
const IS_ASCII = 3

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * Strings that were decoded lately, found by hash, for all windows together: the same text is then the same string
 * object, and comparing labels of two windows compares pointers.
 */
const DECODED_SIZE = 16384
const DECODED_LENGTH_MAX = 256
const decoded: (string | undefined)[] = new Array(DECODED_SIZE).fill(undefined)

export interface SymbolsState {
  readonly rows: ArenaState
  readonly text: ArenaState
  readonly index: IndexState
  readonly count: number
  readonly textBytes: number
}

/** The strings of a window: each once, as UTF-8, under a number that counts up from 0. */
export class Symbols {
  readonly #rows: Arena
  readonly #text: Arena
  readonly #index: HashIndex
  #count = 0
  #textBytes = 0

  constructor(pool: SlabPool, state?: SymbolsState) {
    this.#rows = new Arena(pool)
    this.#text = new Arena(pool)
    this.#index = new HashIndex(pool, (id) => this.#field(id, HASH), state?.index)
    if (state !== undefined) this.refresh(state)
  }

  state(last?: SymbolsState): SymbolsState {
    return {
      rows: this.#rows.state(last?.rows),
      text: this.#text.state(last?.text),
      index: this.#index.state(last?.index),
      count: this.#count,
      textBytes: this.#textBytes,
    }
  }

  refresh({ rows, text, index, count, textBytes }: SymbolsState): void {
    this.#rows.place(rows)
    this.#text.place(text)
    this.#index.refresh(index)
    this.#count = count
    this.#textBytes = textBytes
  }

  reclaim(): void {
    this.#index.reclaim()
  }

  /** Takes back what slabs have of symbols that came after the state. */
  repair(): void {
    this.#index.cut(this.#count)
  }

  get count(): number {
    return this.#count
  }

  release(): void {
    this.#rows.release()
    this.#text.release()
    this.#index.release()
  }

  /** -1 when the window does not have the string. */
  find(text: string): number {
    const hash = hashText(text)
    return hash < 0 ? this.#findText(text.toWellFormed(), hashOther(text)) : this.#findText(text, hash)
  }

  add(text: string): number {
    let hash = hashText(text)
    const ascii = hash >= 0
    if (!ascii) {
      text = text.toWellFormed()
      hash = hashOther(text)
    }
    const found = this.#findText(text, hash)
    if (found >= 0) return found
    if (!ascii) {
      const bytes = encoder.encode(text)
      const offset = this.#reserve(bytes.length)
      for (let i = 0; i < bytes.length; i++) this.#setByte(offset + i, bytes[i])
      return this.#addRow(offset, bytes.length, hash, 0)
    }
    const offset = this.#reserve(text.length)
    for (let i = 0; i < text.length; i++) this.#setByte(offset + i, text.charCodeAt(i))
    return this.#addRow(offset, text.length, hash, 1)
  }

  /** Takes a symbol over from another window, byte by byte. */
  addFrom(other: Symbols, id: number): number {
    const hash = other.#field(id, HASH)
    const length = other.#field(id, LENGTH)
    for (let probe = this.#index.first(hash), mine = 0; (mine = this.#index.at(probe)) >= 0; probe = this.#index.next(probe)) {
      if (this.#field(mine, HASH) === hash && compareSymbols(this, mine, other, id) === 0) return mine
    }
    const from = other.#field(id, OFFSET)
    const offset = this.#reserve(length)
    for (let i = 0; i < length; i++) this.#setByte(offset + i, other.#byte(from + i))
    return this.#addRow(offset, length, hash, other.#field(id, IS_ASCII))
  }

  /** A symbol of another window; -1 where it is not here. */
  findFrom(other: Symbols, id: number): number {
    const hash = other.#field(id, HASH)
    for (let probe = this.#index.first(hash), mine = 0; (mine = this.#index.at(probe)) >= 0; probe = this.#index.next(probe)) {
      if (mine < this.#count && this.#field(mine, HASH) === hash && compareSymbols(this, mine, other, id) === 0) return mine
    }
    return -1
  }

  text(id: number): string {
    const hash = this.#field(id, HASH)
    const cached = decoded[hash & (DECODED_SIZE - 1)]
    if (cached !== undefined && this.#is(id, cached)) return cached
    const text = this.#decode(id)
    if (text.length <= DECODED_LENGTH_MAX) decoded[hash & (DECODED_SIZE - 1)] = text
    return text
  }

  byteLength(id: number): number {
    return this.#field(id, LENGTH)
  }

  copyBytes(id: number, into: Uint8Array, at: number): void {
    const offset = this.#field(id, OFFSET)
    const length = this.#field(id, LENGTH)
    for (let i = 0; i < length; i++) into[at + i] = this.#byte(offset + i)
  }

  byteAt(id: number, i: number): number {
    return this.#byte(this.#field(id, OFFSET) + i)
  }

  #findText(text: string, hash: number): number {
    const index = this.#index
    for (let probe = index.first(hash), id = 0; (id = index.at(probe)) >= 0; probe = index.next(probe)) {
      if (id < this.#count && this.#field(id, HASH) === hash && this.#is(id, text)) return id
    }
    return -1
  }

  /** Whether a symbol is this text, which has the symbol's hash or is anything. */
  #is(id: number, text: string): boolean {
    if (this.#field(id, IS_ASCII) === 0) return this.#decode(id) === text
    const length = this.#field(id, LENGTH)
    if (length !== text.length) return false
    const offset = this.#field(id, OFFSET)
    const start = offset & BYTE_MASK
    if (start + length <= SLAB_BYTES) {
      if (length === 0) return true
      const bytes = this.#text.slabs[offset >>> SLAB_BYTES_SHIFT].bytes
      for (let i = 0; i < length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
      return true
    }
    for (let i = 0; i < length; i++) if (this.#byte(offset + i) !== text.charCodeAt(i)) return false
    return true
  }

  #decode(id: number): string {
    const length = this.byteLength(id)
    const offset = this.#field(id, OFFSET)
    const start = offset & BYTE_MASK
    if (length === 0) return ''
    if (this.#field(id, IS_ASCII) === 1 && start + length <= SLAB_BYTES) {
      const { buffer, byteOffset } = this.#text.slabs[offset >>> SLAB_BYTES_SHIFT].bytes
      return Buffer.from(buffer, byteOffset + start, length).toString('latin1')
    }
    // A decoder refuses shared memory, so the bytes are copied first.
    const bytes = new Uint8Array(length)
    this.copyBytes(id, bytes, 0)
    return decoder.decode(bytes)
  }

  #addRow(offset: number, length: number, hash: number, isAscii: number): number {
    const id = this.#count++
    const at = id * ROW_WORDS
    this.#rows.reserveWords(at + ROW_WORDS)
    const words = this.#rows.slabs[at >>> SLAB_WORDS_SHIFT].words
    const row = at & WORD_MASK
    words[row + OFFSET] = offset
    words[row + LENGTH] = length
    words[row + HASH] = hash
    words[row + IS_ASCII] = isAscii
    this.#index.insert(hash, id)
    return id
  }

  #reserve(length: number): number {
    const offset = this.#textBytes
    this.#textBytes += length
    assert(this.#textBytes <= 0xffffffff, 'the strings of a window have at most 4 GiB')
    this.#text.reserveWords(Math.ceil(this.#textBytes / 4))
    return offset
  }

  #field(id: number, field: number): number {
    const at = id * ROW_WORDS + field
    return this.#rows.slabs[at >>> SLAB_WORDS_SHIFT].words[at & WORD_MASK]
  }

  #byte(offset: number): number {
    return this.#text.slabs[offset >>> SLAB_BYTES_SHIFT].bytes[offset & BYTE_MASK]
  }

  #setByte(offset: number, byte: number): void {
    this.#text.slabs[offset >>> SLAB_BYTES_SHIFT].bytes[offset & BYTE_MASK] = byte
  }
}

/** Order of bytes, which is the order of code points. */
export function compareSymbols(a: Symbols, aId: number, b: Symbols, bId: number): number {
  const aLength = a.byteLength(aId)
  const bLength = b.byteLength(bId)
  const length = Math.min(aLength, bLength)
  for (let i = 0; i < length; i++) {
    const order = a.byteAt(aId, i) - b.byteAt(bId, i)
    if (order !== 0) return order
  }
  return aLength - bLength
}

/** The hash of ASCII text, -1 when there are other characters in it. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  let seen = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    seen |= code
    hash = Math.imul(hash ^ code, 0x01000193)
  }
  return seen < 0x80 ? mix(hash) : -1
}

function hashOther(text: string): number {
  text = text.toWellFormed()
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix(hash)
}
