// Series bytes of the protobuf format: the metric's name, its labels as they stand in the page, which are the same next time if whoever
// wrote them is, and what the sample is of its metric. Between them stand bytes that no name has.

import { ExpositionError } from './exposition-error.ts'
import { formatBucketBound } from './float.ts'
import { SERIES_BYTES_MAX } from './page-parser.ts'
import type { ProtobufFamily } from './protobuf-family.ts'
import type { ProtobufMetric } from './protobuf-metric.ts'
import { type ProtobufReader, WireType } from './protobuf-reader.ts'

const NO_BYTES: Uint8Array = new Uint8Array(0)

/** Behind the name and behind the labels of a series, which may have it too. */
const SEPARATOR = 0xff
/** What a series is of its metric: ends its bytes, before the bound of a bucket or quantile. */
export const Role = { whole: 0, count: 99, sum: 115, bucket: 98, quantile: 113 } as const
/** What separators, role and bound may take. */
const MADE_BYTES_MAX = 32

/**
 * Most bytes of series that a page may tell of beside its own: a metric's labels stand in it once, and in the series of each of its
 * buckets. As much as a page of text may have where nothing limits it.
 */
const SERIES_TOTAL_BYTES_MAX = 256 * 1024 * 1024

/** The key of a metric's label. */
const LABEL_KEY = (1 << 3) | WireType.length

/** The series bytes of the sample at hand: they are made up where it is new, and compared where it is expected. */
export class ProtobufSeriesBytes {
  readonly #family: ProtobufFamily
  readonly #metric: ProtobufMetric
  #page: Buffer = Buffer.alloc(0)
  #pageView = new DataView(this.#page.buffer)
  /** Where the series stood that was expected last. */
  #expected = NO_BYTES
  #expectedView = new DataView(NO_BYTES.buffer)
  #made = NO_BYTES
  /** Of what `make` answered. */
  madeLength = 0
  /** What stands behind the labels and their separator: a role, and the text of the bound, empty for none. */
  #role = 0
  #boundText = ''
  /** Bytes of all series of the page so far. */
  #totalBytes = 0
  #totalBytesMax = 0
  /** Where the role stands in the series of the metric. */
  #roleOffset = 0
  /** Texts of the bounds of the last buckets, by their number: neighbours have the same. */
  readonly #bounds: number[] = []
  readonly #boundTexts: string[] = []

  constructor(family: ProtobufFamily, metric: ProtobufMetric) {
    this.#family = family
    this.#metric = metric
  }

  reset(page: Buffer, length: number): void {
    this.#page = page
    this.#pageView = new DataView(page.buffer, page.byteOffset, page.length)
    this.#totalBytes = 0
    this.#totalBytesMax = length + SERIES_TOTAL_BYTES_MAX
  }

  /** The samples to come are of the metric that was read. Throws where their series take more than they may. */
  begin(): void {
    const { labelsStart, labelsEnd } = this.#metric
    const size = this.#family.nameEnd - this.#family.nameStart + labelsEnd - labelsStart + MADE_BYTES_MAX
    this.#roleOffset = size - MADE_BYTES_MAX + 2
    if (size > SERIES_BYTES_MAX) throw new ExpositionError(`series of ${size} bytes, at most ${SERIES_BYTES_MAX}`)
  }

