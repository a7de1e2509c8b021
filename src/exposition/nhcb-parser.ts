// Makes native histograms with custom buckets (NHCB) of the classic histograms that another parser reads.
//
// 1. The series of a classic histogram are those that follow each other in a family of that type, with equal labels but for `le`.
//    When something else comes, the native histogram is told of first.
// 2. The classic series are told of as well only where they are kept. A histogram whose series contradict each other is lost then, as
//    upstream loses it: what is wrong is known only when the series have passed.
// 3. What the target gives as a native histogram stays that; its classic series, where they are told of, are not converted.
//    (Upstream then converts nothing more on the whole page; and it gives a histogram the time of the sample behind it.)
// Source: Prometheus model/textparse/nhcbparse.go.

import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import { keyOfPairs, type Labels, METRIC_NAME } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import { ClassicHistogram } from './classic-histogram.ts'
import { parseFloatText } from './float.ts'
import { Entry, type PageParser } from './page-parser.ts'

export interface NhcbOptions {
  readonly keepClassic: boolean
  /** Ask for start times, which may mean to read ahead. */
  readonly startTimes: boolean
}

interface Converted {
  readonly labels: Labels
  readonly emptyNames: readonly string[]
  readonly bytes: Uint8Array
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
  readonly #classic = new ClassicHistogram()
  /** Of the histogram that is being collected. */
  #base: Labels | undefined
  #baseKey = ''
  #emptyNames: readonly string[] = []
  #exemplars: Exemplar[] = []
  #timestamp: Timestamp | undefined
  #startTime: Timestamp = 0
  /** Of the last native histogram of the page. */
  #nativeKey = ''
  /** The last entry is this one, and not the inner parser's. */
  #converted: Converted | undefined
  /** The inner parser's entry that is next, when a converted histogram came first. */
  #held: Entry | undefined
  /** An entry was looked at and not taken. */
  #pending: Entry | undefined
  readonly #numbers = new Float64Array(2)

  constructor(inner: PageParser, options: NhcbOptions) {
    this.#inner = inner
    this.#options = options
  }

  reset(bytes: Uint8Array, length: number): void {
    this.#inner.reset(bytes, length)
    this.#familyName = ''
    this.#forget()
    this.#nativeKey = ''
    this.#converted = undefined
    this.#held = undefined
    this.#pending = undefined
  }

  takeExpected(expected: Uint8Array, from: number, to: number): boolean {
    if (this.#isTransparent() && this.#inner.type !== 'histogram') return this.#inner.takeExpected(expected, from, to)
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
    if (this.#pending !== undefined || this.#held !== undefined || this.#base !== undefined) return false
    this.#converted = undefined
    return true
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
        const suffix = suffixOf(name)
        const key = labels === undefined ? '' : keyOf(labels, name.slice(0, name.length - suffix.length))
        if (this.#base !== undefined && key !== this.#baseKey && this.#convert()) {
          this.#held = entry
          return Entry.series
        }
        const isTaken = labels !== undefined && this.#collect(labels, name, suffix, key)
        if (isTaken && !this.#options.keepClassic) continue
        return entry
      }
      if (this.#base !== undefined && this.#convert()) {
        this.#held = entry
        return Entry.series
      }
      if (entry === Entry.series) {
        const labels = inner.labels()
        this.#nativeKey = keyOf(labels, labels.get(METRIC_NAME))
      }
      return entry
    }
  }

  #noteFamily(): void {
    const { commentBytes, commentStart, commentEnd, type } = this.#inner
    this.#familyName = type === 'histogram' ? familyName(commentBytes, commentStart, commentEnd) : ''
  }

  /** Adds the inner parser's sample to what is collected; false when it is not of a classic histogram. */
  #collect(labels: Labels, name: string, suffix: string, key: string): boolean {
    if (suffix === '' || name.length - suffix.length !== this.#familyName.length || !name.startsWith(this.#familyName)) return false
    if (key === this.#nativeKey) return false
    const inner = this.#inner
    const value = inner.numbers[0]
    let bound: number | undefined
    if (suffix === '_bucket') {
      bound = parseFloatText(labels.get('le'))
      if (bound === undefined || Number.isNaN(bound)) return false
    }
    if (this.#base === undefined) {
      this.#base = labels.without('le').with({ [METRIC_NAME]: this.#familyName })
      this.#baseKey = key
      this.#emptyNames = inner.emptyLabelNames()
      this.#timestamp = inner.hasTimestamp ? inner.numbers[1] : undefined
      this.#startTime = this.#options.startTimes ? inner.startTime() : 0
    }
    if (!inner.isPlain) this.#exemplars.push(...inner.exemplars(0))
    if (bound !== undefined) this.#classic.addBucket(bound, value)
    else if (suffix === '_count') this.#classic.setCount(value)
    else this.#classic.setSum(value)
    return true
  }

  /** Makes what is collected the entry; false when it is no histogram. */
  #convert(): boolean {
    const histogram = this.#classic.convert()
    const labels = this.#base!
    if (histogram !== undefined) {
      const [emptyNames, exemplars, timestamp, startTime] = [this.#emptyNames, this.#exemplars, this.#timestamp, this.#startTime]
      this.#converted = { labels, emptyNames, bytes: Buffer.from(labels.toString()), histogram, exemplars, timestamp, startTime }
      this.#numbers[1] = timestamp ?? 0
    }
    this.#forget()
    return histogram !== undefined
  }

  #forget(): void {
    this.#classic.clear()
    this.#base = undefined
    this.#baseKey = ''
    this.#exemplars = []
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
    return this.#converted === undefined ? this.#inner.seriesStart : 0
  }

  get seriesEnd(): number {
    return this.#converted?.bytes.length ?? this.#inner.seriesEnd
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
    return this.#converted?.labels ?? this.#inner.labels()
  }

  emptyLabelNames(): readonly string[] {
    return this.#converted?.emptyNames ?? this.#inner.emptyLabelNames()
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

function suffixOf(name: string): '' | '_bucket' | '_sum' | '_count' {
  if (name.endsWith('_bucket')) return '_bucket'
  if (name.endsWith('_sum')) return '_sum'
  return name.endsWith('_count') ? '_count' : ''
}

/** Equal for all series of a histogram. */
function keyOf(labels: Labels, name: string): string {
  const { pairs } = labels
  const parts = [name]
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i] !== METRIC_NAME && pairs[i] !== 'le') parts.push(pairs[i], pairs[i + 1])
  }
  return keyOfPairs(parts)
}

const TYPE_LINE = /#[ \t]+TYPE[ \t]+("(?:[^"\\]|\\.)*"|[^ \t]+)/

function familyName(bytes: Uint8Array, start: number, end: number): string {
  const written = TYPE_LINE.exec(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8'))?.[1] ?? ''
  if (!written.startsWith('"')) return written
  return written.slice(1, -1).replace(/\\(["\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char))
}

function isEqual(bytes: Uint8Array, start: number, end: number, expected: Uint8Array, from: number, to: number): boolean {
  if (end - start !== to - from) return false
  for (let i = end - 1, j = to - 1; i >= start; i--, j--) if (bytes[i] !== expected[j]) return false
  return true
}
