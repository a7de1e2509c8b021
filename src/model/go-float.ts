import { formatFloat } from './go-text.ts'

// How Go reads and writes float64 where its texts are seen: bucket bounds, numbers in messages.
// Source: Go strconv, ParseFloat and FormatFloat.

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const INFINITE = /^([+-]?)inf(inity)?$/i
const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)$/

/** The number, or undefined for what ParseFloat refuses. */
export function parseFloatText(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  const infinite = INFINITE.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (/^nan$/i.test(text)) return Number.NaN
  const hexadecimal = HEXADECIMAL.exec(text)
  if (hexadecimal === null || hexadecimal[2] + hexadecimal[3] === '') return undefined
  const [, sign, whole, fraction, exponent] = hexadecimal
  const mantissa = Number(`0x${whole}${fraction}`)
  const value = mantissa * 2 ** (Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -value : value
}

function formatSpecial(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  return undefined
}

/** The shortest digits, with an exponent below 1e-4 and from 1e6 up (verbs %g and %v). */
export function formatGeneral(value: number): string {
  const special = formatSpecial(value)
  if (special !== undefined) return special
  const [mantissa, exponent] = value.toExponential().split('e')
  const power = Number(exponent)
  return power < -4 || power >= 6 ? withExponent(mantissa, power) : formatFloat(value)
}

/** At most `precision` significant digits (verb %.2g and the like). */
export function formatGeneralPrecision(value: number, precision: number): string {
  const special = formatSpecial(value)
  if (special !== undefined) return special
  const [mantissa, exponent] = value.toExponential(precision - 1).split('e')
  const power = Number(exponent)
  if (power < -4 || power >= precision) return withExponent(mantissa.replace(/\.?0+$/, ''), power)
  return formatFloat(Number(value.toPrecision(precision)))
}

function withExponent(mantissa: string, power: number): string {
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

/** The shortest digits, always with an exponent (verb %e with precision -1): 1e+00. */
export function formatExponent(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const [mantissa = '', exponent] = (Object.is(value, -0) ? '-0e+0' : value.toExponential()).split('e')
  return withExponent(mantissa, Number(exponent))
}
