import { CodedError } from '../base/errors.ts'

const UNIT_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Go's durations, `1h15m30.918s`, in ms. Throws `bad_data` with Go's texts. Source: Go time.ParseDuration. */
export function parseGoDuration(text: string): number {
  const [, sign, rest] = /^([+-]?)(.*)$/s.exec(text)!
  if (rest === '0') return 0
  const invalid = () => new CodedError('bad_data', `time: invalid duration ${JSON.stringify(text)}`)
  if (rest === '') throw invalid()
  let durationMs = 0
  const part = /(\d+\.?\d*|\.\d+)([^\d.]*)/gy
  while (part.lastIndex < rest.length) {
    const found = part.exec(rest)
    if (found === null) throw invalid()
    const [, number, unit] = found
    if (unit === '') throw new CodedError('bad_data', `time: missing unit in duration ${JSON.stringify(text)}`)
    const unitMs = UNIT_MS[unit]
    if (unitMs === undefined)
      throw new CodedError('bad_data', `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`)
    durationMs += Number(number) * unitMs
  }
  return sign === '-' ? -durationMs : durationMs
}
