// What a converted histogram is known again by: its lines as they stood, and what they were found to be.
//
// 1. A layout is 0xff, which begins no series of any format, then three texts (name of the family, key of the labels, names of labels
//    without a value), then the lines: a role, the bound of a bucket as a float64, and the series bytes of the line.
// 2. Texts and series bytes have their length before them, four bytes, the lowest first: a layout tells itself where its parts end.
// 3. Equal layouts mean equal labels, as parsers promise of series bytes. Of a histogram with other lines the layout is another one,
//    though its labels are the same.

import { Labels } from '../model/labels.ts'
import { isEqual } from './line-bytes.ts'

export const LAYOUT_MARKER = 0xff

export const LineRole = { bucket: 0, sum: 1, count: 2 } as const
export type LineRole = (typeof LineRole)[keyof typeof LineRole]

const LENGTH_BYTES = 4
const boundBytes = new Uint8Array(8)
const boundValue = new Float64Array(boundBytes.buffer)

/** Of the labels of a series in the order of their names, with the family's name in place of the series' and without `le`. */
export function layoutKey(pairs: readonly string[]): string {
  return JSON.stringify(pairs)
}

/** Writes the layout of one histogram after the other. */
export class LayoutWriter {
  bytes = new Uint8Array(1024)
  length = 0

  begin(family: Uint8Array, key: string, emptyNames: readonly string[]): void {
    this.length = 0
    this.#reserve(1)
    this.bytes[this.length++] = LAYOUT_MARKER
    this.#addBytes(family, 0, family.length)
    const keyBytes = Buffer.from(key)
    this.#addBytes(keyBytes, 0, keyBytes.length)
    const nameBytes = Buffer.from(JSON.stringify(emptyNames))
    this.#addBytes(nameBytes, 0, nameBytes.length)
  }

  /** Begins with the first part of a layout. */
  copyFrom(layout: Uint8Array, start: number, end: number): void {
    this.length = 0
    this.#reserve(end - start)
    this.bytes.set(layout.subarray(start, end))
    this.length = end - start
  }

  /** `bound` is of a bucket. */
  addLine(role: LineRole, bound: number, from: Uint8Array, start: number, end: number): void {
    this.#reserve(1 + boundBytes.length)
    this.bytes[this.length++] = role
    if (role === LineRole.bucket) {
      boundValue[0] = bound
      this.bytes.set(boundBytes, this.length)
      this.length += boundBytes.length
    }
    this.#addBytes(from, start, end)
  }

  #addBytes(from: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.#reserve(LENGTH_BYTES + size)
    for (let shift = 0; shift < 32; shift += 8) this.bytes[this.length++] = size >>> shift
    this.bytes.set(from.subarray(start, end), this.length)
    this.length += size
  }

  #reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return
    const grown = new Uint8Array((this.length + size) * 2)
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}

/** Reads a layout that a LayoutWriter wrote. Hot: once a line. */
export class LayoutReader {
  #bytes: Uint8Array = new Uint8Array(0)
  #familyStart = 0
  #familyEnd = 0
  #keyStart = 0
  #keyEnd = 0
  /** Where the next line begins; before the first, where the lines do. */
  position = 0
  role: LineRole = LineRole.bucket
  bound = 0
  /** Where the series bytes of the line stand. */
  lineStart = 0
  lineEnd = 0

  reset(bytes: Uint8Array, start: number): void {
    this.#bytes = bytes
    this.position = start + 1
    this.#familyEnd = this.#nextEnd()
    this.#familyStart = this.position
    this.position = this.#familyEnd
    this.#keyEnd = this.#nextEnd()
    this.#keyStart = this.position
    this.position = this.#keyEnd
    this.position = this.#nextEnd()
  }

  isOfFamily(name: Uint8Array): boolean {
    return isEqual(name, 0, name.length, this.#bytes, this.#familyStart, this.#familyEnd)
  }

  /** Of the labels. */
  key(): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + this.#keyStart, this.#keyEnd - this.#keyStart).toString('utf8')
  }

  hasKeyOf(other: LayoutReader): boolean {
    return isEqual(this.#bytes, this.#keyStart, this.#keyEnd, other.#bytes, other.#keyStart, other.#keyEnd)
  }

  labels(): Labels {
    return Labels.fromSortedPairs(JSON.parse(this.key()) as string[])
  }

  /** Of the first part of the layout, when no line was read yet. */
  emptyNames(): readonly string[] {
    const start = this.#keyEnd + LENGTH_BYTES
    const bytes = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, this.position - start)
    return JSON.parse(bytes.toString('utf8')) as string[]
  }

  nextLine(): void {
    const bytes = this.#bytes
    let p = this.position
    const role = bytes[p++] as LineRole
    this.role = role
    if (role === LineRole.bucket) {
      for (let i = 0; i < 8; i++) boundBytes[i] = bytes[p++]
      this.bound = boundValue[0]
    }
    this.position = p
    this.lineEnd = this.#nextEnd()
    this.lineStart = this.position
    this.position = this.lineEnd
  }

  /** Reads a length; answers where what it measures ends. */
  #nextEnd(): number {
    const bytes = this.#bytes
    const p = this.position
    this.position = p + LENGTH_BYTES
    return p + LENGTH_BYTES + (bytes[p] | (bytes[p + 1] << 8) | (bytes[p + 2] << 16) | (bytes[p + 3] << 24))
  }
}
