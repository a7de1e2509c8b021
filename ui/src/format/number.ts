import type { Unit } from './unit.ts'

// Values are shown short on axes and tooltips and exact in tables: a table is where people copy numbers from.

const decimalPrefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E']
const binaryPrefixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const fractionPrefixes = ['', 'm', 'µ', 'n', 'p']

/** A number with at most four significant digits and an SI prefix, in its unit: `1.25 GiB`, `3.1 ms`, `12.5 k`. */
export function formatShort(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return formatExact(value)
  if (value === 0) return unit === 'none' ? '0' : `0 ${suffixOf(unit, '')}`
  if (unit === 'seconds' && Math.abs(value) >= 120) return formatLongSeconds(value)
  const binary = unit === 'bytes' || unit === 'bytes/s'
  const base = binary ? 1024 : 1000
  const prefixes = binary ? binaryPrefixes : decimalPrefixes
  const magnitude = Math.abs(value)
  if (magnitude < 1 && !binary) {
    // Unitless fractions (ratios, cores) read better as plain decimals until they are tiny.
    if (unit === 'none' && magnitude >= 0.0001) return trimZeros(value.toPrecision(3))
    let power = 0
    while (power < fractionPrefixes.length - 1 && magnitude * 1000 ** power < 0.9995) power++
    if (magnitude * 1000 ** power < 0.001) return value.toExponential(2)
    return join(trimZeros((value * 1000 ** power).toPrecision(4)), suffixOf(unit, fractionPrefixes[power]))
  }
  // Seconds do not come in kilos; what is larger was handled above.
  let power = 0
  while (unit !== 'seconds' && power < prefixes.length - 1 && magnitude / base ** power >= base * 0.99995) power++
  // Four digits without a prefix are easier than `1.5 k`.
  if (unit === 'none' && magnitude < 10_000) power = 0
  return join(trimZeros((value / base ** power).toPrecision(4)), suffixOf(unit, prefixes[power]))
}

/** All digits that matter; grouping is left out so that the text pastes back into a query. */
export function formatExact(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}

/** A sample value as the API writes it (`"NaN"`, `"+Inf"`, `"1e-05"`) as a number. */
export function parseSampleValue(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  return Number(text)
}

/** A count of things with thin grouping: `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

function formatLongSeconds(seconds: number): string {
  const magnitude = Math.abs(seconds)
  if (magnitude < 7200) return `${trimZeros((seconds / 60).toPrecision(3))} min`
  if (magnitude < 172_800) return `${trimZeros((seconds / 3600).toPrecision(3))} h`
  return `${trimZeros((seconds / 86_400).toPrecision(magnitude < 86_400_000 ? 3 : 6))} d`
}

function suffixOf(unit: Unit, prefix: string): string {
  switch (unit) {
    case 'bytes':
      return `${prefix}B`
    case 'bytes/s':
      return `${prefix}B/s`
    case 'seconds':
      return `${prefix}s`
    case 'none':
      return prefix
  }
}

function join(digits: string, suffix: string): string {
  return suffix === '' ? digits : `${digits} ${suffix}`
}

function trimZeros(digits: string): string {
  if (digits.includes('e')) return String(Number(digits))
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits
}
