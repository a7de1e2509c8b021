import { EXACT_POWERS_OF_TEN } from './float.ts'

const MINUS = 45
const PLUS = 43
const POINT = 46
const LETTER_E = 101

/**
 * Reads the decimal number at `start` into `out[0]` if it is short enough to be read exactly without making a string; answers the
 * position after it, or -1. Wants a byte that is no part of a number after the last one. Hot: once a line.
 */
export function readDecimal(bytes: Uint8Array, start: number, out: Float64Array): number {
  let p = start
  const negative = bytes[p] === MINUS
  if (negative) p++
  // Exact while below 2^53; a product or quotient of that with a power of ten up to 22 is then rounded once, so it is exact as well.
  let mantissa = 0
  let digitCount = 0
  let exponent = 0
  let digit = bytes[p] - 48
  while (digit >= 0 && digit <= 9) {
    mantissa = mantissa * 10 + digit
    digitCount++
    digit = bytes[++p] - 48
  }
  if (bytes[p] === POINT) {
    digit = bytes[++p] - 48
    const fraction = p
    while (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit
      digit = bytes[++p] - 48
    }
    digitCount += p - fraction
    exponent = fraction - p
  }
  if (digitCount > 0 && (bytes[p] | 32) === LETTER_E) {
    p++
    const negativeExponent = bytes[p] === MINUS
    if (negativeExponent || bytes[p] === PLUS) p++
    let shift = 0
    const digits = p
    digit = bytes[p] - 48
    while (digit >= 0 && digit <= 9 && shift < 10_000) {
      shift = shift * 10 + digit
      digit = bytes[++p] - 48
    }
    if (p === digits) return -1
    exponent += negativeExponent ? -shift : shift
  }
  if (digitCount === 0 || mantissa > Number.MAX_SAFE_INTEGER || exponent < -22 || exponent > 22) return -1
  const size = exponent < 0 ? mantissa / EXACT_POWERS_OF_TEN[-exponent] : mantissa * EXACT_POWERS_OF_TEN[exponent]
  out[0] = negative ? -size : size
  return p
}
