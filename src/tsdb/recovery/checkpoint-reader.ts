import type { Breather } from '../../base/breather.ts'
import { crc32c } from '../../base/crc32c.ts'
import type { File } from '../../base/env.ts'
import { newSlabs, SLAB_BYTES, SLABS_AT_ONCE } from '../window/slab-pool.ts'
import {
  checkCrc,
  checkHeader,
  FOOTER_BYTES,
  HEADER_BYTES,
  type Manifest,
  type Part,
  readFooter,
  type SlabRange,
} from './checkpoint-format.ts'

/** Calls to the file system that are under way at once. */
const READS = 4

/** Reads a checkpoint that was opened, checking every checksum on the way: throws RangeErrors that say which is wrong. */
export class CheckpointReader {
  readonly #file: File
  readonly manifest: Manifest
  readonly #checksums: Uint32Array

  private constructor(file: File, manifest: Manifest, checksums: Uint32Array) {
    this.#file = file
    this.manifest = manifest
    this.#checksums = checksums
  }

  static async open(file: File, number: number): Promise<CheckpointReader> {
    const sizeBytes = await file.size()
    if (sizeBytes < HEADER_BYTES + FOOTER_BYTES) throw new RangeError(`${sizeBytes} bytes are no checkpoint`)
    checkHeader(await readBytes(file, 0, HEADER_BYTES), number)
    const place = readFooter(await readBytes(file, sizeBytes - FOOTER_BYTES, FOOTER_BYTES))
    const manifest = JSON.parse(new TextDecoder().decode(await readPart(file, place, 'manifest'))) as Manifest
    const checksums = wordsOf(await readPart(file, manifest.slabChecksums, 'checksums'))
    return new CheckpointReader(file, manifest, checksums)
  }

  part(part: Part, what: string): Promise<Uint8Array> {
    return readPart(this.#file, part, what)
  }

  async words(part: Part, what: string): Promise<Uint32Array> {
    return wordsOf(await this.part(part, what))
  }

  /** New memory with slabs of the checkpoint. */
  async slabs({ first, count }: SlabRange, breather: Breather): Promise<Uint8Array[]> {
    const buffers: Uint8Array[] = []
    let next = 0
    const readSome = async () => {
      while (next < count) {
        const from = next
        next = Math.min(count, from + SLABS_AT_ONCE)
        const slabs = newSlabs(next - from)
        const got = await this.#file.readAll([new Uint8Array(slabs[0].buffer)], HEADER_BYTES + (first + from) * SLAB_BYTES)
        if (got < slabs.length * SLAB_BYTES) throw new RangeError(`slab ${first + from} ends too early`)
        for (const [i, bytes] of slabs.entries()) {
          checkCrc(`slab ${first + from + i}`, this.#checksums[first + from + i], crc32c(bytes))
          buffers[from + i] = bytes
        }
        if (breather.isDue()) await breather.rest()
      }
    }
    await Promise.all(Array.from({ length: READS }, readSome))
    return buffers
  }
}

async function readPart(file: File, { offset, sizeBytes, crc }: Part, what: string): Promise<Uint8Array> {
  const bytes = await readBytes(file, offset, sizeBytes)
  checkCrc(what, crc, crc32c(bytes))
  return bytes
}

async function readBytes(file: File, offset: number, sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes)
  const got = await file.readAll([bytes], offset)
  if (got < sizeBytes) throw new RangeError(`${got} bytes at ${offset}, want ${sizeBytes}`)
  return bytes
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}
