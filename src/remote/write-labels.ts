import { isUtf8 } from 'node:buffer'
import { compareStrings, Labels, METRIC_NAME } from '../model/labels.ts'

/** Bytes that are not what they should be: the request as a whole is no request. */
export class MalformedLabels extends Error {}

const NAME = 0x0a
const VALUE = 0x12

/**
 * The label set behind the label fields of one series, `start` inclusive, `end` exclusive. Returns what is wrong with it
 * when it cannot name a series; throws MalformedLabels. Once per new series.
 * Order does not matter and empty values mean absent, as upstream has it.
 */
export function parseWriteLabels(bytes: Uint8Array, start: number, end: number): Labels | string {
  const reader = new FieldReader(bytes, start, end)
  const pairs: string[] = []
  let sorted = true
  while (reader.position < end) {
    // The decoder has seen that these are label fields and where they end.
    if (reader.varint() !== NAME) throw new MalformedLabels('proto: TimeSeries: a field between labels')
    const labelEnd = reader.lengthEnd()
    let name = ''
    let value = ''
    while (reader.position < labelEnd) {
      const tag = reader.varint()
      if (tag === NAME) name = reader.text(labelEnd)
      else if (tag === VALUE) value = reader.text(labelEnd)
      else throw new MalformedLabels(`proto: Label: field with tag ${tag}`)
    }
    if (name === '') return 'invalid metric name or labels: a label without a name'
    if (pairs.length > 0 && compareStrings(pairs[pairs.length - 2], name) >= 0) sorted = false
    pairs.push(name, value)
  }
  if (reader.replaced) return 'invalid metric name or labels: not UTF-8'
  if (!sorted || pairs.includes('')) return fromUnsorted(pairs)
  return named(Labels.fromSortedPairs(pairs))
}

function fromUnsorted(pairs: readonly string[]): Labels | string {
  const labels = new Map<string, string>()
  for (let i = 0; i < pairs.length; i += 2) {
    if (labels.has(pairs[i])) return `invalid labels for series: duplicated label ${pairs[i]}`
    labels.set(pairs[i], pairs[i + 1])
  }
  return named(Labels.of(labels))
}

function named(labels: Labels): Labels | string {
  return labels.has(METRIC_NAME) ? labels : `invalid metric name or labels: ${METRIC_NAME} is missing in ${labels}`
}

class FieldReader {
  readonly #bytes: Buffer
  readonly #end: number
  position: number
  /** Whether a text was not UTF-8. */
  replaced = false

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#end = end
    this.position = start
  }

  varint(): number {
    let value = 0
    for (let scale = 1; scale <= 0x10000000; scale *= 128) {
      if (this.position >= this.#end) throw new MalformedLabels('unexpected EOF')
      const byte = this.#bytes[this.position++]
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new MalformedLabels('proto: integer overflow')
  }

  /** Reads a length; where what has it ends. */
  lengthEnd(): number {
    const end = this.varint() + this.position
    if (end > this.#end) throw new MalformedLabels('unexpected EOF')
    return end
  }

  text(endMax: number): string {
    const end = this.lengthEnd()
    if (end > endMax) throw new MalformedLabels('unexpected EOF')
    const text = this.#bytes.toString('utf8', this.position, end)
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(this.position, end))) this.replaced = true
    this.position = end
    return text
  }
}
