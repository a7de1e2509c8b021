import { Labels } from '../../model/labels.ts'
import { ByteReader, ByteWriter } from '../wal/byte-writer.ts'
import type { SlabPool } from '../window/slab-pool.ts'
import { WordBlocks } from '../window/word-blocks.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const writer = new ByteWriter(4096)
const reader = new ByteReader()

/** Label sets in blocks of memory: the number of strings, then each with its length in bytes. */
export class LabelBlocks {
  readonly #blocks: WordBlocks

  constructor(pool: SlabPool) {
    this.#blocks = new WordBlocks(pool)
  }

  release(): void {
    this.#blocks.release()
  }

  take(labels: Labels): number {
    writer.length = 0
    writer.varint(labels.pairs.length)
    for (const text of labels.pairs) {
      writer.reserve(3 * text.length + 16)
      const bytes = encoder.encode(text)
      writer.varint(bytes.length)
      writer.bytes.set(bytes, writer.length)
      writer.length += bytes.length
    }
    const words = new Uint32Array(writer.bytes.buffer, 0, (writer.length + 3) >>> 2)
    const block = this.#blocks.take(words.length)
    this.#blocks.write(block, words)
    return block
  }

  giveBack(block: number): void {
    this.#blocks.giveBack(block)
  }

  labels(block: number): Labels {
    const words = new Uint32Array(this.#blocks.length(block))
    this.#blocks.read(block, words)
    reader.open(new Uint8Array(words.buffer), 0, 4 * words.length)
    const pairs: string[] = []
    for (let left = reader.varint(); left > 0; left--) {
      const length = reader.varint()
      pairs.push(decoder.decode(reader.bytes.subarray(reader.at, reader.at + length)))
      reader.at += length
    }
    return Labels.fromSortedPairs(pairs)
  }
}
