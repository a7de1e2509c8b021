// Which series a run of label bytes (1.0) or of symbols (2.0) means, so that a series that comes again costs one pass over them:
// no text, no label set, no lookup in an index. Hot: once a series of every request. Earned by write-request.bench.ts.
//
// 1. An entry is known by 128 bits of a seeded hash of its bytes and their length, or of the hashes of its symbols; neither is
//    kept. Two label sets of one request sharing them by chance is as likely as 2^-128.
// 2. It holds at most `entriesMax` entries in two generations: when the young one is full the old one is forgotten,
//    so what is used stays and what is not goes.
// Source of the mixing: MurmurHash3 by Austin Appleby (public domain), the 128-bit variant for 32-bit machines.

import type { Random } from '../base/env.ts'
import type { SeriesRef } from '../storage/appender.ts'

const SLOTS_MIN = 1024
const NONE = -1

export class LabelRefCache {
  readonly #entriesMax: number
  readonly #seed: number
  #young = new Generation(SLOTS_MIN)
  #old = new Generation(SLOTS_MIN)
  /** Hash of what was last asked for. */
  readonly #hash = new Uint32Array(4)

  constructor(random: Random, entriesMax: number) {
    this.#seed = Math.floor(random.next() * 2 ** 32)
    this.#entriesMax = entriesMax
  }

  get size(): number {
    return this.#young.count + this.#old.count
  }

  /** The series of the bytes from `start` up to, not including, `end`; -1 when it is not known. */
  find(view: DataView, start: number, end: number): SeriesRef | -1 {
    hash128(view, start, end, this.#seed, this.#hash)
    return this.#find()
  }

  /**
   * The same for the symbols that `refs` names from `start` up to, not including, `end`. `symbolHashes` has four words for
   * each symbol, from `hashSymbol`. `salt` is 32 bits of what else tells series apart.
   */
  findSymbols(symbolHashes: Uint32Array, refs: Uint32Array, start: number, end: number, salt: number): SeriesRef | -1 {
    fold128(symbolHashes, refs, start, end, this.#seed ^ salt, this.#hash)
    return this.#find()
  }

  /** Writes the hash of a symbol, the bytes from `start` up to, not including, `end`, to its four words. */
  hashSymbol(view: DataView, start: number, end: number, symbolHashes: Uint32Array, symbol: number): void {
    const hash = this.#hash
    hash128(view, start, end, this.#seed, hash)
    const at = symbol * 4
    symbolHashes[at] = hash[0]
    symbolHashes[at + 1] = hash[1]
    symbolHashes[at + 2] = hash[2]
    symbolHashes[at + 3] = hash[3]
  }

  #find(): SeriesRef | -1 {
    const young = this.#young.find(this.#hash)
    if (young !== NONE) return young
    const old = this.#old.find(this.#hash)
    if (old !== NONE) this.#put(old, this.#old.note(this.#hash))
    return old
  }

  /** Keeps the series of what was last asked for, with nothing noted. */
  remember(ref: SeriesRef): void {
    this.#put(ref, 0)
  }

  #put(ref: SeriesRef, note: number): void {
    if (this.#young.count >= this.#entriesMax / 2) {
      this.#old = this.#young
      this.#young = new Generation(SLOTS_MIN)
    }
    this.#young = this.#young.with(this.#hash, ref, note)
  }

  /** Notes 32 bits about the series that was last found or remembered; whether they are others than before. */
  note(bits: number): boolean {
    return this.#young.setNote(this.#hash, bits >>> 0)
  }

  clear(): void {
    this.#young = new Generation(SLOTS_MIN)
    this.#old = new Generation(SLOTS_MIN)
  }
}

/** An open-addressed table, at most half full. */
class Generation {
  readonly #words: Uint32Array
  readonly #refs: Float64Array
  readonly #notes: Uint32Array
  readonly #mask: number
  count = 0

  constructor(slots: number) {
    this.#words = new Uint32Array(slots * 4)
    this.#refs = new Float64Array(slots).fill(NONE)
    this.#notes = new Uint32Array(slots)
    this.#mask = slots - 1
  }

  find(hash: Uint32Array): number {
    return this.#refs[this.#slot(hash[0], hash[1], hash[2], hash[3])]
  }

  note(hash: Uint32Array): number {
    return this.#notes[this.#slot(hash[0], hash[1], hash[2], hash[3])]
  }

