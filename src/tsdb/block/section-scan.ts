import { crc32c } from '../../base/crc32c.ts'
import { ByteCursor, VARUINT_BYTES_MAX } from './byte-cursor.ts'
import type { CachedFile } from './cached-file.ts'
import { DamageError, hex } from './damage.ts'

const SCAN_BYTES = 256 * 1024

/**
 * Reads a section of an index through once: `u32 length`, so many bytes, `crc` of them. The section is never whole in memory; its checksum
 * is known at the end, so what was read counts only once `finish` has returned.
 */
export class SectionScan {
  readonly cursor: ByteCursor
  readonly #file: CachedFile
  /** In the file: behind the last byte of the content. */
  readonly #contentEnd: number
  /** In the file: where the bytes begin that are not in the checksum yet. */
  #crc = 0

  private constructor(file: CachedFile, contentStart: number, contentEnd: number) {
    this.#file = file
    this.#contentEnd = contentEnd
    this.cursor = new ByteCursor(file.path, Buffer.alloc(0), contentStart)
  }

  static async open(file: CachedFile, offset: number): Promise<SectionScan> {
    const length = (await file.read(offset, 4)).readUInt32BE(0)
    const left = file.sizeBytes - offset - 8
    if (length > left) throw new DamageError(file.path, offset, 'length of the section', length, `at most ${left}`)
    return new SectionScan(file, offset + 4, offset + 4 + length)
  }

  /** Bytes of the content that are not yet read, in the buffer or not. */
  get left(): number {
    return this.#contentEnd - this.cursor.position
  }

  /** Whether `count` bytes can be read by the cursor now; or all there are. Otherwise `fill`. */
  has(count: number): boolean {
    return this.cursor.left >= count || this.cursor.left === this.left
  }

  /** Whether the next text is there; or as much as there is of it. */
  hasText(): boolean {
    if (!this.has(VARUINT_BYTES_MAX)) return false
    const { cursor } = this
    const { at } = cursor
    const length = cursor.varuint()
    const there = this.has(length)
    cursor.at = at
    return there
  }

  /** Reads on. The buffer grows while what is asked for is not in it. */
  async fill(): Promise<void> {
    const { cursor } = this
    const size = Math.min(this.left, Math.max(SCAN_BYTES, cursor.left * 2))
    const bytes = Buffer.allocUnsafeSlow(size)
    const kept = cursor.bytes.copy(bytes, 0, cursor.at)
    const position = cursor.position
    this.#crc = crc32c(cursor.bytes, 0, cursor.at, this.#crc)
    const there = this.#file.peek(position + kept, size - kept)
    if (there === undefined) await this.#file.readUncached(position + kept, bytes.subarray(kept))
    else there.copy(bytes, kept)
    cursor.set(bytes, position)
  }

  /** Compares the checksum. */
  async finish(): Promise<void> {
    const { cursor } = this
    for (;;) {
      cursor.at = cursor.end
      if (this.left === 0) break
      await this.fill()
    }
    const got = crc32c(cursor.bytes, 0, cursor.end, this.#crc)
    const want = (await this.#file.read(this.#contentEnd, 4)).readUInt32BE(0)
    if (got !== want) throw new DamageError(this.#file.path, this.#contentEnd, 'checksum', hex(got), hex(want))
  }
}
