import { parseNumber, quoteRune, unquote } from '../../model/go-text.ts'
import type { Histogram } from '../../model/histogram.ts'
import { Labels, METRIC_NAME } from '../../model/labels.ts'
import { STALE_MARKER } from '../../model/staleness.ts'
import { histogramSeries, parseHistogramDescription } from './histogram-description.ts'
import { isMetricName } from './token.ts'
import { TokenStream } from './token-stream.ts'

/** One step of a described series: a float, none, or a native histogram. */
export type SequenceValue =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'omitted' }
  /** `hasHint`: the description says something of counter resets. */
  | { readonly kind: 'histogram'; readonly histogram: Histogram; readonly hasHint: boolean }

export interface SeriesDescription {
  readonly labels: Labels
  readonly values: readonly SequenceValue[]
}

/** More than any test needs; keeps a slip such as `1x1e9` from filling memory. */
const VALUES_MAX = 1_000_000

const OMITTED: SequenceValue = { kind: 'omitted' }
const NUMBER = '[+-]?(?:(?:\\d[\\d_]*\\.?[\\d_]*|\\.\\d[\\d_]*)(?:[eE][+-]?\\d+)?|[iI]nf|[nN]a[nN])'
const HISTOGRAM = '\\{\\{[^{}]*\\}\\}'
const OMITTED_ITEM = /^_(?:x(\d+))?$/
const STALE_ITEM = /^stale$/
const NUMBER_ITEM = new RegExp(`^(${NUMBER})(?:([+-]${NUMBER.slice('[+-]?'.length)})(?=x))?(?:x(\\d+))?$`)
const HISTOGRAM_ITEM = new RegExp(`^(${HISTOGRAM})(?:([+-])(${HISTOGRAM})(?=x))?(?:x(\\d+))?$`)

/**
 * A series as test scripts and unit tests describe it: `metric{label="value"} 1 2+3x4 _ _x2 stale {{schema:0}}`.
 * `axn` is n + 1 times a, `a+bxn` adds b n times, `_xn` leaves n out. Throws a ParseError.
 * Source: Prometheus docs/configuration/unit_testing_rules.md, series.
 */
export function parseSeriesDescription(text: string): SeriesDescription {
  const tokens = new TokenStream(text)
  const bytes = Buffer.from(text)
  const labels: (readonly [string, string])[] = []
  let end = 0
  const first = tokens.peek()
  if (isMetricName(first.kind)) {
    tokens.take()
    labels.push([METRIC_NAME, first.text])
    end = first.end
  }
  if (bytes[end] === 0x7b) end = parseLabelSet(tokens, labels)
  else if (end === 0) throw tokens.unexpected('', '')
  const rest = bytes.subarray(end).toString()
  if (rest !== '' && !/^\s/.test(rest)) {
    throw tokens.error({ start: end, end: bytes.length }, `unexpected character in series sequence: ${quoteRune(rest[0])}`)
  }
  const values: SequenceValue[] = []
  for (const [item] of rest.matchAll(/\{\{[^}]*\}\}\S*?(?:\{\{[^}]*\}\}\S*)?(?=\s|$)|\S+/g)) {
    const expanded = expandItem(item)
    if (expanded === undefined || values.length + expanded.length > VALUES_MAX) {
      throw tokens.error({ start: end, end: bytes.length }, `unexpected ${JSON.stringify(item)} in series values`)
    }
    for (const value of expanded) values.push(value)
  }
  return { labels: Labels.of(new Map(labels)), values }
}

/** From `{` to `}`; answers where it ends, in bytes. */
function parseLabelSet(tokens: TokenStream, labels: (readonly [string, string])[]): number {
  tokens.take()
  while (tokens.peek().kind !== '}') {
    const name = tokens.peek()
    if (name.kind !== 'identifier' && name.kind !== 'string') throw tokens.unexpected('label set', 'identifier or "}"')
    tokens.take()
    const labelName = name.kind === 'string' ? unquote(name.text) : name.text
    if (tokens.accept('=') !== undefined) {
      if (tokens.peek().kind !== 'string') throw tokens.unexpected('label set', 'string')
      labels.push([labelName, unquote(tokens.take().text)])
    } else if (name.kind === 'string') labels.push([METRIC_NAME, labelName])
    else throw tokens.unexpected('label set', '"="')
    if (tokens.accept(',') !== undefined) continue
    if (tokens.peek().kind !== '}') throw tokens.unexpected('label set', '"," or "}"')
  }
  return tokens.take().end
}

function expandItem(item: string): readonly SequenceValue[] | undefined {
  const omitted = OMITTED_ITEM.exec(item)
  if (omitted !== null) return repeat(OMITTED, omitted[1] === undefined ? 1 : Number(omitted[1]))
  if (STALE_ITEM.test(item)) return [{ kind: 'value', value: STALE_MARKER }]
  const histogram = HISTOGRAM_ITEM.exec(item)
  if (histogram !== null) {
    const [, base, sign, step, count] = histogram
    return expandHistograms(base, sign as '+' | '-' | undefined, step, count === undefined ? 0 : Number(count))
  }
  const number = NUMBER_ITEM.exec(item)
  if (number === null) return undefined
  const [, baseText, stepText, countText] = number
  const base = signed(baseText)
  const step = stepText === undefined ? 0 : signed(stepText)
  const count = countText === undefined ? 0 : Number(countText)
  if (base === undefined || step === undefined || count > VALUES_MAX) return undefined
  const values: SequenceValue[] = []
  let value = base
  for (let i = 0; i <= count; i++) {
    values.push({ kind: 'value', value })
    // Added step by step, as upstream does: the rounding is part of what tests expect.
    if (stepText !== undefined) value += step
  }
  return values
}

function expandHistograms(
  base: string,
  sign: '+' | '-' | undefined,
  step: string | undefined,
  count: number,
): readonly SequenceValue[] | undefined {
  const first = parseHistogramDescription(base.slice(2, -2))
  if (first === undefined || count > VALUES_MAX) return undefined
  const { histogram, hasHint } = first
  if (sign === undefined || step === undefined) return repeat({ kind: 'histogram', histogram, hasHint }, count + 1)
  const added = parseHistogramDescription(step.slice(2, -2))
  const series = added && histogramSeries(histogram, added.histogram, sign, count)
  return series?.map((one) => ({ kind: 'histogram', histogram: one, hasHint }))
}

function signed(text: string): number | undefined {
  const value = parseNumber(text.replace(/^[+-]/, ''))
  if (typeof value === 'string') return undefined
  return text[0] === '-' ? -value : value
}

function repeat(value: SequenceValue, count: number): readonly SequenceValue[] | undefined {
  return count > VALUES_MAX ? undefined : new Array<SequenceValue>(count).fill(value)
}
