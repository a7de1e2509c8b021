// Makes native histograms with custom buckets (NHCB) of the classic histograms that another parser reads.
//
// 1. The series of a classic histogram are those that follow each other in a family of that type, with equal labels but for `le`.
//    When something else comes, the native histogram is told of first.
// 2. The classic series are told of as well only where they are kept. A histogram whose series contradict each other is lost then, as
//    upstream loses it: what is wrong is known only when the series have passed.
// 3. What the target gives as a native histogram stays that; its classic series, where they are told of, are not converted.
//    (Upstream then converts nothing more on the whole page; and it gives a histogram the time of the sample behind it.)
// 4. The series bytes of a converted histogram are its layout: the lines that it was made of. Where they come again they are only
//    compared, and their values taken, as those of plain series are.
// Source: Prometheus model/textparse/nhcbparse.go.

import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import { type Labels, METRIC_NAME } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import { ClassicHistogram } from './classic-histogram.ts'
import { familyName, keyOf, nameWithoutSuffix, roleOf } from './classic-series.ts'
import { parseFloatText } from './float.ts'
import { LAYOUT_MARKER, LayoutReader, LayoutWriter, LineRole } from './histogram-layout.ts'
import { isEqual } from './line-bytes.ts'
import { Entry, type PageParser } from './page-parser.ts'

const NO_BYTES = new Uint8Array(0)

export interface NhcbOptions {
  readonly keepClassic: boolean
  /** Ask for start times, which may mean to read ahead. */
  readonly startTimes: boolean
}

interface Converted {
  /** Its layout: `bytes[start..end)`. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly histogram: Histogram
  readonly exemplars: readonly Exemplar[]
  readonly timestamp: Timestamp | undefined
  readonly startTime: Timestamp
}

export class NhcbParser implements PageParser {
  readonly #inner: PageParser
  readonly #options: NhcbOptions
  /** As the last TYPE line has it. */
  #familyName = ''
  #familyBytes: Uint8Array = NO_BYTES
  readonly #classic = new ClassicHistogram()
  /** Of the histogram that is being collected. */
  #baseKey: string | undefined
  readonly #layout = new LayoutWriter()
  #exemplars: Exemplar[] = []
  #timestamp: Timestamp | undefined
  #startTime: Timestamp = 0
  /** Series bytes of the last native histogram of the page: those of its classic series begin with them. */
  #native: Uint8Array = NO_BYTES
  /** The last entry is this one, and not the inner parser's. */
  #converted: Converted | undefined
  /** The inner parser's entry that is next, when a converted histogram came first. */
  #held: Entry | undefined
  /** An entry was looked at and not taken. */
  #pending: Entry | undefined
  readonly #numbers = new Float64Array(2)
  readonly #reader = new LayoutReader()
  readonly #nextReader = new LayoutReader()

  constructor(inner: PageParser, options: NhcbOptions) {
    this.#inner = inner
    this.#options = options
  }

  reset(bytes: Uint8Array, length: number): void {
    this.#inner.reset(bytes, length)
    this.#familyName = ''
    this.#familyBytes = NO_BYTES
    this.#forget()
    this.#native = NO_BYTES
    this.#converted = undefined
    this.#held = undefined
    this.#pending = undefined
  }

