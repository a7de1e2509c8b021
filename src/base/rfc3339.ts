// Times as RFC 3339 text, the way Go's time.RFC3339Nano reads and writes them.

const PATTERN = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/

/** Unix ms, cut (not rounded) to whole ms; undefined for what is not RFC 3339 or no day of the calendar. */
export function parseRfc3339(text: string): number | undefined {
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number)
  const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)]
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59)
    return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCDate() !== day) return undefined
  date.setUTCHours(hour, minute, second, Number((match[7] ?? '').padEnd(3, '0').slice(0, 3)))
  const offsetMs = (offsetHour * 60 + offsetMinute) * 60_000
  return date.getTime() - (match[8] === '-' ? -offsetMs : offsetMs)
}

/** `2026-11-22T02:05:02.49Z`: UTC, no trailing zeros. 0 is Go's zero time, `0001-01-01T00:00:00Z`. */
export function formatRfc3339(time: number): string {
  if (time === 0) return '0001-01-01T00:00:00Z'
  return new Date(time).toISOString().replace(/\.?0*Z$/, 'Z')
}
