import { parseNumber } from '../../model/go-text.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../../model/histogram.ts'
import { HistogramSum, SumOutcome } from '../../model/histogram-sum.ts'

const FIELD = /\s*([a-z_]+):(\[[^\]]*\]|[^\s\]]+)/y
const HINTS: Readonly<Record<string, CounterResetHint>> = {
  unknown: CounterResetHint.unknown,
  reset: CounterResetHint.reset,
  not_reset: CounterResetHint.notReset,
  gauge: CounterResetHint.gauge,
}

/** A described histogram, and whether the description says anything of counter resets. */
export interface DescribedHistogram {
  readonly histogram: Histogram
  readonly hasHint: boolean
}

/**
 * A native histogram as it is written between `{{` and `}}`: `schema:1 sum:3 count:2 buckets:[1 1]`. What is left out is 0.
 * Undefined for what is none. Source: Prometheus docs/configuration/unit_testing_rules.md, series; promql/parser, buildHistogramFromMap.
 */
export function parseHistogramDescription(text: string): DescribedHistogram | undefined {
  const fields = new Map<string, string>()
  FIELD.lastIndex = 0
  for (let end = 0; text.slice(end).trim() !== ''; end = FIELD.lastIndex) {
    FIELD.lastIndex = end
    const [, name, value] = FIELD.exec(text) ?? []
    if (name === undefined || fields.has(name)) return undefined
    fields.set(name, value)
  }
  let isWrong = false
  const number = (name: string): number => {
    const value = signedNumber(fields.get(name) ?? '0')
    fields.delete(name)
    isWrong ||= value === undefined
    return value ?? 0
  }
  const list = (name: string): Float64Array => {
    const written = fields.get(name) ?? '[]'
    fields.delete(name)
    const items = written.startsWith('[') ? written.slice(1, -1).split(/\s+/).filter(Boolean) : [undefined]
    const values = items.map((item) => (item === undefined ? undefined : signedNumber(item)))
    isWrong ||= values.includes(undefined)
    return values.length === 0 ? NO_BUCKETS : Float64Array.from(values, (value) => value ?? 0)
  }
  const hint = fields.get('counter_reset_hint')
  fields.delete('counter_reset_hint')
  const counterResetHint = HINTS[hint ?? 'unknown']
  if (counterResetHint === undefined) return undefined
  const positiveBuckets = list('buckets')
  const negativeBuckets = list('n_buckets')
  const histogram: Histogram = {
    isFloat: true,
    counterResetHint,
    schema: number('schema'),
    sum: number('sum'),
    count: number('count'),
    zeroCount: number('z_bucket'),
    zeroThreshold: number('z_bucket_w'),
    customValues: list('custom_values'),
    positiveBuckets,
    negativeBuckets,
    positiveSpans: spanOf(number('offset'), positiveBuckets),
    negativeSpans: spanOf(number('n_offset'), negativeBuckets),
  }
  return isWrong || fields.size > 0 ? undefined : { histogram, hasHint: hint !== undefined }
}

function spanOf(offset: number, buckets: Float64Array): Int32Array {
  return buckets.length === 0 ? NO_SPANS : Int32Array.of(offset, buckets.length)
}

function signedNumber(text: string): number | undefined {
  const value = parseNumber(text.replace(/^[+-]/, ''))
  if (typeof value === 'string') return undefined
  return text[0] === '-' ? -value : value
}

/** `base`, then `step` added to it, or taken from it, `count` times over; undefined where they do not go together. */
export function histogramSeries(base: Histogram, step: Histogram, sign: '+' | '-', count: number): readonly Histogram[] | undefined {
  // As upstream: what is added must not be of lower resolution.
  if (base.schema > step.schema && step.schema !== CUSTOM_BUCKETS_SCHEMA) return undefined
  const series = [base]
  for (let i = 0; i < count; i++) {
    const sum = new HistogramSum(series[i])
    const outcome = sign === '+' ? sum.add(step) : sum.subtract(step)
    if ((outcome & SumOutcome.incompatible) !== 0) return undefined
    series.push(sum.toHistogram())
  }
  return series
}
