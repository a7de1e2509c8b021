import { CodedError } from '../base/errors.ts'

/** Units in the order in which they must be written, with their length in ms. A year has 365 days. */
const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['y', 365 * 24 * 3_600_000],
  ['w', 7 * 24 * 3_600_000],
  ['d', 24 * 3_600_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]

/** The longest duration upstream can hold: 2^63 - 1 ns. */
const DURATION_MS_MAX = 2 ** 63 / 1e6

/**
 * Prometheus' durations, `1d2h3m4s5ms`, in ms: units from long to short, each at most once, no sign, no fraction; `0` needs no unit.
 * Throws `bad_data` with upstream's texts. Source: prometheus/common model/time.go, ParseDuration.
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  if (text === '') throw new CodedError('bad_data', 'empty duration string')
  let durationMs = 0
  let unitIndexMin = 0
  let position = 0
  while (position < text.length) {
    const digits = /\d*/y
    digits.lastIndex = position
    const count = digits.exec(text)![0]
    const rest = /\D*/y
    rest.lastIndex = position + count.length
    const unit = rest.exec(text)![0]
    if (count === '' || unit === '' || BigInt(count) >= 1n << 64n) throw invalid(text)
    const unitIndex = UNITS.findIndex(([name]) => name === unit)
    if (unitIndex < 0) throw new CodedError('bad_data', `unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`)
    if (unitIndex < unitIndexMin) throw invalid(text)
    unitIndexMin = unitIndex + 1
    durationMs += Number(count) * UNITS[unitIndex][1]
    if (durationMs >= DURATION_MS_MAX) throw new CodedError('bad_data', 'duration out of range')
    position += count.length + unit.length
  }
  return durationMs
}

function invalid(text: string): CodedError {
  return new CodedError('bad_data', `not a valid duration string: ${JSON.stringify(text)}`)
}

/**
 * The shortest way upstream would write a duration: `90m` is `1h30m`; years and weeks only where they leave no rest.
 * Source: prometheus/common model/time.go, Duration.String.
 */
export function formatDuration(durationMs: number): string {
  let rest = Math.trunc(Math.abs(durationMs))
  if (rest === 0) return '0s'
  let out = durationMs < 0 ? '-' : ''
  for (const [unit, ms] of UNITS) {
    if ((unit === 'y' || unit === 'w') && rest % ms !== 0) continue
    const count = Math.floor(rest / ms)
    if (count === 0) continue
    out += `${count}${unit}`
    rest -= count * ms
  }
  return out
}

/**
 * A duration as the HTTP API takes it, in ms: seconds as a float, or Prometheus' notation. May be negative.
 * Throws `bad_data` with upstream's texts. Source: Prometheus web/api/v1/api.go, parseDuration.
 */
export function parseDurationOrSeconds(text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) || /^[+-]?(inf|infinity)$/i.test(text)) {
    const seconds = /inf/i.test(text) ? Infinity : Number(text)
    if (Math.abs(seconds) * 1e9 > 2 ** 63) {
      throw new CodedError('bad_data', `cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`)
    }
    // To whole nanoseconds first, as upstream: 0.1 s is 100 ms and not 100.00000000000001.
    return Math.trunc(seconds * 1e9) / 1e6
  }
  try {
    return parseDuration(text)
  } catch (cause) {
    throw new CodedError('bad_data', `cannot parse ${JSON.stringify(text)} to a valid duration`, { cause })
  }
}
