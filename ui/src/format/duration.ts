// Durations as PromQL writes them: `1h30m`, units from years to milliseconds, each at most once, largest first.
// Source: Prometheus documentation, querying/basics, "Float literals and time durations".

const units = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

const pattern = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** Milliseconds of a duration such as `1h30m`; a bare number means seconds. Undefined when the text is neither, or is zero. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim()
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1000) || undefined
  const match = pattern.exec(trimmed)
  if (trimmed === '' || match === null) return undefined
  let totalMs = 0
  for (const [index, [, unitMs]] of units.entries()) totalMs += Number(match[index + 1] ?? 0) * unitMs
  return totalMs === 0 ? undefined : totalMs
}

/** The shortest exact form: 5,400,000 is `1h30m`. Years are not used: a week divides what people type, a year does not. */
export function formatDuration(durationMs: number): string {
  let restMs = Math.round(durationMs)
  if (restMs <= 0) return '0s'
  let text = ''
  for (const [unit, unitMs] of units) {
    if (unit === 'y') continue
    // 8 days reads better than one week and a day.
    if (unit === 'w' && restMs % unitMs !== 0) continue
    const count = Math.floor(restMs / unitMs)
    if (count === 0) continue
    text += `${count}${unit}`
    restMs -= count * unitMs
  }
  return text
}

/** How long ago, in the two largest units at most: `3.2s ago`, `4m 10s ago`. A time ahead of the clock is `now`. */
export function formatAgo(ageMs: number): string {
  if (ageMs < 0) return 'now'
  if (ageMs < 10_000) return `${(ageMs / 1000).toFixed(1)}s ago`
  if (ageMs < 60_000) return `${Math.floor(ageMs / 1000)}s ago`
  if (ageMs < 3_600_000) return `${Math.floor(ageMs / 60_000)}m ${Math.floor((ageMs % 60_000) / 1000)}s ago`
  if (ageMs < 86_400_000) return `${Math.floor(ageMs / 3_600_000)}h ${Math.floor((ageMs % 3_600_000) / 60_000)}m ago`
  return `${Math.floor(ageMs / 86_400_000)}d ${Math.floor((ageMs % 86_400_000) / 3_600_000)}h ago`
}

/** A measured span given in seconds, in the unit that leaves one to three digits: `4.31 ms`. */
export function formatSpan(seconds: number): string {
  if (seconds >= 1) return `${seconds.toPrecision(3)} s`
  if (seconds >= 0.001) return `${(seconds * 1000).toPrecision(3)} ms`
  return `${(seconds * 1e6).toPrecision(3)} µs`
}
