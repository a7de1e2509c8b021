import { isStaleBits } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import type { Window } from '../window/window.ts'
import { ByteWriter } from './byte-writer.ts'
import { RECORD_HEADER_BYTES, RecordType, sealRecord } from './record.ts'

/** A record ends when its payload has reached this. */
const PAYLOAD_BYTES = 512 * 1024
/** A sample's control byte, series, time and value at their longest. */
const SAMPLE_BYTES_MAX = 32
const DICTIONARY_SIZE = 1 << 14
/** A buffer that a batch of many new series made larger than this is not kept. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024

export const TIME_FOLLOWS = 0x10
export const SERIES_FOLLOWS = 0x20
export const KIND_STALE = 15
/** Kinds above this are integers of `kind - KIND_FLOAT_MAX` bytes. */
export const KIND_FLOAT_MAX = 8

const value = new Float64Array(1)
const valueWords = new Uint32Array(value.buffer)

/**
 * Turns series and samples into the records of one segment, in one growing buffer. What has been encoded is taken with
 * `take` and then belongs to the taker until it calls `reuse`.
 */
export class LogEncoder {
  #writer = new ByteWriter()
  #spare: ByteWriter | undefined
  #segment = 0
  #sequence = 0
  #seriesCount = 0
  /** Bytes of the series records of the segment. */
  seriesBytes = 0

  // The record being written.
  #start = -1
  #type: RecordType = RecordType.samples
  #count = 0
  #previousSeries = -1
  #previousTime = 0

  // Strings of the series record being written, by symbol of `#dictionaryWindow`; one place a symbol, lossy.
  readonly #dictionarySymbols = new Uint32Array(DICTIONARY_SIZE)
  readonly #dictionaryNumbers = new Uint32Array(DICTIONARY_SIZE)
  #dictionaryCount = 0
  #dictionaryWindow = -1

  /** Begins a segment: no series is known. */
  openSegment(segment: number): void {
    this.#segment = segment
    this.#sequence = 0
    this.#seriesCount = 0
    this.seriesBytes = 0
    this.#writer.length = 0
    this.#start = -1
  }

  get length(): number {
    return this.#writer.length
  }

