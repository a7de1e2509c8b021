// Pages that a target may expose, the same content in text, OpenMetrics and protobuf: all types, odd names and values, timestamps,
// exemplars, start times, native histograms. All of it is valid; `mutatedPage` makes pages that mostly are not.

import type { Random } from '../../src/base/env.ts'
import type { ExposedExemplar, ExposedFamily, ExposedHistogram, ExposedMetric, LabelPairs } from '../../src/exposition/exposed-family.ts'
import { OPEN_METRICS_END, openMetricsFamily } from '../../src/exposition/open-metrics-writer.ts'
import { protobufFamily } from '../../src/exposition/protobuf-writer.ts'
import { textFamily } from '../../src/exposition/text-family.ts'
import type { Histogram } from '../../src/model/histogram.ts'
import type { MetricType } from '../../src/model/metadata.ts'

export interface ExpositionPageOptions {
  /** Unix ms; own timestamps, exemplars and start times are within the minutes before it. */
  readonly now: number
  /** Names outside of the old alphabet. */
  readonly utf8Names?: boolean
  /** Samples with own timestamps. */
  readonly timestamps?: boolean
  /** Native histograms beside (or in place of) classic ones. Only the protobuf page shows them. */
  readonly nativeHistograms?: boolean
  /** `_created` lines in the OpenMetrics page. */
  readonly created?: boolean
}

export interface ExpositionPage {
  readonly families: readonly ExposedFamily[]
  readonly text: Uint8Array
  readonly openMetrics: Uint8Array
  readonly protobuf: Uint8Array
}

export const EXPOSITION_CONTENT_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openMetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  protobuf: 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
} as const

const TYPES: readonly MetricType[] = ['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown']
const WORDS = [
  'http',
  'requests',
  'queue',
  'disk',
  'cpu',
  'usage',
  'errors',
  'seconds',
  'bytes',
  'size',
  'latency',
  'a',
  'B',
  'x1',
  ':rule',
]
const ODD_NAMES = ['my.metric', 'höhe', 'with space', '0digit', 'quo"te', 'back\\slash', 'a-b']
const LABEL_NAMES = ['a', 'b', 'Code', 'handler', '_x', 'instance', 'job', 'zone']
const LABEL_VALUES = ['', 'x', '200', 'a b', 'q"uote', 'back\\slash', 'new\nline', 'ünï', '{}', ',', '#', '=', '1.0', 'x'.repeat(40)]
const VALUES = [0, 1, -1, 0.1, 1e6, 123456789, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, Infinity, -Infinity, NaN, 2251799813685249.5]
const HELPS = ['', 'Text.', 'Text with "quotes", a \\ and\na break.', '  blanks ', 'ünï']
const BOUNDS = [-1, 0, 0.005, 0.1, 0.5, 1, 2.5, 10, 100, 1e3, 1e6, 1e9]

/** One page. The same random numbers give the same page. */
export function expositionPage(random: Random, options: ExpositionPageOptions): ExpositionPage {
  const families = new FamilyGenerator(random, options).families()
  const chance = (part: number) => random.next() < part
  const textLines = families.map((family) => spelledText(random, [...textFamily(family)].join(''))).join('')
  return {
    families,
    text: Buffer.from(chance(0.1) ? textLines.replace(/\n$/, '') : textLines),
    openMetrics: Buffer.from(
      families.map((family) => openMetricsFamily(family, { created: options.created === true })).join('') + OPEN_METRICS_END,
    ),
    protobuf: Buffer.concat(families.map((family) => protobufFamily(family))),
  }
}

/** A page with some bytes changed, put in, left out or repeated: most are broken, some are still read. */
export function mutatedPage(random: Random, page: Uint8Array): Uint8Array {
  const below = (limit: number) => Math.floor(random.next() * limit)
  let bytes = Buffer.from(page)
  for (let count = 1 + below(3); count > 0 && bytes.length > 0; count--) {
    const at = below(bytes.length)
    switch (below(6)) {
      case 0:
        bytes[at] = below(256)
        break
      case 1:
        bytes[at] = '{}",=# \\\n\0 1eE.+-_aé'.charCodeAt(below(21))
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from('{}",=# \\\n\t1'[below(11)]), bytes.subarray(at)])
        break
      case 4:
        bytes = Buffer.from(bytes.subarray(0, at))
        break
      default: {
        const end = Math.min(bytes.length, at + below(60))
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
      }
    }
  }
  return bytes
}

