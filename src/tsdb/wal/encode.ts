import type { Exemplar } from '../../model/exemplar.ts'
import type { Histogram } from '../../model/histogram.ts'
import type { MatchOperator } from '../../model/matcher.ts'
import { METRIC_TYPES, type Metadata } from '../../model/metadata.ts'
import type { Timestamp } from '../../model/time.ts'
import type { Deletion } from '../deletion.ts'
import { metadataKey } from '../series-metadata.ts'
import type { Window } from '../window/window.ts'
import { ByteWriter } from './byte-writer.ts'
import { LayoutDictionary, writeHistogram } from './histogram-body.ts'
import { RECORD_HEADER_BYTES, RecordType, sealRecord } from './record.ts'
import { TextDictionary } from './text-dictionary.ts'
import { writeValue } from './values.ts'

/** A record ends when its payload has reached this. */
const PAYLOAD_BYTES = 512 * 1024
/** A sample's control byte, series, time, start time and value at their longest. */
const SAMPLE_BYTES_MAX = 40
const DICTIONARY_SIZE = 1 << 14
/** A buffer that a batch of many new series made larger than this is not kept. */
const KEPT_BYTES_MAX = 512 * 1024

export const TIME_FOLLOWS = 0x10
export const SERIES_FOLLOWS = 0x20
export const SAME_START_TIME = 0x40
export const START_TIME_FOLLOWS = 0x80
/** Of a histogram. The counter reset hint lies between them and the bits above, from bit `HINT_SHIFT` on. */
export const FLOAT_COUNTS = 0x01
export const STALE = 0x02
export const HINT_SHIFT = 2
/** By the number in a record of deletions. */
export const MATCH_OPERATORS: readonly MatchOperator[] = ['=', '!=', '=~', '!~']
/** Of an exemplar. */
export const TIME_WAS_GIVEN = 0x40

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
  #previousStartTime = 0
  readonly #layouts = new LayoutDictionary()
  readonly #texts = new TextDictionary()
  /** Metadata of the record, by what it says. */
  readonly #entries = new Map<string, number>()

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

  /** Records of the segment that were ended, and series that it has. */
  get recordCount(): number {
    return this.#sequence
  }

  get seriesCount(): number {
    return this.#seriesCount
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

  /** The same with the time when the counting behind the sample began, 0: not known. */
  sampleFrom(series: number, t: Timestamp, v: number, startTime: Timestamp): void {
    if (this.#start < 0 || this.#type !== RecordType.samplesFrom) this.#begin(RecordType.samplesFrom, t)
    const controlAt = this.#head(series, t, startTime, 0)
    const writer = this.#writer
    const kind = writeValue(writer, v)
    writer.bytes[controlAt] |= kind
    this.#tail()
  }

  /** Adds a histogram; undefined: a stale one. */
  histogram(series: number, t: Timestamp, isFloat: boolean, histogram: Histogram | undefined, startTime: Timestamp): void {
    if (this.#start < 0 || this.#type !== RecordType.histograms) this.#begin(RecordType.histograms, t)
    const control = (isFloat ? FLOAT_COUNTS : 0) | (histogram === undefined ? STALE : histogram.counterResetHint << HINT_SHIFT)
    this.#head(series, t, startTime, control)
    if (histogram !== undefined) writeHistogram(this.#writer, histogram, this.#layouts)
    this.#tail()
  }

  exemplar(series: number, { labels, value, timestamp, hasTimestamp }: Exemplar): void {
    if (this.#start < 0 || this.#type !== RecordType.exemplars) this.#begin(RecordType.exemplars, timestamp)
    const controlAt = this.#head(series, timestamp, 0, hasTimestamp ? TIME_WAS_GIVEN : 0)
    const writer = this.#writer
    const kind = writeValue(writer, value)
    writer.bytes[controlAt] |= kind
    writer.varint(labels.size)
    for (let i = 0; i < labels.pairs.length; i++) this.#texts.write(writer, labels.pairs[i], i % 2 === 0)
    this.#tail()
  }

  /** What is said about a series of this segment. */
  metadata(series: number, metadata: Metadata): void {
    const { type, unit, help } = metadata
    if (this.#start < 0 || this.#type !== RecordType.metadata) this.#begin(RecordType.metadata)
    const writer = this.#writer
    writer.reserve(SAMPLE_BYTES_MAX)
    writer.zigzag(series - (this.#previousSeries + 1))
    this.#previousSeries = series
    const key = metadataKey(metadata)
    const known = this.#entries.get(key)
    writer.varint(known ?? 0)
    if (known === undefined) {
      this.#entries.set(key, this.#entries.size + 1)
      writer.byte(METRIC_TYPES.indexOf(type))
      this.#texts.write(writer, unit, true)
      this.#texts.write(writer, help, false)
    }
    this.#tail()
  }

  /** What was deleted, of all segments so far. */
  deletion({ minTime, maxTime, matchers }: Deletion): void {
    if (this.#start < 0 || this.#type !== RecordType.deletions) this.#begin(RecordType.deletions)
    const writer = this.#writer
    writer.reserve(SAMPLE_BYTES_MAX)
    writer.zigzag(minTime)
    writer.zigzag(maxTime)
    writer.varint(matchers.length)
    for (const { operator, name, value } of matchers) {
      writer.reserve(1)
      writer.byte(MATCH_OPERATORS.indexOf(operator))
      this.#texts.write(writer, name, true)
      this.#texts.write(writer, value, false)
    }
    this.#tail()
  }

  /** Writes what all but the plain samples begin with; where its control byte lies. */
  #head(series: number, t: Timestamp, startTime: Timestamp, control: number): number {
    const writer = this.#writer
    writer.reserve(SAMPLE_BYTES_MAX)
    const controlAt = writer.length++
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
    if (startTime !== 0) {
      if (startTime === this.#previousStartTime) control |= SAME_START_TIME
      else {
        control |= START_TIME_FOLLOWS
        writer.zigzag(startTime - this.#previousStartTime)
        this.#previousStartTime = startTime
      }
    }
    writer.bytes[controlAt] = control
    return controlAt
  }

  #tail(): void {
    this.#count++
    if (this.#writer.length - this.#start >= PAYLOAD_BYTES) this.finish()
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
    this.#previousStartTime = time
    writer.reserve(RECORD_HEADER_BYTES + 32)
    writer.length += RECORD_HEADER_BYTES
    if (type === RecordType.series) writer.varint(this.#seriesCount)
    else if (type !== RecordType.metadata && type !== RecordType.deletions) writer.zigzag(time)
    // The count is known at the end: five bytes for it, as a varint of fixed length.
    this.#countAt = writer.length
    writer.length += COUNT_BYTES
    if (type === RecordType.series) {
      this.#dictionaryCount = 0
      this.#dictionaryNumbers.fill(0)
    } else if (type === RecordType.histograms) this.#layouts.clear()
    else if (type === RecordType.exemplars || type === RecordType.deletions) this.#texts.clear()
    else if (type === RecordType.metadata) {
      this.#texts.clear()
      this.#entries.clear()
    }
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
