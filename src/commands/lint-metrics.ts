import type { MetricFamily } from '../exposition/metric-families.ts'

// What names, labels and help of metrics should be like. Texts are upstream's: others match them.
// Source: client_golang prometheus/testutil/promlint/validations.

export interface LintProblem {
  readonly metric: string
  readonly text: string
}

type Rule = (family: MetricFamily) => readonly string[]

const RULES: readonly Rule[] = [
  lintHelp,
  lintUnit,
  lintCounter,
  lintTimestamp,
  lintReservedNames,
  lintTypeInName,
  lintColon,
  lintCamelCase,
  lintAbbreviation,
  lintDuplicates,
]

/** By metric and text, in the order of their UTF-8 bytes as far as names of the old kind go. */
export function lintMetrics(families: readonly MetricFamily[]): LintProblem[] {
  const problems = families.flatMap((family) => RULES.flatMap((rule) => rule(family).map((text) => ({ metric: family.name, text }))))
  return problems.sort((a, b) => compare(a.metric, b.metric) || compare(a.text, b.text))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function lintHelp({ help }: MetricFamily): readonly string[] {
  return help === undefined ? ['no help text'] : []
}

const BASE_UNITS: Readonly<Record<string, string>> = {
  amperes: 'amperes',
  bytes: 'bytes',
  celsius: 'celsius',
  grams: 'grams',
  joules: 'joules',
  kelvin: 'kelvin',
  meters: 'meters',
  metres: 'metres',
  seconds: 'seconds',
  volts: 'volts',
  minutes: 'seconds',
  hours: 'seconds',
  days: 'seconds',
  weeks: 'seconds',
  kelvins: 'kelvin',
  fahrenheit: 'celsius',
  rankine: 'celsius',
  inches: 'meters',
  yards: 'meters',
  miles: 'meters',
  bits: 'bytes',
  calories: 'joules',
  pounds: 'grams',
  ounces: 'grams',
}

const PREFIXES = 'pico nano micro milli centi deci deca hecto kilo kibi mega mibi giga gibi tera tebi peta pebi'.split(' ')

function lintUnit({ name }: MetricFamily): readonly string[] {
  for (const word of name.split('_')) {
    const base = baseUnit(word)
    if (base !== undefined) return base === word ? [] : [`use base unit "${base}" instead of "${word}"`]
  }
  return []
}

function baseUnit(word: string): string | undefined {
  if (Object.hasOwn(BASE_UNITS, word)) return BASE_UNITS[word]
  for (const prefix of PREFIXES) {
    const unit = word.slice(prefix.length)
    if (word.startsWith(prefix) && Object.hasOwn(BASE_UNITS, unit)) return BASE_UNITS[unit]
  }
  return undefined
}

function lintCounter({ name, type }: MetricFamily): readonly string[] {
  const hasTotal = name.endsWith('_total')
  if (type === 'counter' && !hasTotal) return ['counter metrics should have "_total" suffix']
  if (type !== 'counter' && type !== 'untyped' && hasTotal) return ['non-counter metrics should not have "_total" suffix']
  return []
}

function lintTimestamp({ name, type }: MetricFamily): readonly string[] {
  const mayBe = type === 'untyped' || type === 'gauge' || type === 'gauge_histogram'
  return !mayBe && name.endsWith('_timestamp_seconds') ? ['non-gauge metrics should not have "_timestamp_seconds" suffix'] : []
}

/** Names and labels that only histograms and summaries have. */
function lintReservedNames({ name, type, metrics }: MetricFamily): readonly string[] {
  if (type === 'untyped') return []
  const [isHistogram, isSummary] = [type === 'histogram', type === 'summary']
  const texts: string[] = []
  if (!isHistogram && name.endsWith('_bucket')) texts.push('non-histogram metrics should not have "_bucket" suffix')
  if (!isHistogram && !isSummary) {
    for (const suffix of ['_count', '_sum'])
      if (name.endsWith(suffix)) texts.push(`non-histogram and non-summary metrics should not have "${suffix}" suffix`)
  }
  for (const { labels } of metrics) {
    for (const [label] of labels) {
      if (!isHistogram && label === 'le') texts.push('non-histogram metrics should not have "le" label')
      if (!isSummary && label === 'quantile') texts.push('non-summary metrics should not have "quantile" label')
    }
  }
  return texts
}

function lintTypeInName({ name, type }: MetricFamily): readonly string[] {
  return type !== 'untyped' && hasWord(name, type) ? [`metric name should not include type '${type}'`] : []
}

function lintColon({ name }: MetricFamily): readonly string[] {
  return name.includes(':') ? ["metric names should not contain ':'"] : []
}

const CAMEL_CASE = /[a-z][A-Z]/

function lintCamelCase({ name, metrics }: MetricFamily): readonly string[] {
  const texts = CAMEL_CASE.test(name) ? ["metric names should be written in 'snake_case' not 'camelCase'"] : []
  for (const { labels } of metrics)
    for (const [label] of labels) if (CAMEL_CASE.test(label)) texts.push("label names should be written in 'snake_case' not 'camelCase'")
  return texts
}

const ABBREVIATIONS = 's ms us ns sec b kb mb gb tb pb m h d'.split(' ')

function lintAbbreviation({ name }: MetricFamily): readonly string[] {
  return ABBREVIATIONS.filter((unit) => hasWord(name, unit)).map(() => 'metric names should not contain abbreviated units')
}

/** A word behind an underscore, up to the next one or the end; of whatever case. */
function hasWord(name: string, word: string): boolean {
  const lower = name.toLowerCase()
  return lower.includes(`_${word}_`) || lower.endsWith(`_${word}`)
}

/** Metrics with the labels of a later one, in the same order. */
function lintDuplicates({ metrics }: MetricFamily): readonly string[] {
  const later = new Set<string>()
  const texts: string[] = []
  for (let i = metrics.length - 1; i >= 0; i--) {
    const key = JSON.stringify(metrics[i].labels)
    if (later.has(key)) texts.push('metric not unique')
    later.add(key)
  }
  return texts
}
