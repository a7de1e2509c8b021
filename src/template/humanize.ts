import { sprintf } from './sprintf.ts'

// Numbers as people read them. Source: Prometheus util/strutil and template, "Numbers"; prometheus/common helpers/templates.

const LARGE = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
const LARGE_1024 = ['', 'ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']
const SMALL = ['', 'm', 'u', 'n', 'p', 'f', 'a', 'z', 'y']

const short = (value: number): string => sprintf('%.4g', [value])

/** 1234567 → 1.235M. */
export function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return short(value)
  return Math.abs(value) >= 1 ? scaled(value, 1000, LARGE) : small(value)
}

/** 1048576 → 1Mi. */
export function humanize1024(value: number): string {
  return Math.abs(value) <= 1 || !Number.isFinite(value) ? short(value) : scaled(value, 1024, LARGE_1024)
}

function scaled(value: number, base: number, prefixes: readonly string[]): string {
  let rest = value
  let power = 0
  while (Math.abs(rest) >= base && power < prefixes.length - 1) {
    rest /= base
    power++
  }
  return short(rest) + prefixes[power]
}

function small(value: number): string {
  let rest = value
  let power = 0
  while (Math.abs(rest) < 1 && power < SMALL.length - 1) {
    rest *= 1000
    power++
  }
  return short(rest) + SMALL[power]
}

/** Seconds: 90061 → 1d 1h 1m 1s, 0.001 → 1ms. */
export function humanizeDuration(value: number): string {
  if (!Number.isFinite(value)) return short(value)
  if (value === 0) return `${short(value)}s`
  if (Math.abs(value) < 1) return `${small(value)}s`
  const sign = value < 0 ? '-' : ''
  const total = Math.abs(value)
  const whole = Math.trunc(total)
  const seconds = whole % 60
  const minutes = Math.floor(whole / 60) % 60
  const hours = Math.floor(whole / 3600) % 24
  const days = Math.floor(whole / 86_400)
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${seconds}s`
  if (minutes > 0) return `${sign}${minutes}m ${seconds}s`
  return `${sign}${short(total)}s`
}

/** 0.1234 → 12.34%. */
export function humanizePercentage(value: number): string {
  return `${short(value * 100)}%`
}
