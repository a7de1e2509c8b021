import { unquoteGo } from './quote.ts'

/** What a constant is as a whole number and as a float64. */
export interface NumberConstant {
  readonly int: bigint | null
  readonly float: number
  /** Whether it is written as a float: `1.0` and `1e3` are float64 where nothing else is asked for. */
  readonly looksFloat: boolean
}

/**
 * A number or character constant of a template, or what is wrong with it.
 * Source: Go text/template/parse, NumberNode; the literals of Go's language, complex ones excepted.
 */
export function parseNumber(text: string): NumberConstant | string {
  if (text.startsWith("'")) {
    const value = unquoteGo(text)
    const point = value?.codePointAt(0)
    if (value === null || point === undefined || [...(value ?? '')].length !== 1) return `malformed character constant: ${text}`
    return { int: BigInt(point), float: point, looksFloat: false }
  }
  if (text.endsWith('i')) return `complex numbers are not supported: ${text}`
  const bad = `bad number syntax: ${JSON.stringify(text)}`
  const match = /^([+-]?)(.*)$/.exec(text)
  const negative = match?.[1] === '-'
  const body = match?.[2] ?? ''
  if (/__|_$|^_|[._]\.|\._/.test(body)) return bad
  const plain = body.replaceAll('_', '')
  if (/^(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)$/.test(plain)) {
    const int = BigInt(/^0[0-7]+$/.test(plain) ? `0o${plain.slice(1)}` : plain)
    const signed = negative ? -int : int
    if (signed >= -(1n << 63n) && signed < 1n << 63n) return { int: signed, float: Number(signed), looksFloat: false }
    return `integer overflow: ${JSON.stringify(text)}`
  }
  const float = hexFloat(plain) ?? (/^([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(plain) ? Number(plain) : null)
  if (float === null || !Number.isFinite(float)) return bad
  const value = negative ? -float : float
  return { int: Number.isSafeInteger(value) ? BigInt(value) : null, float: value, looksFloat: true }
}

function hexFloat(text: string): number | null {
  const match = /^0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?[0-9]+)$/.exec(text)
  if (match === null) return null
  const whole = match[1] ?? ''
  const fraction = match[2] ?? ''
  if (whole.length + fraction.length === 0) return null
  return Number(`0x${whole}${fraction}`) * 2 ** (Number(match[3]) - 4 * fraction.length)
}