  /** The next sample has this role; without a bound until `bound` gives it one. Throws where the page tells of more than it may. */
  next(role: number): void {
    this.#role = role
    this.#boundText = ''
    this.#totalBytes += this.#roleOffset
    if (this.#totalBytes > this.#totalBytesMax)
      throw new ExpositionError(
        `series of a page of ${this.#totalBytesMax - SERIES_TOTAL_BYTES_MAX} bytes take more than ${SERIES_TOTAL_BYTES_MAX} bytes`,
      )
  }

  /** Of the bucket or quantile of that number. */
  bound(bound: number, index: number): void {
    if (!Object.is(this.#bounds[index], bound)) {
      this.#bounds[index] = bound
      this.#boundTexts[index] = formatBucketBound(bound)
    }
    this.#boundText = this.#boundTexts[index]
  }

  get boundText(): string {
    return this.#boundText
  }

  /** Good until the next call. */
  make(): Uint8Array {
    const { labelsStart, labelsEnd } = this.#metric
    const size = this.#roleOffset + MADE_BYTES_MAX
    if (this.#made.length < size) this.#made = new Uint8Array(size * 2)
    const series = this.#made
    let p = this.#page.copy(series, 0, this.#family.nameStart, this.#family.nameEnd)
    series[p++] = SEPARATOR
    p += this.#page.copy(series, p, labelsStart, labelsEnd)
    series[p++] = SEPARATOR
    if (this.#role !== Role.whole) series[p++] = this.#role
    const text = this.#boundText
    for (let i = 0; i < text.length; i++) series[p++] = text.charCodeAt(i)
    this.madeLength = p
    return series
  }

  /** Whether the sample's series has these bytes; of those that are known up to the labels only what follows is looked at. Hot: once a sample. */
  isExpected(expected: Uint8Array, from: number, to: number, isKnown: boolean): boolean {
    const roleAt = from + this.#roleOffset
    const text = this.#boundText
    const boundAt = this.#role === Role.whole ? roleAt : roleAt + 1
    if (to - boundAt !== text.length || expected[roleAt - 1] !== SEPARATOR) return false
    if (boundAt > roleAt && expected[roleAt] !== this.#role) return false
    for (let i = 0, p = boundAt; i < text.length; i++, p++) if (expected[p] !== text.charCodeAt(i)) return false
    return isKnown || this.#isNamed(expected, from, this.#metric.labelsStart, this.#metric.labelsEnd)
  }

  /**
   * Where the labels end of the metric from `start` up to `end` of the page, if they and its name are those of the expected series, which
   * is that of its first sample; else -1. Hot: once a metric.
   */
  knownLabelsEnd(reader: ProtobufReader, start: number, end: number, expected: Uint8Array, from: number, to: number): number {
    // The first sample of a metric is the whole of it, or its count.
    const separatorAt = expected[to - 1] === SEPARATOR ? to - 1 : to - 2
    const labelsFrom = from + this.#family.nameEnd - this.#family.nameStart + 1
    const labelsEnd = start + separatorAt - labelsFrom
    if (labelsEnd < start || labelsEnd > end || expected[separatorAt] !== SEPARATOR) return -1
    if (!this.#isNamed(expected, from, start, labelsEnd)) return -1
    // Nothing but labels stands there.
    for (let p = start; p < labelsEnd; p = reader.lengthEnd(end)) {
      if (this.#page[p] !== LABEL_KEY) return -1
      reader.position = p + 1
    }
    this.#roleOffset = separatorAt + 1 - from
    return labelsEnd
  }

  /** Whether the expected series, which is long enough, has the family's name and the labels from `start` up to `end` of the page. */
  #isNamed(expected: Uint8Array, from: number, start: number, end: number): boolean {
    if (expected !== this.#expected) {
      this.#expected = expected
      this.#expectedView = new DataView(expected.buffer, expected.byteOffset, expected.length)
    }
    const { nameStart, nameEnd } = this.#family
    const labelsFrom = from + nameEnd - nameStart + 1
    return (
      expected[labelsFrom - 1] === SEPARATOR &&
      isSame(this.#pageView, start, end, this.#expectedView, labelsFrom) &&
      isSame(this.#pageView, nameStart, nameEnd, this.#expectedView, from)
    )
  }
}

/** Whether a[start..end) stands in b from `from` on. Four bytes at a time, from behind: neighbours share their beginnings. */
function isSame(a: DataView, start: number, end: number, b: DataView, from: number): boolean {
  let p = end
  const offset = from - start
  for (; p - start >= 4; p -= 4) if (a.getInt32(p - 4) !== b.getInt32(p - 4 + offset)) return false
  for (; p > start; p--) if (a.getUint8(p - 1) !== b.getUint8(p - 1 + offset)) return false
  return true
}
