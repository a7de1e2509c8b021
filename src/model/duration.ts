import { CodedError } from '../base/errors.ts'
import { quote } from './labels.ts'

const UNITS: readonly { readonly name: string; readonly ms: number; readonly onlyWhole: boolean }[] = [
  { name: 'y', ms: 365 * 86_400_000, onlyWhole: true },
  { name: 'w', ms: 7 * 86_400_000, onlyWhole: true },
  { name: 'd', ms: 86_400_000, onlyWhole: false },
  { name: 'h', ms: 3_600_000, onlyWhole: false },
  { name: 'm', ms: 60_000, onlyWhole: false },
  { name: 's', ms: 1000, onlyWhole: false },
  { name: 'ms', ms: 1, onlyWhole: false },
]

const SYNTAX = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** Go's largest time.Duration, in ms. */
const DURATION_MS_MAX = 9_223_372_036_854

/**
 * A duration as configuration files write it (`1h30m`, `250ms`, `0`), in ms. Throws a `bad_data` CodedError with upstream's wording.
 * Source: prometheus/common model/time.go, ParseDuration.
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  if (text === '') throw new CodedError('bad_data', 'empty duration string')
  const match = SYNTAX.exec(text)
  if (match === null) throw new CodedError('bad_data', `not a valid duration string: ${quote(text)}`)
  let ms = 0
  for (let i = 0; i < UNITS.length; i++) ms += Number(match[i + 1] ?? 0) * UNITS[i].ms
  if (ms > DURATION_MS_MAX) throw new CodedError('bad_data', 'duration out of range')
  return ms
}

/** The shortest text that upstream prints for a duration in ms: `1m30s`, `2w`, `0s`. Source: prometheus/common model/time.go, Duration.String. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  let out = ''
  for (const unit of UNITS) {
    if (unit.onlyWhole && ms % unit.ms !== 0) continue
    const count = Math.floor(ms / unit.ms)
    if (count > 0) out += `${count}${unit.name}`
    ms -= count * unit.ms
  }
  return out
}
