import type { File, FileSystem } from '../../base/env.ts'
import type { Chunk } from '../../chunkenc/codec.ts'
import { FileAppender } from './file-appender.ts'

const READ_BYTES = 256 * 1024

/** What a series of the spill is, while it is at hand. */
export interface SpilledSeries {
  /** Numbers of its label pairs; the first `pairCount`. */
  pairs: Uint32Array
  pairCount: number
  /** The index entry's part about chunks: `bytes[chunksStart..chunksEnd)`. */
  bytes: Buffer
  chunksStart: number
  chunksEnd: number
}

/**
 * Series on their way into an index, in a file of their own: the index begins with the symbols, which are all known only when the last
 * series has come. Record: u32 bytes of the rest, u32 count of pairs, the pairs as u32, then the chunks as in the index.
 */
export class SeriesSpill {
  readonly #fs: FileSystem
  readonly #path: string
  readonly #out: FileAppender
  #sizeBytes = 0

  private constructor(fs: FileSystem, path: string, out: FileAppender) {
    this.#fs = fs
    this.#path = path
    this.#out = out
  }

  static async create(fs: FileSystem, path: string): Promise<SeriesSpill> {
    return new SeriesSpill(fs, path, await FileAppender.create(fs, path))
  }

  get isFull(): boolean {
    return this.#out.isFull
  }

  flush(): Promise<void> {
    return this.#out.flush()
  }

  /** `chunkBytes`: the first `chunkLength` are the chunks as in the index. */
  add(pairs: Uint32Array, pairCount: number, chunkBytes: Uint8Array, chunkLength: number): void {
    const out = this.#out
    out.u32(4 + 4 * pairCount + chunkLength)
    out.u32(pairCount)
    for (let i = 0; i < pairCount; i++) out.u32(pairs[i])
    out.bytes(chunkBytes, 0, chunkLength)
  }

  /** Nothing is added any more. */
  async end(): Promise<void> {
    try {
      await this.#out.flush()
      this.#sizeBytes = this.#out.position
    } finally {
      await this.#out.close()
    }
  }

  /** Calls back for every series in the order they came; after each call that answers false it waits for `pause`. */
  async each(take: (series: SpilledSeries) => boolean, pause: () => Promise<void>): Promise<void> {
    const file = await this.#fs.open(this.#path, 'read')
    try {
      await this.#each(file, take, pause)
    } finally {
      await file.close()
    }
  }

  async #each(file: File, take: (series: SpilledSeries) => boolean, pause: () => Promise<void>): Promise<void> {
    const series: SpilledSeries = { pairs: new Uint32Array(64), pairCount: 0, bytes: Buffer.alloc(0), chunksStart: 0, chunksEnd: 0 }
    let buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    let [at, end, position] = [0, 0, 0]
    const has = (count: number) => end - at >= count
    const fill = async (count: number) => {
      const target = count > buffer.length ? Buffer.allocUnsafeSlow(2 * count) : buffer
      buffer.copy(target, 0, at, end)
      buffer = target
      end -= at
      at = 0
      while (end < count) {
        const read = await file.read(buffer.subarray(end), position)
        if (read === 0) throw new Error(`read ${this.#path} at offset ${position}: end of file, want ${count - end} bytes more`)
        end += read
        position += read
      }
    }
    while (position - (end - at) < this.#sizeBytes) {
      if (!has(4)) await fill(4)
      const length = buffer.readUInt32BE(at)
      if (!has(4 + length)) await fill(4 + length)
      const pairCount = buffer.readUInt32BE(at + 4)
      if (pairCount > series.pairs.length) series.pairs = new Uint32Array(2 * pairCount)
      for (let i = 0; i < pairCount; i++) series.pairs[i] = buffer.readUInt32BE(at + 8 + 4 * i)
      series.pairCount = pairCount
      series.bytes = buffer
      series.chunksStart = at + 8 + 4 * pairCount
      series.chunksEnd = at + 4 + length
      at += 4 + length
      if (!take(series)) await pause()
    }
  }
}

/** Collects the index entry's part about the chunks of one series. */
export class ChunkList {
  bytes = Buffer.allocUnsafeSlow(1024)
  length = 0
  #count = 0
  #lastMaxTime = 0
  #lastRef = 0

  begin(count: number): void {
    this.length = 0
    this.#count = 0
    this.#varuint(count)
  }

  add({ minTime, maxTime }: Chunk, ref: number): void {
    if (this.#count === 0) this.#varint(minTime)
    else this.#varuint(minTime - this.#lastMaxTime)
    this.#varuint(maxTime - minTime)
    if (this.#count === 0) this.#varuint(ref)
    else this.#varint(ref - this.#lastRef)
    this.#count++
    this.#lastMaxTime = maxTime
    this.#lastRef = ref
  }

  #varint(value: number): void {
    this.#varuint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  #varuint(value: number): void {
    if (this.length + 10 > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * this.bytes.length)
      this.bytes.copy(larger)
      this.bytes = larger
    }
    let left = value
    while (left >= 0x80) {
      this.bytes[this.length++] = (left % 0x80) | 0x80
      left = Math.floor(left / 0x80)
    }
    this.bytes[this.length++] = left
  }
}