/** What the text format allows besides: blanks, tabs, empty lines, comments, a comma after the last label. */
function spelledText(random: Random, text: string): string {
  const chance = (part: number) => random.next() < part
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      if (line.startsWith('#')) return `${chance(0.05) ? '\n' : ''}${line}\n`
      let spelled = line
      if (chance(0.05) && spelled.includes('"}')) spelled = spelled.replace(/"\}( [^"{}]*)$/, '",}$1')
      if (chance(0.05)) spelled = spelled.replace(/ (\S+)$/, '\t$1')
      if (chance(0.03)) spelled = `${spelled} `
      if (chance(0.03)) spelled = `# a comment\n#\n${spelled}`
      return `${spelled}\n`
    })
    .join('')
}

class FamilyGenerator {
  readonly #random: Random
  readonly #options: ExpositionPageOptions
  readonly #names = new Set<string>()
  /** Upstream takes all histograms of a family for what the first of them is. */
  #isNativeFamily = false

  constructor(random: Random, options: ExpositionPageOptions) {
    this.#random = random
    this.#options = options
  }

  families(): ExposedFamily[] {
    return Array.from({ length: 1 + this.#below(8) }, () => this.#family())
  }

  #family(): ExposedFamily {
    const type = this.#pick(TYPES)
    const unit = type !== 'info' && this.#chance(0.2) ? this.#pick(['seconds', 'bytes']) : ''
    const name = this.#name(type, unit)
    const seen = new Set<string>()
    const metrics: ExposedMetric[] = []
    this.#isNativeFamily = this.#options.nativeHistograms === true && this.#chance(0.7)
    for (let count = 1 + this.#below(4); count > 0; count--) {
      const labels = this.#labels()
      const key = JSON.stringify([...labels].filter(([, value]) => value !== '').sort())
      if (seen.has(key)) continue
      seen.add(key)
      metrics.push(this.#metric(type, labels))
    }
    return { name, type, help: this.#pick(HELPS), unit, metrics }
  }

  #name(type: MetricType, unit: string): string {
    for (;;) {
      const words = Array.from({ length: 1 + this.#below(3) }, () => this.#pick(WORDS))
      const base = this.#options.utf8Names === true && this.#chance(0.3) ? this.#pick(ODD_NAMES) : words.join('_')
      const stem = unit === '' ? base : `${base}_${unit}`
      // Names must not run into each other's suffixes.
      if (this.#names.has(stem)) continue
      this.#names.add(stem)
      if (type === 'info') return `${stem}_info`
      return type === 'counter' && this.#chance(0.9) ? `${stem}_total` : stem
    }
  }

  #labels(): LabelPairs {
    const names = new Set<string>()
    for (let count = this.#below(4); count > 0; count--) {
      names.add(this.#options.utf8Names === true && this.#chance(0.15) ? this.#pick(ODD_NAMES) : this.#pick(LABEL_NAMES))
    }
    return [...names].map((name) => [name, this.#pick(LABEL_VALUES)] as const)
  }

  #metric(type: MetricType, labels: LabelPairs): ExposedMetric {
    const { now } = this.#options
    const common = {
      labels,
      timestamp: this.#options.timestamps === true && this.#chance(0.3) ? now - this.#below(60_000) : undefined,
      startTime: this.#chance(0.5) ? now - 60_000 - this.#below(600_000) : undefined,
    }
    switch (type) {
      case 'summary': {
        const quantiles = [0, 0.5, 0.9, 0.99, 1].filter(() => this.#chance(0.5)).map((q) => [q, this.#value()] as const)
        return { ...common, kind: 'summary', count: this.#below(1e6), sum: this.#value(), quantiles }
      }
      case 'histogram':
      case 'gaugehistogram':
        return { ...common, ...this.#histogram(type === 'gaugehistogram') }
      case 'counter': {
        const value = this.#chance(0.5) ? this.#below(1e9) : this.#random.next() * 1e6
        return { ...common, kind: 'value', value, exemplar: this.#chance(0.3) ? this.#exemplar() : undefined }
      }
      case 'info':
      case 'stateset':
        return { ...common, kind: 'value', value: type === 'info' ? 1 : this.#below(2) }
      default:
        return { ...common, kind: 'value', value: this.#value() }
    }
  }

  #histogram(isGauge: boolean): Omit<ExposedHistogram, 'labels'> {
    const isFloat = this.#chance(0.2)
    const count = (limit: number) => (isFloat ? this.#random.next() * limit : this.#below(limit))
    let total = 0
    const bounds = BOUNDS.filter(() => this.#chance(0.5))
    if (this.#chance(0.3)) bounds.push(Infinity)
    const buckets = bounds.map((upperBound) => {
      total += count(100)
      return { upperBound, count: total, exemplar: this.#chance(0.3) ? this.#exemplar() : undefined }
    })
    if (buckets.at(-1)?.upperBound !== Infinity) total += count(100)
    const classic = { kind: 'histogram', count: total, sum: this.#below(2) === 0 ? this.#random.next() * 1000 : 17, buckets } as const
    if (!this.#isNativeFamily) return classic
    const native = this.#native(isFloat, isGauge)
    const exemplars = Array.from({ length: this.#below(3) }, () => this.#exemplar())
    return { ...classic, count: native.count, sum: native.sum, buckets: this.#scaled(classic.buckets, native.count), native, exemplars }
  }

  /** Classic buckets beside a native histogram: of the same observations. */
  #scaled(buckets: ExposedHistogram['buckets'], count: number): ExposedHistogram['buckets'] {
    if (this.#chance(0.5)) return []
    return buckets.map((bucket) => ({ ...bucket, count: bucket.upperBound === Infinity ? count : Math.min(bucket.count, count) }))
  }

  #native(isFloat: boolean, isGauge: boolean): Histogram {
    const buckets = (): [Int32Array, Float64Array] => {
      const [spans, counts]: [number[], number[]] = [[], []]
      for (let i = this.#below(4); i > 0; i--) {
        const length = 1 + this.#below(4)
        spans.push(spans.length === 0 ? this.#below(20) - 10 : 1 + this.#below(5), length)
        for (let j = 0; j < length; j++) counts.push(this.#chance(0.2) ? 0 : isFloat ? this.#random.next() * 50 : this.#below(50))
      }
      return [Int32Array.from(spans), Float64Array.from(counts)]
    }
    const [positiveSpans, positiveBuckets] = buckets()
    const [negativeSpans, negativeBuckets] = this.#chance(0.5) ? buckets() : [new Int32Array(0), new Float64Array(0)]
    const zeroCount = this.#below(10)
    // At least one: a float histogram with a count of zero is taken for an integer one.
    const filled = zeroCount + sum(positiveBuckets) + sum(negativeBuckets)
    return {
      isFloat,
      counterResetHint: isGauge ? 3 : 0,
      schema: this.#below(13) - 4,
      zeroThreshold: this.#pick([2.938735877055719e-39, 0.001, 1e-128]),
      zeroCount: filled === 0 ? 1 : zeroCount,
      count: filled === 0 ? 1 : filled,
      sum: (this.#random.next() - 0.5) * 1000,
      positiveSpans,
      negativeSpans,
      positiveBuckets,
      negativeBuckets,
      customValues: new Float64Array(0),
    }
  }

  #exemplar(): ExposedExemplar {
    const labels: LabelPairs = this.#chance(0.2) ? [] : [['trace_id', `${this.#below(1e9)}`] as const]
    return { labels, value: this.#random.next() * 10, timestamp: this.#chance(0.8) ? this.#options.now - this.#below(60_000) : undefined }
  }

  #value(): number {
    return this.#chance(0.5) ? this.#pick(VALUES) : (this.#random.next() - 0.5) * 10 ** this.#below(20)
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit)
  }

  #chance(part: number): boolean {
    return this.#random.next() < part
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]
  }
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
