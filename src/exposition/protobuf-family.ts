// Families of the protobuf exposition format: what each says of its metrics, and where they stand. docs/formats/exposition.md has the layout.

import { isUtf8 } from 'node:buffer'
import { quote } from '../base/go-quote.ts'
import type { MetricType } from '../model/metadata.ts'
import { ExpositionError } from './exposition-error.ts'
import { hasHighBit, isEqual } from './line-bytes.ts'
import { NAME_CLASSES as classes, METRIC_REST, METRIC_START } from './name-bytes.ts'
import { NumberList } from './number-list.ts'
import { type ProtobufReader, WireType } from './protobuf-reader.ts'
import { helpLine, shownName } from './text-writer.ts'

const encoder = new TextEncoder()
const NO_BUFFER = Buffer.alloc(0)

/** Numbers of metrics.proto's MetricType. */
export const Kind = { counter: 0, gauge: 1, summary: 2, untyped: 3, histogram: 4, gaugeHistogram: 5 } as const
/** By those numbers. */
export const TYPES: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram']

/** A family may have so many metrics: two bytes of a page are one. */
const METRICS_MAX = 4_194_304
/** The length before a message takes at most so many bytes. */
const LENGTH_BYTES_MAX = 5
/** Of bytes that an error shows. */
const SHOWN_BYTES_MAX = 1000

const HELP_BEGINS = encoder.encode('# HELP ')
const TYPE_BEGINS = encoder.encode('# TYPE ')
const TYPE_ENDS = TYPES.map((type) => encoder.encode(` ${type}\n`))
const NEWLINE = 10
const SPACE = 32
const BACKSLASH = 92

/** The family at hand of a page. */
export class ProtobufFamily {
  readonly #reader: ProtobufReader
  #buffer: Buffer = NO_BUFFER
  #length = 0
  /** Where the next family's length stands. */
  #end = 0
  /** Where name and help stand in the page. */
  nameStart = 0
  nameEnd = 0
  #helpStart = 0
  #helpEnd = 0
  /** Made when it is asked for. */
  #nameText: string | undefined
  unit = ''
  /** One of Kind. */
  kind = 0
  /** Two positions a metric. */
  readonly metricAt = new NumberList()
  /** How far the page was read. */
  position = 0

  constructor(reader: ProtobufReader) {
    this.#reader = reader
  }

  /** Begins a page, which the reader has already. */
  reset(buffer: Buffer, length: number): void {
    this.#buffer = buffer
    this.#length = length
    this.#end = 0
    this.position = 0
  }

  get type(): MetricType {
    return TYPES[this.kind]
  }

