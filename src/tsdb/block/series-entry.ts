import { crc32c } from '../../base/crc32c.ts'
import { ByteCursor, VARUINT_BYTES_MAX } from './byte-cursor.ts'
import type { CachedFile } from './cached-file.ts'
import { DamageError, hex } from './damage.ts'

/** Series stand at multiples of this; the offset by it is a series' number. */
export const SERIES_ALIGNMENT = 16

/** One series of an index: symbols of its labels, and its chunks. Filled again for every series: what it holds is good until then. */
export class SeriesEntry {
  labelCount = 0
  /** Name, value, name, value, … */
  symbols = new Uint32Array(64)
  chunkCount = 0
  minTimes = new Float64Array(16)
  maxTimes = new Float64Array(16)
  refs = new Float64Array(16)
  readonly #file: CachedFile
  readonly #cursor: ByteCursor

  constructor(file: CachedFile) {
    this.#file = file
    this.#cursor = new ByteCursor(file.path)
  }

  /** Fills this from memory; false when not all of it is there. Hot. */
  peek(series: number): boolean {
    const offset = series * SERIES_ALIGNMENT
    const page = this.#file.page(offset)
    if (page === undefined) return false
    const cursor = this.#cursor
    cursor.set(page.bytes, page.start)
    cursor.at = offset - page.start
    if (cursor.left >= VARUINT_BYTES_MAX) {
      const start = cursor.at
      const length = cursor.varuint()
      if (cursor.left >= length + 4) {
        if (!page.isChecked(start)) {
          compareChecksum(this.#file.path, page.bytes, cursor.at, length, page.start)
          page.setChecked(start)
        }
        this.#parse(length)
        return true
      }
    }
    // It goes on in the next page.
    const head = this.#file.peek(offset, Math.min(VARUINT_BYTES_MAX, this.#file.sizeBytes - offset))
    if (head === undefined) return false
    cursor.set(head, offset)
    const length = cursor.varuint()
    const bodyOffset = cursor.position
    const body = this.#file.peek(bodyOffset, length + 4)
    if (body === undefined) return false
    this.#parseAlone(body, bodyOffset, length)
    return true
  }

  async read(series: number): Promise<void> {
    const offset = series * SERIES_ALIGNMENT
    if (offset >= this.#file.sizeBytes)
      throw new DamageError(this.#file.path, offset, 'file', `${this.#file.sizeBytes} bytes long`, 'longer')
    const head = await this.#file.read(offset, Math.min(VARUINT_BYTES_MAX, this.#file.sizeBytes - offset))
    const cursor = new ByteCursor(this.#file.path, head, offset)
    const length = cursor.varuint()
    this.#parseAlone(await this.#file.read(cursor.position, length + 4), cursor.position, length)
  }

  /** Where the series ends in the file, its checksum included. */
  endOffset = 0

  #parseAlone(body: Buffer, offset: number, length: number): void {
    compareChecksum(this.#file.path, body, 0, length, offset)
    this.#cursor.set(body, offset)
    this.#parse(length)
  }

  /** What the cursor is at the beginning of, checksum and all. */
  #parse(length: number): void {
    const cursor = this.#cursor
    cursor.end = cursor.at + length
    const endOffset = cursor.position + length + 4
    const labelCount = cursor.varuint()
    if (2 * labelCount > length) throw cursor.damage('count of labels', labelCount, `at most ${length / 2}`)
    if (2 * labelCount > this.symbols.length) this.symbols = new Uint32Array(4 * labelCount)
    for (let i = 0; i < 2 * labelCount; i++) {
      const symbol = cursor.varuint()
      if (symbol > 0xffff_ffff) throw cursor.damage('symbol', symbol, 'at most 2^32')
      this.symbols[i] = symbol
    }
    this.labelCount = labelCount
    const chunkCount = cursor.varuint()
    if (3 * chunkCount > length) throw cursor.damage('count of chunks', chunkCount, `at most ${length / 3}`)
    if (chunkCount > this.refs.length) {
      this.minTimes = new Float64Array(2 * chunkCount)
      this.maxTimes = new Float64Array(2 * chunkCount)
      this.refs = new Float64Array(2 * chunkCount)
    }
    const { minTimes, maxTimes, refs } = this
    for (let i = 0; i < chunkCount; i++) {
      minTimes[i] = i === 0 ? cursor.varint() : maxTimes[i - 1] + cursor.varuint()
      maxTimes[i] = minTimes[i] + cursor.varuint()
      refs[i] = i === 0 ? cursor.varuint() : refs[i - 1] + cursor.varint()
    }
    this.chunkCount = chunkCount
    this.endOffset = endOffset
    if (cursor.left !== 0) throw cursor.damage('rest of a series', `${cursor.left} bytes`, 'none')
  }
}

/** `body`: so many bytes from `start` on, and their checksum. `fileOffset`: of the buffer. */
function compareChecksum(path: string, bytes: Buffer, start: number, length: number, fileOffset: number): void {
  const end = start + length
  const got = crc32c(bytes, start, end)
  const want = bytes.readUInt32BE(end)
  if (got !== want) throw new DamageError(path, fileOffset + end, 'checksum of a series', hex(got), hex(want))
}