  /** Adds a series, used first for a sample at `t`; its number in the segment. */
  series(window: Window, series: number, t: Timestamp): number {
    if (this.#start < 0 || this.#type !== RecordType.series || this.#dictionaryWindow !== window.ordinal) this.#begin(RecordType.series)
    this.#dictionaryWindow = window.ordinal
    const writer = this.#writer
    const labelCount = window.labelCount(series)
    writer.reserve(24)
    writer.zigzag(t - this.#previousTime)
    this.#previousTime = t
    writer.varint(labelCount)
    for (let i = 0; i < labelCount; i++) {
      const pair = window.labelPair(series, i)
      this.#string(window, window.pairs.name(pair))
      this.#string(window, window.pairs.value(pair))
    }
    this.#count++
    if (writer.length - this.#start >= PAYLOAD_BYTES) this.finish()
    return this.#seriesCount++
  }

  /** Adds a sample of a series of this segment. Hot: about 20 ns. */
  sample(series: number, t: Timestamp, v: number): void {
    if (this.#start < 0 || this.#type !== RecordType.samples) this.#begin(RecordType.samples, t)
    const writer = this.#writer
    writer.reserve(SAMPLE_BYTES_MAX)
    const controlAt = writer.length++
    let control = 0
    if (series !== this.#previousSeries + 1) {
      control |= SERIES_FOLLOWS
      writer.zigzag(series - (this.#previousSeries + 1))
    }
    this.#previousSeries = series
    if (t !== this.#previousTime) {
      control |= TIME_FOLLOWS
      writer.zigzag(t - this.#previousTime)
      this.#previousTime = t
    }
    writer.bytes[controlAt] = control | writeValue(writer, v)
    this.#count++
    if (writer.length - this.#start >= PAYLOAD_BYTES) this.finish()
  }

  /** Ends the record being written. */
  finish(): void {
    if (this.#start < 0) return
    const writer = this.#writer
    this.#sealCount()
    sealRecord(writer.bytes, this.#start, writer.length, this.#type, this.#segment, this.#sequence++)
    if (this.#type === RecordType.series) this.seriesBytes += writer.length - this.#start
    this.#start = -1
  }

  /** What was encoded since the last `take`. */
  take(): ByteWriter {
    this.finish()
    const taken = this.#writer
    this.#writer = this.#spare ?? new ByteWriter()
    this.#spare = undefined
    return taken
  }

  reuse(writer: ByteWriter): void {
    if (writer.bytes.length > KEPT_BYTES_MAX) return
    writer.length = 0
    this.#spare = writer
  }

  #begin(type: RecordType, time: Timestamp = 0): void {
    this.finish()
    const writer = this.#writer
    this.#start = writer.length
    this.#type = type
    this.#count = 0
    this.#previousSeries = -1
    this.#previousTime = time
    writer.reserve(RECORD_HEADER_BYTES + 32)
    writer.length += RECORD_HEADER_BYTES
    if (type === RecordType.series) writer.varint(this.#seriesCount)
    else writer.zigzag(time)
    // The count is known at the end: five bytes for it, as a varint of fixed length.
    this.#countAt = writer.length
    writer.length += COUNT_BYTES
    this.#dictionaryCount = 0
    this.#dictionaryNumbers.fill(0)
  }

  #countAt = 0

  #sealCount(): void {
    let count = this.#count
    for (let i = 0; i < COUNT_BYTES; i++) {
      this.#writer.bytes[this.#countAt + i] = (count & 0x7f) | (i < COUNT_BYTES - 1 ? 0x80 : 0)
      count >>>= 7
    }
  }

  #string(window: Window, symbol: number): void {
    const writer = this.#writer
    const place = symbol & (DICTIONARY_SIZE - 1)
    if (this.#dictionaryNumbers[place] !== 0 && this.#dictionarySymbols[place] === symbol) {
      writer.reserve(8)
      writer.varint(this.#dictionaryNumbers[place])
      return
    }
    const length = window.symbols.byteLength(symbol)
    writer.reserve(16 + length)
    writer.byte(0)
    writer.varint(length)
    window.symbols.copyBytes(symbol, writer.bytes, writer.length)
    writer.length += length
    this.#dictionarySymbols[place] = symbol
    this.#dictionaryNumbers[place] = ++this.#dictionaryCount
  }
}

const COUNT_BYTES = 3

/** Writes a value's bytes and returns its kind. */
function writeValue(writer: ByteWriter, v: number): number {
  if (v >= 0 && v < 0x1000000000000 && v === Math.floor(v)) {
    if (v === 0) {
      if (Object.is(v, 0)) return 0
    } else return writeInteger(writer, v)
  }
  value[0] = v
  let high = valueWords[1]
  let low = valueWords[0]
  // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN, and this runs once a sample.
  if (v !== v && isStaleBits(high, low)) return KIND_STALE
  const bytes = writer.bytes
  let at = writer.length
  let count = 0
  while (high !== 0 || low !== 0) {
    bytes[at++] = high >>> 24
    high = ((high << 8) | (low >>> 24)) >>> 0
    low = (low << 8) >>> 0
    count++
  }
  writer.length = at
  return count
}

function writeInteger(writer: ByteWriter, v: number): number {
  const bytes = writer.bytes
  const start = writer.length
  let at = start
  let rest = v % 0x1000000
  let upper = (v - rest) / 0x1000000
  if (upper === 0) {
    for (; rest !== 0; rest >>>= 8) bytes[at++] = rest
  } else {
    bytes[at++] = rest
    bytes[at++] = rest >>> 8
    bytes[at++] = rest >>> 16
    for (; upper !== 0; upper >>>= 8) bytes[at++] = upper
  }
  writer.length = at
  return KIND_FLOAT_MAX + at - start
}