  get helpLine(): string {
    return helpLine(this.name, this.#buffer.toString('utf8', this.#helpStart, this.#helpEnd))
  }

  get unitLine(): string {
    return `# UNIT ${shownName(this.name)} ${this.unit}\n`
  }

  get typeLine(): string {
    return `# TYPE ${shownName(this.name)} ${this.type}\n`
  }

  /** Reads up to the next family that has metrics; false when there is none. */
  next(): boolean {
    while (this.#end < this.#length) {
      this.#read()
      // A family without metrics says nothing, not even what it is.
      if (this.metricAt.length === 0) continue
      this.#check()
      return true
    }
    this.position = this.#length
    return false
  }

  /** Whether the line says what the family says, where nothing in it has to be quoted or escaped. */
  isHelpLine(expected: Uint8Array, from: number, to: number): boolean {
    const buffer = this.#buffer
    const textStart = from + HELP_BEGINS.length + this.nameEnd - this.nameStart + 1
    if (to - textStart - 1 !== this.#helpEnd - this.#helpStart || expected[to - 1] !== NEWLINE || expected[textStart - 1] !== SPACE)
      return false
    if (!this.#hasPlainName(expected, from, HELP_BEGINS)) return false
    for (let i = textStart, p = this.#helpStart; p < this.#helpEnd; i++, p++) {
      const c = buffer[p]
      if (c !== expected[i] || c === BACKSLASH || c === NEWLINE) return false
    }
    return true
  }

  isTypeLine(expected: Uint8Array, from: number, to: number): boolean {
    const ends = TYPE_ENDS[this.kind]
    const endsAt = from + TYPE_BEGINS.length + this.nameEnd - this.nameStart
    return isEqual(ends, 0, ends.length, expected, endsAt, to) && this.#hasPlainName(expected, from, TYPE_BEGINS)
  }

  /** Whether the line begins so and with the family's name, which needs no quotes. */
  #hasPlainName(expected: Uint8Array, from: number, begins: Uint8Array): boolean {
    for (let i = 0; i < begins.length; i++) if (expected[from + i] !== begins[i]) return false
    const buffer = this.#buffer
    for (let i = from + begins.length, p = this.nameStart; p < this.nameEnd; i++, p++) {
      if (buffer[p] !== expected[i] || (classes[buffer[p]] & (p === this.nameStart ? METRIC_START : METRIC_REST)) === 0) return false
    }
    return true
  }

  get name(): string {
    return (this.#nameText ??= this.#buffer.toString('utf8', this.nameStart, this.nameEnd))
  }

  #read(): void {
    const reader = this.#reader
    reader.position = this.#end
    const end = this.#messageEnd()
    this.#end = end
    this.metricAt.clear()
    this.nameStart = this.nameEnd = this.#helpStart = this.#helpEnd = 0
    this.#nameText = undefined
    this.unit = ''
    this.kind = 0
    while (reader.position < end) {
      reader.key('MetricFamily', end)
      switch (reader.field) {
        case 1:
          reader.want(WireType.length, 'Name')
          this.nameEnd = reader.lengthEnd(end)
          this.nameStart = reader.position
          reader.position = this.nameEnd
          break
        case 2:
          reader.want(WireType.length, 'Help')
          this.#helpEnd = reader.lengthEnd(end)
          this.#helpStart = reader.position
          reader.position = this.#helpEnd
          break
        case 3:
          reader.want(WireType.varint, 'Type')
          reader.varint(end)
          this.kind = reader.integer32
          break
        case 4: {
          reader.want(WireType.length, 'Metric')
          const stop = reader.lengthEnd(end)
          if (this.metricAt.length >= METRICS_MAX * 2) throw new ExpositionError(`family with more than ${METRICS_MAX} metrics`)
          this.metricAt.push(reader.position)
          this.metricAt.push(stop)
          reader.position = stop
          break
        }
        case 5:
          reader.want(WireType.length, 'Unit')
          this.unit = this.#textOf(end)
          break
        default:
          reader.skip(end)
      }
    }
    this.position = this.metricAt.length === 0 ? end : this.metricAt.at(0)
    const [helpStart, helpEnd] = [this.#helpStart, this.#helpEnd]
    if (this.metricAt.length > 0 && hasHighBit(this.#buffer, helpStart, helpEnd)) {
      const help = this.#buffer.subarray(helpStart, helpEnd)
      if (!isUtf8(help)) throw new ExpositionError(`invalid help for metric ${quote(this.name)}: ${shownBytes(help)}`)
    }
  }

  /** Reads the length before a family; answers where the family ends. */
  #messageEnd(): number {
    const reader = this.#reader
    const start = reader.position
    const lengthEnd = Math.min(this.#length, start + LENGTH_BYTES_MAX)
    let p = start
    while (p < lengthEnd && this.#buffer[p] >= 128) p++
    if (p >= lengthEnd) throw new ExpositionError('clientpb: invalid varint encountered')
    reader.varint(lengthEnd)
    const end = reader.position + reader.unsigned
    if (end > this.#length) {
      throw new ExpositionError(
        `clientpb: insufficient length of buffer, expected at least ${end - start} bytes, got ${this.#length - start} bytes`,
      )
    }
    return end
  }

  #textOf(end: number): string {
    const reader = this.#reader
    const stop = reader.lengthEnd(end)
    const text = this.#buffer.toString('utf8', reader.position, stop)
    reader.position = stop
    return text
  }

  #check(): void {
    const [start, end] = [this.nameStart, this.nameEnd]
    const isOdd = start === end || hasHighBit(this.#buffer, start, end)
    if (isOdd && (start === end || !isUtf8(this.#buffer.subarray(start, end)))) {
      throw new ExpositionError(`invalid metric name: ${shownBytes(this.#buffer.subarray(start, end))}`)
    }
    if (this.kind < 0 || this.kind >= TYPES.length) {
      throw new ExpositionError(`unknown metric type for metric ${quote(this.name)}: ${this.kind}`)
    }
    const unit = this.unit
    if (unit === '') return
    const name = this.name
    const isTotal = this.kind === Kind.counter && name.endsWith('_total')
    const stem = isTotal ? name.slice(0, -'_total'.length) : name
    if (!stem.endsWith(`_${unit}`)) {
      throw new ExpositionError(`unit ${quote(unit)} not a suffix of ${isTotal ? 'counter' : 'metric'} ${quote(name)}`)
    }
  }
}

/** Bytes that are no text, as an error shows them. */
export function shownBytes(bytes: Buffer): string {
  return bytes.toString('utf8', 0, SHOWN_BYTES_MAX)
}
