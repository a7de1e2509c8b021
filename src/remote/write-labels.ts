import { isUtf8 } from 'node:buffer'
import { Labels, METRIC_NAME } from '../model/labels.ts'

/** Bytes that are not what they should be: the request as a whole is no request. */
export class MalformedLabels extends Error {}

/**
 * The label set behind the label fields of one series, `start` inclusive, `end` exclusive. Returns what is wrong with it
 * when it cannot name a series; throws MalformedLabels. Slow path: once per new series.
 * Order does not matter and empty values mean absent, as upstream has it.
 */
export function parseWriteLabels(bytes: Uint8Array, start: number, end: number): Labels | string {
  const reader = new FieldReader(bytes, start, end)
  const labels = new Map<string, string>()
  while (reader.position < end) {
    // The decoder has seen that these are label fields and where they end.
    reader.expect(0x0a)
    const label = new FieldReader(bytes, ...reader.range())
    let name = ''
    let value = ''
    while (label.position < label.end) {
      const tag = label.varint()
      if (tag === 0x0a) name = label.text()
      else if (tag === 0x12) value = label.text()
      else throw new MalformedLabels(`proto: Label: field with tag ${tag}`)
    }
    if (name === '') return 'invalid metric name or labels: a label without a name'
    if (labels.has(name)) return `invalid labels for series: duplicated label ${name}`
    if (!name.isWellFormed() || name.includes('\ufffd') || value.includes('\ufffd')) {
      if (!isUtf8(bytes.subarray(label.start, label.end))) return 'invalid metric name or labels: not UTF-8'
    }
    labels.set(name, value)
  }
  if ((labels.get(METRIC_NAME) ?? '') === '') return `invalid metric name or labels: ${METRIC_NAME} is missing in ${Labels.of(labels)}`
  return Labels.of(labels)
}

class FieldReader {
  readonly #bytes: Uint8Array
  readonly start: number
  readonly end: number
  position: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.start = start
    this.end = end
    this.position = start
  }

  expect(tag: number): void {
    if (this.varint() !== tag) throw new MalformedLabels('proto: TimeSeries: a field between labels')
  }

  varint(): number {
    let value = 0
    for (let scale = 1; scale <= 0x10000000; scale *= 128) {
      if (this.position >= this.end) throw new MalformedLabels('unexpected EOF')
      const byte = this.#bytes[this.position++]
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new MalformedLabels('proto: integer overflow')
  }

  /** Where the bytes of a length-delimited field lie; steps over them. */
  range(): [start: number, end: number] {
    const length = this.varint()
    const start = this.position
    if (start + length > this.end) throw new MalformedLabels('unexpected EOF')
    this.position = start + length
    return [start, this.position]
  }

  text(): string {
    const [start, end] = this.range()
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start).toString('utf8')
  }
}
