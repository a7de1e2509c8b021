import { errorMessage } from '../../base/errors.ts'
import type { Exemplar } from '../../model/exemplar.ts'
import type { CounterResetHint, Histogram } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher, type MatchOperator } from '../../model/matcher.ts'
import type { Metadata } from '../../model/metadata.ts'
import { METRIC_TYPES } from '../../model/metadata.ts'
import type { Timestamp } from '../../model/time.ts'
import type { Deletion } from '../deletion.ts'
import { ByteReader } from './byte-writer.ts'
import {
  FLOAT_COUNTS,
  HINT_SHIFT,
  MATCH_OPERATORS,
  SAME_START_TIME,
  SERIES_FOLLOWS,
  STALE,
  START_TIME_FOLLOWS,
  TIME_FOLLOWS,
  TIME_WAS_GIVEN,
} from './encode.ts'
import { type Layout, readHistogram } from './histogram-body.ts'
import { readString } from './text-dictionary.ts'
import { readValue } from './values.ts'

const reader = new ByteReader()

/** Shows each series of a series record: its number in the segment, its labels and the time it was first used for. */
export function decodeSeriesRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  onSeries: (number: number, labels: Labels, time: Timestamp) => void,
): void {
  reader.open(bytes, start, end)
  const first = reader.varint()
  const count = reader.varint()
  const strings: string[] = []
  let time = 0
  for (let i = 0; i < count; i++) {
    time += reader.zigzag()
    const flat: string[] = []
    const stringCount = 2 * reader.varint()
    for (let s = 0; s < stringCount; s++) flat.push(readString(reader, strings))
    onSeries(first + i, Labels.fromSortedPairs(flat), time)
  }
}

/** Shows each sample of a samples record. Hot in replay. */
export function decodeSamplesRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  onSample: (series: number, t: Timestamp, v: number) => void,
): void {
  reader.open(bytes, start, end)
  let time = reader.zigzag()
  const count = reader.varint()
  let series = -1
  for (let i = 0; i < count; i++) {
    const control = reader.byte()
    series += 1
    if ((control & SERIES_FOLLOWS) !== 0) series += reader.zigzag()
    if ((control & TIME_FOLLOWS) !== 0) time += reader.zigzag()
    onSample(series, time, readValue(reader, control & 0x0f))
  }
}

/** What all but the plain samples begin with; `next` reads it. */
class SampleHead {
  control = 0
  series = -1
  time = 0
  startTime = 0
  #startTime = 0

  open(): void {
    this.time = reader.zigzag()
    this.series = -1
    this.#startTime = this.time
  }

  next(hasStartTimes: boolean): void {
    const control = reader.byte()
    this.control = control
    this.series += 1
    if ((control & SERIES_FOLLOWS) !== 0) this.series += reader.zigzag()
    if ((control & TIME_FOLLOWS) !== 0) this.time += reader.zigzag()
    if (!hasStartTimes) return
    if ((control & START_TIME_FOLLOWS) !== 0) this.#startTime += reader.zigzag()
    this.startTime = (control & (START_TIME_FOLLOWS | SAME_START_TIME)) === 0 ? 0 : this.#startTime
  }
}

const head = new SampleHead()

/** Shows each sample of a record of samples with start times. */
export function decodeSamplesFromRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  onSample: (series: number, t: Timestamp, v: number, startTime: Timestamp) => void,
): void {
  reader.open(bytes, start, end)
  head.open()
  const count = reader.varint()
  for (let i = 0; i < count; i++) {
    head.next(true)
    onSample(head.series, head.time, readValue(reader, head.control & 0x0f), head.startTime)
  }
}

/** Shows each histogram of a record; undefined for a stale one. */
export function decodeHistogramsRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  onHistogram: (series: number, t: Timestamp, isFloat: boolean, histogram: Histogram | undefined, startTime: Timestamp) => void,
): void {
  reader.open(bytes, start, end)
  head.open()
  const count = reader.varint()
  const layouts: Layout[] = []
  for (let i = 0; i < count; i++) {
    head.next(true)
    const isFloat = (head.control & FLOAT_COUNTS) !== 0
    const hint = ((head.control >>> HINT_SHIFT) & 3) as CounterResetHint
    const histogram = (head.control & STALE) === 0 ? readHistogram(reader, isFloat, hint, layouts) : undefined
    onHistogram(head.series, head.time, isFloat, histogram, head.startTime)
  }
}

export function decodeExemplarsRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  onExemplar: (series: number, exemplar: Exemplar) => void,
): void {
  reader.open(bytes, start, end)
  head.open()
  const count = reader.varint()
  const strings: string[] = []
  for (let i = 0; i < count; i++) {
    head.next(false)
    const value = readValue(reader, head.control & 0x0f)
    const flat: string[] = []
    const stringCount = 2 * reader.varint()
    for (let s = 0; s < stringCount; s++) flat.push(readString(reader, strings))
    const hasTimestamp = (head.control & TIME_WAS_GIVEN) !== 0
    onExemplar(head.series, { labels: Labels.fromSortedPairs(flat), value, timestamp: head.time, hasTimestamp })
  }
}

export function decodeMetadataRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  onMetadata: (series: number, metadata: Metadata) => void,
): void {
  reader.open(bytes, start, end)
  const count = reader.varint()
  const strings: string[] = []
  const entries: Metadata[] = []
  let series = -1
  for (let i = 0; i < count; i++) {
    series += 1 + reader.zigzag()
    const number = reader.varint()
    if (number > entries.length) throw new RangeError(`metadata ${number} of ${entries.length}`)
    if (number === 0) {
      const type = METRIC_TYPES.at(reader.byte())
      if (type === undefined) throw new RangeError('the type of a metric is not known')
      entries.push({ type, unit: readString(reader, strings), help: readString(reader, strings) })
    }
    onMetadata(series, entries[number === 0 ? entries.length - 1 : number - 1])
  }
}

export function decodeDeletionsRecord(bytes: Uint8Array, start: number, end: number): readonly Deletion[] {
  const reader = new ByteReader()
  reader.open(bytes, start, end)
  const deletions: Deletion[] = []
  const strings: string[] = []
  const count = reader.varint()
  for (let i = 0; i < count; i++) {
    const minTime = reader.zigzag()
    const maxTime = reader.zigzag()
    const matchers: Matcher[] = []
    const matcherCount = reader.varint()
    for (let m = 0; m < matcherCount; m++) {
      const operator = MATCH_OPERATORS.at(reader.byte())
      if (operator === undefined) throw new RangeError('the operator of a matcher is not known')
      matchers.push(readMatcher(operator, readString(reader, strings), readString(reader, strings)))
    }
    deletions.push({ minTime, maxTime, matchers })
  }
  return deletions
}

function readMatcher(operator: MatchOperator, name: string, value: string): Matcher {
  try {
    return new Matcher(operator, name, value)
  } catch (error) {
    throw new RangeError(errorMessage(error))
  }
}
