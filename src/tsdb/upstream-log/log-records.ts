import { compareStrings, Labels } from '../../model/labels.ts'
import { METRIC_TYPES, type Metadata } from '../../model/metadata.ts'
import type { Timestamp } from '../../model/time.ts'
import { RecordCursor } from './record-cursor.ts'
import { type RecordHistogram, readHistogram } from './record-histogram.ts'

/** Source: Prometheus tsdb/record/record.go. */
const TYPE = {
  series: 1,
  samples: 2,
  tombstones: 3,
  exemplars: 4,
  metadata: 6,
  histograms: 7,
  floatHistograms: 8,
  customHistograms: 9,
  customFloatHistograms: 10,
  samplesV2: 11,
  histogramsV2: 12,
  floatHistogramsV2: 13,
} as const

const SAME_START_TIME = 1
const NO_START_TIME = 0

const cursor = new RecordCursor()

/** What a log says of its series. */
export interface SeriesVisitor {
  series(ref: number, labels: Labels): void
  /** Both times inclusive; infinite where all time is meant. */
  tombstone(ref: number, minTime: Timestamp, maxTime: Timestamp): void
}

/** What a log has of samples. Times are integers, or infinite in records that nobody means. */
export interface SampleVisitor {
  sample(ref: number, t: Timestamp, v: number): void
  histogram(ref: number, t: Timestamp, isFloat: boolean, histogram: RecordHistogram): void
}

/** What a log has of exemplars and metadata. Times are integers, or infinite in records that nobody means. */
export interface AttachmentVisitor {
  exemplar(ref: number, t: Timestamp, v: number, labels: Labels): void
  metadata(ref: number, metadata: Metadata): void
}

/** Shows series and tombstones of a record; nothing for records of other types. Throws `RangeError` on bytes that are not what they say. */
export function decodeSeriesRecord(bytes: Uint8Array, start: number, end: number, visitor: SeriesVisitor): void {
  const type = bytes[start]
  if (type !== TYPE.series && type !== TYPE.tombstones) return
  cursor.open(bytes, start + 1, end)
  while (cursor.left > 0) {
    const ref = cursor.u64()
    if (type === TYPE.series) visitor.series(ref, readLabels(cursor))
    else {
      const minTime = cursor.varTime()
      visitor.tombstone(ref, minTime, cursor.varTime())
    }
  }
}

/** Shows the samples of a record, in order; nothing for records of other types. Throws `RangeError`, what was shown before it is good. */
export function decodeSampleRecord(bytes: Uint8Array, start: number, end: number, visitor: SampleVisitor): void {
  cursor.open(bytes, start + 1, end)
  if (cursor.left === 0) return
  switch (bytes[start]) {
    case TYPE.samples:
      decodeSamples(visitor)
      break
    case TYPE.histograms:
    case TYPE.customHistograms:
      decodeHistograms(visitor, false)
      break
    case TYPE.floatHistograms:
    case TYPE.customFloatHistograms:
      decodeHistograms(visitor, true)
      break
    case TYPE.samplesV2:
      decodeVersion2(visitor, undefined)
      break
    case TYPE.histogramsV2:
      decodeVersion2(visitor, false)
      break
    case TYPE.floatHistogramsV2:
      decodeVersion2(visitor, true)
  }
}

/** Shows exemplars and metadata of a record; nothing for records of other types. Throws `RangeError`, what was shown before it is good. */
export function decodeAttachmentRecord(bytes: Uint8Array, start: number, end: number, visitor: AttachmentVisitor): void {
  const type = bytes[start]
  if (type !== TYPE.exemplars && type !== TYPE.metadata) return
  cursor.open(bytes, start + 1, end)
  if (cursor.left === 0) return
  if (type === TYPE.metadata) {
    while (cursor.left > 0) {
      const ref = cursor.varuint()
      visitor.metadata(ref, readMetadata())
    }
    return
  }
  const firstRef = cursor.u64()
  const firstTime = cursor.time()
  while (cursor.left > 0) {
    const ref = firstRef + cursor.varint()
    const t = firstTime + cursor.varTime()
    const v = cursor.float()
    visitor.exemplar(ref, t, v, readLabels(cursor))
  }
}

function readMetadata(): Metadata {
  const type = METRIC_TYPES[cursor.u8()] ?? 'unknown'
  const said = { UNIT: '', HELP: '' }
  for (let left = cursor.count(2); left > 0; left--) {
    const name = cursor.text()
    const value = cursor.text()
    if (name === 'UNIT' || name === 'HELP') said[name] = value
  }
  return { type, unit: said.UNIT, help: said.HELP }
}

/** Hot: once a sample. */
function decodeSamples(visitor: SampleVisitor): void {
  const firstRef = cursor.u64()
  const firstTime = cursor.time()
  while (cursor.left > 0) {
    const ref = firstRef + cursor.varint()
    const t = firstTime + cursor.varTime()
    visitor.sample(ref, t, cursor.float())
  }
}

function decodeHistograms(visitor: SampleVisitor, isFloat: boolean): void {
  const firstRef = cursor.u64()
  const firstTime = cursor.time()
  while (cursor.left > 0) {
    const ref = firstRef + cursor.varint()
    const t = firstTime + cursor.varTime()
    visitor.histogram(ref, t, isFloat, readHistogram(cursor, isFloat))
  }
}

/** Records with start times, which are not kept. Undefined: floats. */
function decodeVersion2(visitor: SampleVisitor, isFloat: boolean | undefined): void {
  let ref = 0
  let firstTime = 0
  for (let isFirst = true; cursor.left > 0; isFirst = false) {
    ref += cursor.varint()
    const t = firstTime + cursor.varTime()
    if (isFirst) {
      firstTime = t
      cursor.varTime()
    } else {
      const marker = cursor.u8()
      if (marker !== NO_START_TIME && marker !== SAME_START_TIME) cursor.varTime()
    }
    if (isFloat === undefined) visitor.sample(ref, t, cursor.float())
    else visitor.histogram(ref, t, isFloat, readHistogram(cursor, isFloat))
  }
}

/** Labels as they stand in a record: in order as a rule. */
export function readLabels(from: RecordCursor): Labels {
  const pairs: string[] = []
  let isInOrder = true
  for (let left = from.count(2); left > 0; left--) {
    const name = from.text()
    const value = from.text()
    if (value === '' || (pairs.length > 0 && compareStrings(pairs[pairs.length - 2], name) >= 0)) isInOrder = false
    pairs.push(name, value)
  }
  if (isInOrder) return Labels.fromSortedPairs(pairs)
  const byName = new Map<string, string>()
  for (let i = 0; i < pairs.length; i += 2) byName.set(pairs[i], pairs[i + 1])
  return Labels.of(byName)
}
