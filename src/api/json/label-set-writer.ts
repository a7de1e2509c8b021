import type { ChunkWriter } from '../../base/chunk-writer.ts'
import { jsonString } from './text.ts'

/**
 * Writes label sets as JSON, as `jsonLabels` makes them. Sets that follow each other in order mostly begin with the same labels: what the set before
 * begins with is copied from where it stands.
 */
export class LabelSetWriter {
  readonly #writer: ChunkWriter
  /** Of the set before: where it stands with what is in front of it, and by place where the text of its label ends, counted from there. */
  #pairs: readonly string[] = []
  #front = ''
  #bytes: Uint8Array | undefined
  #start = 0
  readonly #ends: number[] = []

  constructor(writer: ChunkWriter) {
    this.#writer = writer
  }

  /** `front` and `back` stand around it: ASCII. */
  write(front: string, pairs: readonly string[], back: string): void {
    const writer = this.#writer
    const before = this.#pairs
    const most = front === this.#front ? Math.min(before.length, pairs.length) : 0
    let same = 0
    while (same < most && pairs[same] === before[same] && pairs[same + 1] === before[same + 1]) same += 2
    let copied = same === 0 ? 0 : this.#ends[same / 2 - 1]
    writer.room(copied + 1)
    if (writer.bytes !== this.#bytes) {
      same = 0
      copied = 0
    }
    const { bytes, length: start } = writer
    if (copied === 0) {
      writer.ascii(front)
      writer.byte(0x7b)
    } else {
      writer.bytes.copyWithin(start, this.#start, this.#start + copied)
      writer.length += copied
    }
    for (let i = same; i < pairs.length; i += 2) {
      if (i > 0) writer.byte(0x2c)
      writeString(writer, pairs[i])
      writer.byte(0x3a)
      writeString(writer, pairs[i + 1])
      this.#ends[i / 2] = writer.length - start
    }
    writer.byte(0x7d)
    writer.ascii(back)
    this.#pairs = pairs
    this.#front = front
    // A set that lies in two chunks is not copied from.
    this.#bytes = writer.bytes === bytes ? bytes : undefined
    this.#start = start
  }
}

/** What a label set takes, with a comma behind it, where all of it is plain. */
export function labelSetBytes(pairs: readonly string[]): number {
  let bytes = 3
  for (let i = 0; i < pairs.length; i++) bytes += pairs[i].length + 3
  return bytes
}

/** What is shorter is written here: a call of the encoder costs as much as some ten characters. */
const SHORT = 64

/** A string as `jsonString` makes it. Hot: runs once a label. */
function writeString(writer: ChunkWriter, text: string): void {
  if (text.length <= SHORT) {
    writer.room(SHORT + 2)
    const { bytes } = writer
    let at = writer.length
    bytes[at++] = 0x22
    let isPlain = true
    for (let i = 0; i < text.length && isPlain; i++) {
      const code = text.charCodeAt(i)
      isPlain = code >= 0x20 && code < 0x7f && code !== 0x22 && code !== 0x5c
      bytes[at++] = code
    }
    if (isPlain) {
      bytes[at++] = 0x22
      writer.length = at
      return
    }
  }
  writer.text(jsonString(text))
}
