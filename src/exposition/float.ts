// How upstream reads and writes floats in the text formats.
// Source: Go strconv.ParseFloat and FormatFloat(v, 'g', -1, 64); Prometheus model/textparse, parseFloat and formatOpenMetricsFloat.

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const INFINITE = /^([+-]?)inf(?:inity)?$/i
const NOT_A_NUMBER = /^nan$/i

/** Powers of ten that a float64 holds exactly. */
export const EXACT_POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

/** Reads a value; `undefined` when it is no float or, as in Go, too large for one. Hexadecimal forms and `_` are refused, as upstream does. */
export function parseFloatText(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  const infinite = INFINITE.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity
  return NOT_A_NUMBER.test(text) ? NaN : undefined
}

/** What upstream says of a text, given in quotes, that `parseFloatText` refuses. Source: Prometheus model/textparse, parseFloat. */
export function floatFault(quoted: string): string {
  const text = quoted.slice(1, -1)
  if (/[pP_]/.test(text)) return 'unsupported character in float'
  return `strconv.ParseFloat: parsing ${quoted}: ${DECIMAL.test(text) ? 'value out of range' : 'invalid syntax'}`
}

/** Shortest text that reads back as the same float, in Go's layout: exponent form below 1e-4 and from 1e6 on (`1e+06`). */
export function formatFloatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const size = Math.abs(value)
  if (size >= 1e-4 && size < 1e6) return String(value)
  const [digits, exponent] = value.toExponential().split('e')
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}

/** The form of `le` and `quantile` values in stored series: always with a point or an exponent (`1.0`). */
export function formatBucketBound(value: number): string {
  const text = formatFloatText(value)
  return Number.isFinite(value) && !text.includes('.') && !text.includes('e') ? `${text}.0` : text
}