  setNote(hash: Uint32Array, note: number): boolean {
    const slot = this.#slot(hash[0], hash[1], hash[2], hash[3])
    if (this.#refs[slot] === NONE || this.#notes[slot] === note) return false
    this.#notes[slot] = note
    return true
  }

  /** Itself, or a larger one when it was half full, with the entry in it. */
  with(hash: Uint32Array, ref: number, note: number): Generation {
    if (this.count * 2 < this.#mask) {
      this.#put(hash[0], hash[1], hash[2], hash[3], ref, note)
      return this
    }
    const larger = new Generation((this.#mask + 1) * 2)
    const words = this.#words
    for (let slot = 0; slot <= this.#mask; slot++) {
      if (this.#refs[slot] === NONE) continue
      larger.#put(words[slot * 4], words[slot * 4 + 1], words[slot * 4 + 2], words[slot * 4 + 3], this.#refs[slot], this.#notes[slot])
    }
    return larger.with(hash, ref, note)
  }

  #put(a: number, b: number, c: number, d: number, ref: number, note: number): void {
    const slot = this.#slot(a, b, c, d)
    if (this.#refs[slot] === NONE) this.count++
    const words = this.#words
    words[slot * 4] = a
    words[slot * 4 + 1] = b
    words[slot * 4 + 2] = c
    words[slot * 4 + 3] = d
    this.#refs[slot] = ref
    this.#notes[slot] = note
  }

  /** The slot of an entry, or the empty one where it would go. */
  #slot(a: number, b: number, c: number, d: number): number {
    const words = this.#words
    let slot = a & this.#mask
    while (this.#refs[slot] !== NONE) {
      const at = slot * 4
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return slot
      slot = (slot + 1) & this.#mask
    }
    return slot
  }
}

const C1 = 0x239b961b
const C2 = 0xab0e9789
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93

/** 128 bits of the bytes from `start` up to, not including, `end`, into `out`. */
export function hash128(view: DataView, start: number, end: number, seed: number, out: Uint32Array): void {
  let h1 = seed
  let h2 = seed
  let h3 = seed
  let h4 = seed
  let i = start
  for (; i + 16 <= end; i += 16) {
    h1 = mix(h1, scramble(view.getUint32(i, true), C1, C2, 15), h2, 19, 0x561ccd1b)
    h2 = mix(h2, scramble(view.getUint32(i + 4, true), C2, C3, 16), h3, 17, 0x0bcaa747)
    h3 = mix(h3, scramble(view.getUint32(i + 8, true), C3, C4, 17), h4, 15, 0x96cd1c35)
    h4 = mix(h4, scramble(view.getUint32(i + 12, true), C4, C1, 18), h1, 13, 0x32ac3b17)
  }
  if (i < end) {
    h1 ^= scramble(tailWord(view, i, end), C1, C2, 15)
    h2 ^= scramble(tailWord(view, i + 4, end), C2, C3, 16)
    h3 ^= scramble(tailWord(view, i + 8, end), C3, C4, 17)
    h4 ^= scramble(tailWord(view, i + 12, end), C4, C1, 18)
  }
  const length = end - start
  h1 ^= length
  h2 ^= length
  h3 ^= length
  h4 ^= length
  h1 = (h1 + h2 + h3 + h4) | 0
  h1 = finish(h1)
  h2 = finish((h2 + h1) | 0)
  h3 = finish((h3 + h1) | 0)
  h4 = finish((h4 + h1) | 0)
  out[0] = (h1 + h2 + h3 + h4) | 0
  out[1] = h2 + out[0]
  out[2] = h3 + out[0]
  out[3] = h4 + out[0]
}

/**
 * 128 bits of a run of symbols, into `out`, from hashes that are mixed already: a turn, a word and a product for each lane are enough
 * to tell orders apart.
 */
export function fold128(symbolHashes: Uint32Array, refs: Uint32Array, start: number, end: number, seed: number, out: Uint32Array): void {
  let h1 = seed
  let h2 = seed ^ C2
  let h3 = seed ^ C3
  let h4 = seed ^ C4
  for (let i = start; i < end; i++) {
    const at = refs[i] * 4
    h1 = Math.imul(((h1 << 13) | (h1 >>> 19)) ^ symbolHashes[at], C1)
    h2 = Math.imul(((h2 << 15) | (h2 >>> 17)) ^ symbolHashes[at + 1], C2)
    h3 = Math.imul(((h3 << 17) | (h3 >>> 15)) ^ symbolHashes[at + 2], C3)
    h4 = Math.imul(((h4 << 19) | (h4 >>> 13)) ^ symbolHashes[at + 3], C4)
  }
  const length = end - start
  h1 = finish(h1 ^ length)
  h2 = finish(h2 ^ length)
  h3 = finish(h3 ^ length)
  h4 = finish(h4 ^ length)
  out[0] = (h1 + h2 + h3 + h4) | 0
  out[1] = h2 + out[0]
  out[2] = h3 + out[0]
  out[3] = h4 + out[0]
}

/** Up to four bytes from `position` on; beyond `end` there are zeros. */
function tailWord(view: DataView, position: number, end: number): number {
  let word = 0
  for (let i = 0; i < 4 && position + i < end; i++) word |= view.getUint8(position + i) << (8 * i)
  return word
}

function scramble(word: number, by: number, then: number, rotation: number): number {
  const k = Math.imul(word, by)
  return Math.imul((k << rotation) | (k >>> (32 - rotation)), then)
}

function mix(h: number, k: number, next: number, rotation: number, add: number): number {
  const x = h ^ k
  return (Math.imul(((x << rotation) | (x >>> (32 - rotation))) + next, 5) + add) | 0
}

function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
