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
    const start = writer.length
    let text = ''
    if (copied === 0) text = `${front}{`
    else {
      writer.bytes.copyWithin(start, this.#start, this.#start + copied)
      writer.length += copied
    }
    for (let i = same; i < pairs.length; i += 2) {
      if (i > 0) text += ','
      text += `${jsonString(pairs[i])}:${jsonString(pairs[i + 1])}`
      this.#ends[i / 2] = copied + text.length
    }
    text += `}${back}`
    const { bytes } = writer
    writer.text(text)
    // A set that lies in two chunks, or has other characters than those of one byte, is not copied from.
    const isWhole = writer.bytes === bytes && writer.length === start + copied + text.length
    this.#pairs = pairs
    this.#front = front
    this.#bytes = isWhole ? bytes : undefined
    this.#start = start
  }
}
