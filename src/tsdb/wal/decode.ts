import { Labels } from '../../model/labels.ts'
import { STALE_HIGH, STALE_LOW } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import { ByteReader } from './byte-writer.ts'
import { KIND_FLOAT_MAX, KIND_STALE, SERIES_FOLLOWS, TIME_FOLLOWS } from './encode.ts'

const reader = new ByteReader()
const decoder = new TextDecoder()
const value = new Float64Array(1)
const valueWords = new Uint32Array(value.buffer)

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
    for (let s = 0; s < stringCount; s++) flat.push(readString(strings))
    onSeries(first + i, Labels.fromSortedPairs(flat), time)
  }
}

function readString(strings: string[]): string {
  const number = reader.varint()
  if (number > 0) {
    if (number > strings.length) throw new RangeError(`string ${number} of ${strings.length}`)
    return strings[number - 1]
  }
  const length = reader.varint()
  if (reader.at + length > reader.end) throw new RangeError('a string ends after its record')
  const text = decoder.decode(reader.bytes.subarray(reader.at, reader.at + length))
  reader.at += length
  strings.push(text)
  return text
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
    onSample(series, time, readValue(control & 0x0f))
  }
}

function readValue(kind: number): number {
  if (kind > KIND_FLOAT_MAX && kind !== KIND_STALE) {
    let v = 0
    let scale = 1
    for (let i = kind - KIND_FLOAT_MAX; i > 0; i--) {
      v += reader.byte() * scale
      scale *= 0x100
    }
    return v
  }
  let high = 0
  let low = 0
  if (kind === KIND_STALE) {
    high = STALE_HIGH
    low = STALE_LOW
  } else {
    for (let i = 0; i < kind; i++) {
      const byte = reader.byte()
      if (i < 4) high |= byte << (24 - 8 * i)
      else low |= byte << (56 - 8 * i)
    }
  }
  valueWords[0] = low
  valueWords[1] = high
  return value[0]
}
