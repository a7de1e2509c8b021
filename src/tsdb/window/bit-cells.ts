import { CELL_BYTES, CELL_LINK_BYTES, CELL_PAYLOAD_BYTES, CELLS_MASK, CELLS_SHIFT, type Cells } from './cells.ts'
import { FIRST_CELL, OPEN_BYTES, STATE, WRITE_CELL } from './row.ts'

/** Writes the bits of the open chunk of a row into its cells. `mayReuse`: no reader holds cells that were let go. */
export class BitCells {
  readonly #cells: Cells

  constructor(cells: Cells) {
    this.#cells = cells
  }

  /** A chunk without bits. */
  begin(words: Uint32Array, row: number, mayReuse: boolean): void {
    const cell = this.#cell(mayReuse)
    words[row + FIRST_CELL] = cell
    words[row + WRITE_CELL] = cell
    words[row + OPEN_BYTES] = 0
    words[row + STATE] = 0
  }

  /** Bits used of the last byte; 0: all of them. */
  partialBits(words: Uint32Array, row: number): number {
    return (words[row + STATE] >>> 16) & 7
  }

  /** The last byte, when it is partly used. */
  partialByte(words: Uint32Array, row: number): number {
    const bitsUsed = words[row + STATE] >>> 16
    if ((bitsUsed & 7) === 0) return 0
    const cell = words[row + WRITE_CELL]
    return this.#cells.slabs[cell >>> CELLS_SHIFT].bytes[(cell & CELLS_MASK) * CELL_BYTES + CELL_LINK_BYTES + (bitsUsed >>> 3)]
  }

  /**
   * Appends bits, most significant first; the first of them repeat those of a partly used byte. `header` are the low 16 bits of STATE.
   */
  append(words: Uint32Array, row: number, code: Uint32Array, bitCount: number, header: number, mayReuse: boolean): void {
    const bitsUsed = words[row + STATE] >>> 16
    let cell = words[row + WRITE_CELL]
    let bytes = this.#cells.slabs[cell >>> CELLS_SHIFT].bytes
    let at = (cell & CELLS_MASK) * CELL_BYTES + CELL_LINK_BYTES + (bitsUsed >>> 3)
    let room = CELL_PAYLOAD_BYTES - (bitsUsed >>> 3)
    const byteCount = (bitCount + 7) >>> 3
    for (let i = 0; i < byteCount; i++) {
      if (room === 0) {
        const next = this.#cell(mayReuse)
        this.#cells.setLink(cell, next)
        cell = next
        bytes = this.#cells.slabs[cell >>> CELLS_SHIFT].bytes
        at = (cell & CELLS_MASK) * CELL_BYTES + CELL_LINK_BYTES
        room = CELL_PAYLOAD_BYTES
      }
      bytes[at++] = code[i >>> 2] >>> (24 - ((i & 3) << 3))
      room--
    }
    words[row + WRITE_CELL] = cell
    words[row + OPEN_BYTES] += byteCount - ((bitsUsed & 7) === 0 ? 0 : 1)
    words[row + STATE] = header | (((CELL_PAYLOAD_BYTES - room) * 8 - (byteCount * 8 - bitCount)) << 16)
  }

  /** Puts these bits in the place of the chunk's; the cells that had them are the caller's. */
  replace(words: Uint32Array, row: number, from: Uint8Array, bitCount: number, mayReuse: boolean): void {
    this.begin(words, row, mayReuse)
    let cell = words[row + FIRST_CELL]
    for (let done = 0; ; ) {
      const bytes = this.#cells.slabs[cell >>> CELLS_SHIFT].bytes
      const at = (cell & CELLS_MASK) * CELL_BYTES + CELL_LINK_BYTES
      const part = Math.min(from.length - done, CELL_PAYLOAD_BYTES)
      for (let i = 0; i < part; i++) bytes[at + i] = from[done + i]
      done += part
      if (done === from.length) break
      const next = this.#cell(mayReuse)
      this.#cells.setLink(cell, next)
      cell = next
    }
    const spareBits = from.length * 8 - bitCount
    const bytesInCell = from.length === 0 ? 0 : ((from.length - 1) % CELL_PAYLOAD_BYTES) + 1
    words[row + WRITE_CELL] = cell
    words[row + OPEN_BYTES] = from.length
    words[row + STATE] = (bytesInCell * 8 - spareBits) << 16
  }

  #cell(mayReuse: boolean): number {
    return mayReuse ? this.#cells.reuse() : this.#cells.add()
  }
}
