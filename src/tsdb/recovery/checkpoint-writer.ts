import { crc32c } from '../../base/crc32c.ts'
import { type Clock, type File, sleep } from '../../base/env.ts'
import { SLAB_BYTES } from '../window/slab-pool.ts'
import { checkpointFooter, checkpointHeader, HEADER_BYTES, type Manifest, type Part, type SlabRange } from './checkpoint-format.ts'

/** Slabs that are copied in one turn of the event loop, and written at once: about half a millisecond. */
const TURN_SLABS = 16
/** What is not on disk yet is kept small, so that others who sync do not wait for all of it. */
const SYNC_BYTES = 16 * 1024 * 1024

/** Writes one checkpoint from its beginning to its end: first slabs, then the parts, then the manifest. */
export class CheckpointWriter {
  readonly #file: File
  readonly #clock: Clock
  readonly #staging = new Uint8Array(TURN_SLABS * SLAB_BYTES)
  #slabCount = 0
  #checksums = new Uint32Array(1024)
  #offset = HEADER_BYTES
  #unsyncedBytes = 0
  /** Bytes a second at most. */
  #rate = Number.POSITIVE_INFINITY
  #paceStart = 0
  #paceBytes = 0

  constructor(file: File, clock: Clock) {
    this.#file = file
    this.#clock = clock
  }

  static async begin(file: File, number: number, clock: Clock): Promise<CheckpointWriter> {
    await file.write([checkpointHeader(number)], 0)
    return new CheckpointWriter(file, clock)
  }

  get sizeBytes(): number {
    return this.#offset
  }

  /** From now on slabs are written at this rate. */
  pace(bytesPerSecond: number): void {
    this.#rate = bytesPerSecond
    this.#paceStart = this.#clock.monotonic()
    this.#paceBytes = 0
  }

  /** Writes slabs, some at a time; each is as it was in one moment. */
  async slabs(buffers: readonly Uint8Array[]): Promise<SlabRange> {
    const first = this.#slabCount
    for (let from = 0; from < buffers.length; from += TURN_SLABS) {
      const count = Math.min(TURN_SLABS, buffers.length - from)
      this.#reserve(count)
      for (let i = 0; i < count; i++) {
        const at = i * SLAB_BYTES
        this.#staging.set(buffers[from + i], at)
        this.#checksums[this.#slabCount++] = crc32c(this.#staging, at, at + SLAB_BYTES)
      }
      await this.#write(this.#staging.subarray(0, count * SLAB_BYTES))
    }
    return { first, count: buffers.length }
  }

  /** Writes the rest, and syncs the file. */
  async part(bytes: Uint8Array): Promise<Part> {
    const part = { offset: this.#offset, sizeBytes: bytes.length, crc: crc32c(bytes) }
    await this.#write(bytes)
    return part
  }

  slabChecksums(): Promise<Part> {
    return this.part(bytesOf(this.#checksums.subarray(0, this.#slabCount)))
  }

  async finish(manifest: Manifest): Promise<void> {
    const part = await this.part(new TextEncoder().encode(JSON.stringify(manifest)))
    await this.#write(checkpointFooter(part))
    await this.#file.sync()
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#file.write([bytes], this.#offset)
    this.#offset += bytes.length
    this.#unsyncedBytes += bytes.length
    if (this.#unsyncedBytes >= SYNC_BYTES && this.#rate < Number.POSITIVE_INFINITY) {
      await this.#file.sync()
      this.#unsyncedBytes = 0
    }
    this.#paceBytes += bytes.length
    const early = (this.#paceBytes / this.#rate) * 1000 - (this.#clock.monotonic() - this.#paceStart)
    if (early > 0) await sleep(this.#clock, early)
  }

  #reserve(count: number): void {
    if (this.#slabCount + count <= this.#checksums.length) return
    const larger = new Uint32Array(2 * (this.#slabCount + count))
    larger.set(this.#checksums)
    this.#checksums = larger
  }
}

export function bytesOf(words: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}
