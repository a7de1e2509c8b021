import type { WireReader } from './wire-reader.ts'

/** Longer columns are given back instead of being kept for the next request. */
const KEPT_LENGTH_MAX = 262_144
const LENGTH_MIN = 256

/** Where parts of a request lie in its bytes. Kept from request to request. */
export class ByteRanges {
  count = 0
  /** There were more than a request may hold: what is here is nonsense. */
  overflowed = false
  readonly #countMax: number
  #bounds = new Uint32Array(LENGTH_MIN)

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  /** Adds where the field's value stands whose key was just read, and moves the reader behind it. */
  take(reader: WireReader, endMax: number): void {
    const end = reader.fieldEnd(endMax)
    this.#push(reader.position, end)
    reader.position = end
  }

  #push(start: number, end: number): void {
    if (this.count * 2 === this.#bounds.length) this.#grow()
    const at = this.count * 2
    this.#bounds[at] = start
    this.#bounds[at + 1] = end
    this.count++
  }

  start(index: number): number {
    return this.#bounds[index * 2]
  }

  end(index: number): number {
    return this.#bounds[index * 2 + 1]
  }

  clear(): void {
    this.count = 0
    this.overflowed = false
    this.#bounds = kept(this.#bounds)
  }

  #grow(): void {
    if (this.count < this.#countMax) this.#bounds = grown(this.#bounds)
    else {
      this.overflowed = true
      this.count = 0
    }
  }
}

/** A column with twice the room. */
export function grown<T extends Float64Array | Uint32Array | Uint8Array>(column: T): T {
  const larger = new (column.constructor as new (length: number) => T)(column.length * 2)
  larger.set(column)
  return larger
}

/** The column for the next request: itself, or a small one when it has become too long to be kept. */
export function kept<T extends Float64Array | Uint32Array | Uint8Array>(column: T): T {
  if (column.length <= KEPT_LENGTH_MAX) return column
  return new (column.constructor as new (length: number) => T)(LENGTH_MIN)
}