  takeExpected(expected: Uint8Array, from: number, to: number): boolean {
    const inner = this.#inner
    if (expected[from] === LAYOUT_MARKER) {
      if (!this.#options.keepClassic && this.#takeLayout(expected, from, to)) return true
    } else if (this.#isTransparent()) {
      if (inner.type !== 'histogram') return inner.takeExpected(expected, from, to)
      if (inner.takeExpected(expected, from, to)) {
        if (inner.isHistogram) {
          this.#noteNative()
          return true
        }
        this.#held = Entry.series
      }
    }
    this.#pending ??= this.#advance()
    if (this.#pending !== Entry.series) return false
    const { seriesBytes, seriesStart, seriesEnd } = this
    if (!isEqual(seriesBytes, seriesStart, seriesEnd, expected, from, to)) return false
    this.#pending = undefined
    return true
  }

  takeExpectedComment(expected: Uint8Array, from: number, to: number, type: MetricType | undefined): boolean {
    if (this.#isTransparent()) {
      if (!this.#inner.takeExpectedComment(expected, from, to, type)) return false
      if (type !== undefined) this.#noteFamily()
      return true
    }
    this.#pending ??= this.#advance()
    if (this.#pending === Entry.series || this.#pending === Entry.end) return false
    const { commentBytes, commentStart, commentEnd } = this.#inner
    if (!isEqual(commentBytes, commentStart, commentEnd, expected, from, to)) return false
    this.#pending = undefined
    return true
  }

  next(): Entry {
    const entry = this.#pending ?? this.#advance()
    this.#pending = undefined
    return entry
  }

  /** Nothing is collected or kept back: the next entry is the inner parser's. */
  #isTransparent(): boolean {
    if (this.#pending !== undefined || this.#held !== undefined || this.#baseKey !== undefined) return false
    this.#converted = undefined
    return true
  }

  /**
   * Takes the lines of a layout, if they are the ones that come, without looking into them. If they are not, what was taken of them is
   * collected, and the inner parser stands before or on what is next. Hot: once a histogram.
   */
  #takeLayout(expected: Uint8Array, from: number, to: number): boolean {
    const inner = this.#inner
    if (this.#pending !== undefined || this.#baseKey !== undefined || inner.type !== 'histogram') return false
    if (this.#held !== undefined && this.#held !== Entry.series) return false
    const layout = this.#reader
    layout.reset(expected, from)
    if (!layout.isOfFamily(this.#familyBytes)) return false
    this.#converted = undefined
    for (let isFirst = true; layout.position < to; isFirst = false) {
      const at = layout.position
      layout.nextLine()
      if (isFirst && this.#isOfNative(expected, layout.lineStart, layout.lineEnd)) return false
      const isTaken =
        this.#held === undefined ? inner.takeExpected(expected, layout.lineStart, layout.lineEnd) : this.#isHeld(expected, layout)
      if (!isTaken) {
        if (!isFirst) this.#goOn(expected, from, at)
        return false
      }
      this.#held = undefined
      this.#addSample(layout.role, layout.bound, isFirst)
    }
    if (this.#isFollowedBySame(expected, to)) {
      this.#goOn(expected, from, to)
      return false
    }
    return this.#convert(expected, from, to)
  }

  /** The inner parser stands on the line. */
  #isHeld(expected: Uint8Array, { lineStart, lineEnd }: LayoutReader): boolean {
    const { seriesBytes, seriesStart, seriesEnd, isHistogram } = this.#inner
    return !isHistogram && isEqual(seriesBytes, seriesStart, seriesEnd, expected, lineStart, lineEnd)
  }

  /** The lines up to `to` of a layout were taken: the histogram goes on, but not as it did. */
  #goOn(layout: Uint8Array, from: number, to: number): void {
    this.#layout.copyFrom(layout, from, to)
    this.#baseKey = this.#reader.key()
  }

  /** Reads what comes behind the lines of a layout, which ends at `to`; true when it is of the same histogram. */
  #isFollowedBySame(expected: Uint8Array, to: number): boolean {
    const inner = this.#inner
    const entry = inner.next()
    if (entry === Entry.type) this.#noteFamily()
    this.#held = entry
    if (entry !== Entry.series || inner.isHistogram) return false
    // Where layouts stand one behind the other, the next one mostly has that line, and says whose it is.
    if (expected[to] === LAYOUT_MARKER) {
      const next = this.#nextReader
      next.reset(expected, to)
      next.nextLine()
      if (this.#isHeld(expected, next)) return next.hasKeyOf(this.#reader)
    }
    const labels = inner.labels()
    return keyOf(labels, nameWithoutSuffix(labels.get(METRIC_NAME))) === this.#reader.key()
  }

  #advance(): Entry {
    const inner = this.#inner
    this.#converted = undefined
    for (;;) {
      const wasHeld = this.#held !== undefined
      const entry = this.#held ?? inner.next()
      this.#held = undefined
      if (entry === Entry.type && !wasHeld) this.#noteFamily()
      if (entry === Entry.series && !inner.isHistogram) {
        const labels = inner.type === 'histogram' ? inner.labels() : undefined
        const name = labels?.get(METRIC_NAME) ?? ''
        const key = labels === undefined ? '' : keyOf(labels, nameWithoutSuffix(name))
        if (this.#baseKey !== undefined && key !== this.#baseKey && this.#convertCollected()) {
          this.#held = entry
          return Entry.series
        }
        const isTaken = labels !== undefined && this.#collect(labels, name, key)
        if (isTaken && !this.#options.keepClassic) continue
        return entry
      }
      if (this.#baseKey !== undefined && this.#convertCollected()) {
        this.#held = entry
        return Entry.series
      }
      if (entry === Entry.series) this.#noteNative()
      return entry
    }
  }

  #noteFamily(): void {
    const { commentBytes, commentStart, commentEnd, type } = this.#inner
    this.#familyName = type === 'histogram' ? familyName(commentBytes, commentStart, commentEnd) : ''
    this.#familyBytes = Buffer.from(this.#familyName)
  }

  #noteNative(): void {
    const { seriesBytes, seriesStart, seriesEnd } = this.#inner
    this.#native = seriesBytes.slice(seriesStart, seriesEnd)
  }

  /** Whether the series is a classic one of the last native histogram. */
  #isOfNative(bytes: Uint8Array, start: number, end: number): boolean {
    const size = this.#native.length
    return size > 0 && end - start >= size && isEqual(this.#native, 0, size, bytes, start, start + size)
  }

  /** Adds the inner parser's sample to what is collected; false when it is not of a classic histogram. */
  #collect(labels: Labels, name: string, key: string): boolean {
    const role = roleOf(name)
    const family = this.#familyName
    if (role === undefined || nameWithoutSuffix(name) !== family) return false
    const inner = this.#inner
    const { seriesBytes, seriesStart, seriesEnd } = inner
    if (this.#isOfNative(seriesBytes, seriesStart, seriesEnd)) return false
    let bound = 0
    if (role === LineRole.bucket) {
      const read = parseFloatText(labels.get('le'))
      if (read === undefined || Number.isNaN(read)) return false
      bound = read
    }
    const isFirst = this.#baseKey === undefined
    if (isFirst) {
      this.#baseKey = key
      this.#layout.begin(this.#familyBytes, key, inner.emptyLabelNames())
    }
    // Lines that are told of are known again one by one.
    if (!this.#options.keepClassic) this.#layout.addLine(role, bound, seriesBytes, seriesStart, seriesEnd)
    this.#addSample(role, bound, isFirst)
    return true
  }

  /** Takes value, time and exemplars of the sample that the inner parser stands on. */
  #addSample(role: LineRole, bound: number, isFirst: boolean): void {
    const inner = this.#inner
    if (isFirst) {
      this.#timestamp = inner.hasTimestamp ? inner.numbers[1] : undefined
      this.#startTime = this.#options.startTimes ? inner.startTime() : 0
    }
    if (!inner.isPlain) this.#exemplars.push(...inner.exemplars(0))
    const value = inner.numbers[0]
    if (role === LineRole.bucket) this.#classic.addBucket(bound, value)
    else if (role === LineRole.count) this.#classic.setCount(value)
    else this.#classic.setSum(value)
  }

  #convertCollected(): boolean {
    return this.#convert(this.#layout.bytes, 0, this.#layout.length)
  }

  /** Makes what is collected the entry, which has this layout; false when it is no histogram. */
  #convert(bytes: Uint8Array, start: number, end: number): boolean {
    const histogram = this.#classic.convert()
    if (histogram !== undefined) {
      const [exemplars, timestamp, startTime] = [this.#exemplars, this.#timestamp, this.#startTime]
      this.#converted = { bytes, start, end, histogram, exemplars, timestamp, startTime }
      this.#numbers[1] = timestamp ?? 0
    }
    this.#forget()
    return histogram !== undefined
  }

  #forget(): void {
    this.#classic.clear()
    this.#baseKey = undefined
    if (this.#exemplars.length > 0) this.#exemplars = []
    this.#timestamp = undefined
    this.#startTime = 0
  }

  get position(): number {
    return this.#inner.position
  }

  get seriesBytes(): Uint8Array {
    return this.#converted?.bytes ?? this.#inner.seriesBytes
  }

  get seriesStart(): number {
    return this.#converted?.start ?? this.#inner.seriesStart
  }

  get seriesEnd(): number {
    return this.#converted?.end ?? this.#inner.seriesEnd
  }

  get numbers(): Float64Array {
    return this.#converted === undefined ? this.#inner.numbers : this.#numbers
  }

  get hasTimestamp(): boolean {
    return this.#converted === undefined ? this.#inner.hasTimestamp : this.#converted.timestamp !== undefined
  }

  get isPlain(): boolean {
    return this.#converted === undefined && this.#inner.isPlain
  }

  get isHistogram(): boolean {
    return this.#converted !== undefined || this.#inner.isHistogram
  }

  labels(): Labels {
    return this.#converted === undefined ? this.#inner.labels() : readerOf(this.#converted).labels()
  }

  emptyLabelNames(): readonly string[] {
    return this.#converted === undefined ? this.#inner.emptyLabelNames() : readerOf(this.#converted).emptyNames()
  }

  histogram(): Histogram {
    return this.#converted?.histogram ?? this.#inner.histogram()
  }

  exemplars(sampleTime: Timestamp): readonly Exemplar[] {
    if (this.#converted === undefined) return this.#inner.exemplars(sampleTime)
    return this.#converted.exemplars.map((exemplar) => (exemplar.hasTimestamp ? exemplar : { ...exemplar, timestamp: sampleTime }))
  }

  startTime(): Timestamp {
    return this.#converted?.startTime ?? this.#inner.startTime()
  }

  get commentBytes(): Uint8Array {
    return this.#inner.commentBytes
  }

  get commentStart(): number {
    return this.#inner.commentStart
  }

  get commentEnd(): number {
    return this.#inner.commentEnd
  }

  get type(): MetricType {
    return this.#inner.type
  }
}

function readerOf({ bytes, start }: Converted): LayoutReader {
  const reader = new LayoutReader()
  reader.reset(bytes, start)
  return reader
}
