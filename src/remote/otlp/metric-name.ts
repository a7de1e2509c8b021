// Names of metrics and units. Source: prometheus/otlptranslator, metric_namer.go and unit_namer.go; the OpenTelemetry specification,
// "Prometheus and OpenMetrics compatibility".

import { quote } from '../../base/go-quote.ts'
import { addsSuffixes, escapesNames, type TranslationStrategy } from './translation-strategy.ts'

const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '1': '',
  '%': 'percent',
}

const PER_UNITS: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
}

/** What a name depends on. */
export interface NamedMetric {
  readonly name: string
  readonly unit: string
  readonly isGauge: boolean
  readonly isMonotonicSum: boolean
}

/** The metric's name, or why there is none. */
export function metricName(metric: NamedMetric, strategy: TranslationStrategy): { readonly name: string } | { readonly fault: string } {
  if (!escapesNames(strategy)) {
    const name = addsSuffixes(strategy) ? withSuffixes(metric) : metric.name
    return name === '' ? { fault: 'metric has no name' } : { name }
  }
  const name = addsSuffixes(strategy) ? tokenName(metric) : plainName(metric.name)
  if (name === '') return { fault: `normalization for metric ${quote(metric.name)} resulted in empty name` }
  if (name !== metric.name && /^_*$/.test(name))
    return { fault: `normalization for metric ${quote(metric.name)} resulted in invalid name ${quote(name)}` }
  return { name }
}

/** The unit in words, within the old alphabet or not: what the metadata says, and the label `__unit__`. */
export function unitName(unit: string, strategy?: TranslationStrategy): string {
  let [main, per] = unitSuffixes(unit)
  if (strategy === undefined || escapesNames(strategy)) [main, per] = [cleanUnit(main), cleanUnit(per)]
  const whole = main !== '' && per !== '' ? `${main}_${per}` : main || per
  return whole.replace(/^_/, '').replace(/_$/, '')
}

/** Without UTF-8, and without suffixes. */
function plainName(name: string): string {
  const joined = name
    .split(/[^a-zA-Z0-9:_]+/)
    .filter((part) => part !== '')
    .join('_')
  return startsWithDigit(joined) ? `_${joined}` : joined
}

/** Without UTF-8: parts of the old alphabet, then those of unit and type that are not there yet. */
function tokenName({ name, unit, isGauge, isMonotonicSum }: NamedMetric): string {
  let tokens = name.split(/[^a-zA-Z0-9:]+/).filter((part) => part !== '')
  const [main, per] = unitSuffixes(unit)
  addUnit(tokens, cleanUnit(main), cleanUnit(per))
  if (isMonotonicSum) tokens = [...tokens.filter((token) => token !== 'total'), 'total']
  if (unit === '1' && isGauge) tokens = [...tokens.filter((token) => token !== 'ratio'), 'ratio']
  const joined = tokens.join('_')
  return startsWithDigit(joined) ? `_${joined}` : joined
}

function addUnit(tokens: string[], mainUnit: string, perUnit: string): void {
  let main = tokens.includes(mainUnit) ? '' : mainUnit
  let per = perUnit === 'per_' ? '' : perUnit.replace(/_$/, '')
  if (tokens.includes(per)) per = ''
  if (per !== '') main = main.replace(/_$/, '')
  if (main !== '') tokens.push(main)
  if (per !== '') tokens.push(per)
}

/** With UTF-8. */
function withSuffixes({ name: given, unit, isGauge, isMonotonicSum }: NamedMetric): string {
  const isRatio = unit === '1' && isGauge
  const [main, per] = unitSuffixes(unit)
  let name = given
  if (isRatio) name = withoutSuffix(name, 'ratio')
  if (isMonotonicSum) name = withoutSuffix(name, 'total')
  if (per !== '') name = withoutSuffix(name, per)
  if (main !== '' && !name.endsWith(main)) name = `${name}_${main}`
  if (per !== '') name = `${name}_${per}`
  if (isMonotonicSum) name = `${name}_total`
  return isRatio ? `${name}_ratio` : name
}

/** With the character before it, whatever that is. */
function withoutSuffix(name: string, suffix: string): string {
  return name.endsWith(suffix) && name.length > suffix.length + 1 ? name.slice(0, -suffix.length - 1) : name
}

function unitSuffixes(unit: string): [main: string, per: string] {
  const cut = unit.indexOf('/')
  const main = (cut < 0 ? unit : unit.slice(0, cut)).trim()
  const per = cut < 0 ? '' : unit.slice(cut + 1).trim()
  const isShown = (part: string) => part !== '' && !/[{}]/.test(part)
  return [isShown(main) ? inWords(UNITS, main) : '', isShown(per) ? `per_${inWords(PER_UNITS, per)}` : '']
}

function inWords(words: Readonly<Record<string, string>>, unit: string): string {
  return Object.hasOwn(words, unit) ? words[unit] : unit
}

function cleanUnit(unit: string): string {
  return unit.replace(/[^a-zA-Z0-9:]+/g, '_').replace(/^_/, '')
}

function startsWithDigit(name: string): boolean {
  return /^[0-9]/.test(name)
}
