const SECOND_NS = 1_000_000_000n

/** A span of milliseconds as Go prints it; fractions of a nanosecond are rounded. */
export function goDurationText(spanMs: number): string {
  const whole = Math.trunc(spanMs)
  return formatGoDuration(BigInt(whole) * 1_000_000n + BigInt(Math.round((spanMs - whole) * 1e6)))
}

/** Go's Duration.String: 1h2m3.5s, 1.5ms, 0s. */
export function formatGoDuration(nanoseconds: bigint): string {
  const negative = nanoseconds < 0n
  const ns = negative ? -nanoseconds : nanoseconds
  const sign = negative ? '-' : ''
  if (ns === 0n) return '0s'
  if (ns < 1000n) return `${sign}${ns}ns`
  if (ns < 1_000_000n) return `${sign}${decimal(ns, 1000n)}µs`
  if (ns < SECOND_NS) return `${sign}${decimal(ns, 1_000_000n)}ms`
  const seconds = decimal(ns % (60n * SECOND_NS), SECOND_NS)
  const minutes = ns / (60n * SECOND_NS)
  if (minutes === 0n) return `${sign}${seconds}s`
  return minutes < 60n ? `${sign}${minutes}m${seconds}s` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}s`
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .replace(/0+$/, '')
  return `${value / unit}${fraction === '' ? '' : `.${fraction}`}`
}
