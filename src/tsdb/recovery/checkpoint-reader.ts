import type { Breather } from '../../base/breather.ts'
import { crc32c } from '../../base/crc32c.ts'
import type { File } from '../../base/env.ts'
import { newSlabs, SLAB_BYTES } from '../window/slab-pool.ts'
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

/** Calls to the file system that are under way at once, and slabs of each of them. */
const READS = 4
const READ_SLABS = 16
/** Slabs of which the memory is had at once: for each piece the engine keeps books. */
const SLABS_AT_ONCE = 64 * READ_SLABS

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
    const slabs: Uint8Array[] = []
    while (slabs.length < count) slabs.push(...newSlabs(Math.min(SLABS_AT_ONCE, count - slabs.length)))
    let next = 0
    const readSome = async () => {
      while (next < count) {
        const from = next
        next = Math.min(count, from + READ_SLABS)
        const bytes = new Uint8Array(slabs[from].buffer, slabs[from].byteOffset, (next - from) * SLAB_BYTES)
        if ((await this.#file.readAll([bytes], HEADER_BYTES + (first + from) * SLAB_BYTES)) < bytes.length)
          throw new RangeError(`slab ${first + from} ends too early`)
        for (let i = from; i < from + bytes.length / SLAB_BYTES; i++)
          checkCrc(`slab ${first + i}`, this.#checksums[first + i], crc32c(slabs[i]))
        if (breather.isDue()) await breather.rest()
      }
    }
    await Promise.all(Array.from({ length: READS }, readSome))
    return slabs
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
