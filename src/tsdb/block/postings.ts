import { crc32c } from '../../base/crc32c.ts'
import type { CachedFile } from './cached-file.ts'
import { DamageError, hex } from './damage.ts'

// Postings are numbers of series, rising; a series' number is its offset in the index by 16.

export const NO_POSTINGS = new Uint32Array(0)

/** How many series postings have, without reading them. The checksum is not compared. */
export async function countPostings(file: CachedFile, offset: number): Promise<number> {
  return (file.peek(offset + 4, 4) ?? (await file.read(offset + 4, 4))).readUInt32BE(0)
}

/** The postings at an offset; they are the caller's. */
export async function readPostings(file: CachedFile, offset: number): Promise<Uint32Array> {
  const length = (file.peek(offset, 4) ?? (await file.read(offset, 4))).readUInt32BE(0)
  if (length < 4 || length % 4 !== 0) throw new DamageError(file.path, offset, 'length of postings', length, 'a multiple of 4, at least 4')
  const body = file.peek(offset + 4, length + 4) ?? (await file.read(offset + 4, length + 4))
  const got = crc32c(body, 0, length)
  const want = body.readUInt32BE(length)
  if (got !== want) throw new DamageError(file.path, offset + 4 + length, 'checksum of postings', hex(got), hex(want))
  const count = body.readUInt32BE(0)
  if (count !== length / 4 - 1) throw new DamageError(file.path, offset + 4, 'count of postings', count, length / 4 - 1)
  const postings = new Uint32Array(count)
  for (let i = 0, at = 4; i < count; i++, at += 4)
    postings[i] = (body[at] << 24) | (body[at + 1] << 16) | (body[at + 2] << 8) | body[at + 3]
  return postings
}

/** What is in both; may lie in the memory of `a`. */
export function intersect(a: Uint32Array, b: Uint32Array): Uint32Array {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  let kept = 0
  if (short.length * 16 < long.length) {
    // Few against many: looks each up in what is left of the many.
    for (let i = 0, from = 0; i < short.length; i++) {
      from = firstAtLeast(long, short[i], from)
      if (from < long.length && long[from] === short[i]) a[kept++] = short[i]
    }
    return a.subarray(0, kept)
  }
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] < b[j]) i++
    else if (a[i] > b[j]) j++
    else {
      a[kept++] = a[i++]
      j++
    }
  }
  return a.subarray(0, kept)
}

/** What is in `a` and not in `b`; lies in the memory of `a`. */
export function subtract(a: Uint32Array, b: Uint32Array): Uint32Array {
  let kept = 0
  for (let i = 0, j = 0; i < a.length; i++) {
    while (j < b.length && b[j] < a[i]) j++
    if (j === b.length || b[j] !== a[i]) a[kept++] = a[i]
  }
  return a.subarray(0, kept)
}

function firstAtLeast(postings: Uint32Array, wanted: number, from: number): number {
  let step = 1
  while (from + step < postings.length && postings[from + step] < wanted) step *= 2
  let low = from
  let high = Math.min(postings.length, from + step + 1)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (postings[middle] < wanted) low = middle + 1
    else high = middle
  }
  return low
}

/** Collects postings of many values: a bit for every number between `first` and `end`, however many there are. */
export class PostingsUnion {
  readonly #first: number
  readonly #bits: Uint32Array
  readonly #path: string

  /** `path`: of the index, for what is wrong. */
  constructor(first: number, end: number, path: string) {
    this.#first = first
    this.#bits = new Uint32Array(Math.ceil(Math.max(0, end - first) / 32))
    this.#path = path
  }

  add(postings: Uint32Array): void {
    const bits = this.#bits
    for (let i = 0; i < postings.length; i++) {
      const at = postings[i] - this.#first
      if (at < 0 || at >>> 5 >= bits.length)
        throw new DamageError(
          this.#path,
          postings[i] * 16,
          'series in postings',
          postings[i],
          `${this.#first} to ${this.#first + 32 * bits.length}`,
        )
      bits[at >>> 5] |= 1 << (at & 31)
    }
  }

  /** Rising, each once. */
  postings(): Uint32Array {
    const bits = this.#bits
    let count = 0
    for (let word = 0; word < bits.length; word++) {
      for (let left = bits[word]; left !== 0; left &= left - 1) count++
    }
    const found = new Uint32Array(count)
    for (let word = 0, at = 0; word < bits.length; word++) {
      for (let left = bits[word]; left !== 0; left &= left - 1) found[at++] = this.#first + word * 32 + (31 - Math.clz32(left & -left))
    }
    return found
  }
}
