// Times and values of samples as bytes. Hot: once a point of every answer; nothing allocates but a float that needs
// more than 15 digits. Earned by encode-query.bench.ts.
// Source: Prometheus util/jsonutil/marshal.go, MarshalTimestamp and MarshalFloat.

/** Room that `writeTimestamp` and `writeValue` may take, each. */
export const NUMBER_BYTES_MAX = 32

const ZERO = 48
const MINUS = 45
const POINT = 46

/** Writes Unix ms as seconds: `1700000000` or, with three digits after the point, `1700000000.470`. Returns the position behind. */
export function writeTimestamp(bytes: Uint8Array, position: number, t: number): number {
  if (t < 0) {
    bytes[position++] = MINUS
    t = -t
  }
  const seconds = Math.floor(t / 1000)
  position = writeInteger(bytes, position, seconds)
  const ms = t - seconds * 1000
  if (ms === 0) return position
  bytes[position] = POINT
  bytes[position + 1] = ZERO + ((ms / 100) | 0)
  bytes[position + 2] = ZERO + (((ms / 10) | 0) % 10)
  bytes[position + 3] = ZERO + (ms % 10)
  return position + 4
}

/**
 * Writes a value with the shortest digits that read back as the same: with an exponent (`1e-07`, `1e+21`) below 1e-6
 * and from 1e21 on, as JavaScript does too. Returns the position behind.
 */
export function writeValue(bytes: Uint8Array, position: number, v: number): number {
  let size = v
  if (v < 0) {
    bytes[position] = MINUS
    size = -v
  }
  const digits = v < 0 ? position + 1 : position
  if (size < 1e15) {
    if (Math.floor(size) === size && !Object.is(v, -0)) return writeInteger(bytes, digits, size)
    // A decimal of at most 15 digits is the shortest one of its float: two such decimals never share one.
    if (size < 1e9) {
      const millionths = Math.round(size * 1e6)
      if (millionths / 1e6 === size && millionths > 0) return writeMillionths(bytes, digits, millionths)
    }
  }
  return writeText(bytes, position, formatValue(v))
}

/** The same as text: what `writeValue` falls back to. */
export function formatValue(v: number): string {
  if (v === Number.POSITIVE_INFINITY) return '+Inf'
  if (v === Number.NEGATIVE_INFINITY) return '-Inf'
  if (v === 0) return Object.is(v, -0) ? '-0' : '0'
  const text = String(v)
  // Go writes at least two digits of an exponent; below 1e-6 JavaScript may write one.
  return text.charCodeAt(text.length - 3) === 0x65 ? `${text.slice(0, -1)}0${text.slice(-1)}` : text
}

/** The shortest digits without an exponent, however many zeros that takes: scalars. */
export function formatWithoutExponent(v: number): string {
  if (!Number.isFinite(v) || v === 0) return formatValue(v)
  const text = String(v)
  const cut = text.indexOf('e')
  if (cut < 0) return text
  const sign = v < 0 ? '-' : ''
  const digits = text.slice(sign.length, cut).replace('.', '')
  const exponent = Number(text.slice(cut + 1))
  return exponent < 0 ? `${sign}0.${'0'.repeat(-exponent - 1)}${digits}` : sign + digits.padEnd(exponent + 1, '0')
}

/** A whole number from 0 to 2^53. */
function writeInteger(bytes: Uint8Array, position: number, n: number): number {
  if (n < 1e9) return writeSmall(bytes, position, n | 0, digitCount(n | 0))
  const high = Math.floor(n / 1e9)
  const low = (n - high * 1e9) | 0
  return writeSmall(bytes, writeInteger(bytes, position, high), low, 9)
}

/** The last `count` digits of an integer below 2^31. */
function writeSmall(bytes: Uint8Array, position: number, n: number, count: number): number {
  for (let i = position + count - 1; i >= position; i--) {
    const rest = (n / 10) | 0
    bytes[i] = ZERO + n - rest * 10
    n = rest
  }
  return position + count
}

function digitCount(n: number): number {
  if (n < 1e4) return n < 1e2 ? (n < 10 ? 1 : 2) : n < 1e3 ? 3 : 4
  if (n < 1e6) return n < 1e5 ? 5 : 6
  return n < 1e8 ? (n < 1e7 ? 7 : 8) : 9
}

function writeMillionths(bytes: Uint8Array, position: number, millionths: number): number {
  const whole = Math.floor(millionths / 1e6) | 0
  position = writeSmall(bytes, position, whole, digitCount(whole))
  // As integers: a remainder of floats takes longer than all else here.
  let fraction = (millionths - whole * 1e6) | 0
  let count = 6
  if (fraction % 1000 === 0) {
    fraction = (fraction / 1000) | 0
    count = 3
  }
  while (fraction % 10 === 0) {
    fraction = (fraction / 10) | 0
    count--
  }
  bytes[position] = POINT
  return writeSmall(bytes, position + 1, fraction, count)
}

function writeText(bytes: Uint8Array, position: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[position + i] = text.charCodeAt(i)
  return position + text.length
}
