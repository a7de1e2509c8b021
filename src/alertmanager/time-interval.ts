import type { Timestamp } from '../model/time.ts'

/** An inclusive range of whole numbers. */
export interface NumberRange {
  readonly begin: number
  readonly end: number
}

/** Minutes of a day, 0 to 1440; the end is exclusive. */
export interface MinuteRange {
  readonly startMinute: number
  readonly endMinute: number
}

/** A time is in it where every field that is given has it in one of its ranges. Source: Alertmanager timeinterval/timeinterval.go. */
export interface TimeInterval {
  readonly times?: readonly MinuteRange[] | undefined
  /** 0 is Sunday. */
  readonly weekdays?: readonly NumberRange[] | undefined
  /** From 1; negative ones count from the end of the month, -1 is its last day. */
  readonly daysOfMonth?: readonly NumberRange[] | undefined
  /** From 1. */
  readonly months?: readonly NumberRange[] | undefined
  readonly years?: readonly NumberRange[] | undefined
  /** Of the IANA database; undefined: UTC. */
  readonly location?: string | undefined
}

export function containsTime(interval: TimeInterval, time: Timestamp): boolean {
  const at = civilTime(time, interval.location)
  const within = (ranges: readonly NumberRange[] | undefined, value: number): boolean =>
    ranges === undefined || ranges.some(({ begin, end }) => value >= begin && value <= end)
  const minute = at.hour * 60 + at.minute
  return (
    (interval.times?.some(({ startMinute, endMinute }) => minute >= startMinute && minute < endMinute) ?? true) &&
    (interval.daysOfMonth?.some((days) => containsDay(days, at)) ?? true) &&
    within(interval.months, at.month) &&
    within(interval.weekdays, at.weekday) &&
    within(interval.years, at.year)
  )
}

/** Days that a month does not have are taken for its last ones; a range that begins after its end has none. */
function containsDay({ begin, end }: NumberRange, { year, month, day }: CivilTime): boolean {
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const first = begin < 0 ? days + begin + 1 : begin
  const last = end < 0 ? days + end + 1 : end
  return first <= days && day >= first && day <= Math.min(last, days)
}

interface CivilTime {
  readonly year: number
  /** From 1. */
  readonly month: number
  readonly day: number
  /** 0 is Sunday. */
  readonly weekday: number
  readonly hour: number
  readonly minute: number
}

/** What clocks and calendars of a zone show. */
function civilTime(time: Timestamp, zone: string | undefined): CivilTime {
  const utc = new Date(zone === undefined ? time : time + zoneOffset(time, zone))
  return {
    year: utc.getUTCFullYear(),
    month: utc.getUTCMonth() + 1,
    day: utc.getUTCDate(),
    weekday: utc.getUTCDay(),
    hour: utc.getUTCHours(),
    minute: utc.getUTCMinutes(),
  }
}

/** ms to add to a time in UTC. */
function zoneOffset(time: Timestamp, zone: string): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of zoneFormat(zone).formatToParts(time)) parts[type] = Number(value)
  const shown = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second)
  return shown - Math.floor(time / 1000) * 1000
}

/** A format takes some 50 µs to make. There are as many as zones that are configured. */
const formats = new Map<string, Intl.DateTimeFormat>()

/** Throws a RangeError where the zone is none. */
function zoneFormat(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(zone, format)
  }
  return format
}

/**
 * The zone that a name of the IANA database stands for, `Local` that of this machine; undefined: there is none. Upstream reads a file of
 * that name, so an offset (`+02:00`) and other letters (`europe/berlin`) are none.
 */
export function findTimeZone(name: string): string | undefined {
  if (name === '') return 'UTC'
  if (name === 'Local') return new Intl.DateTimeFormat('en-US').resolvedOptions().timeZone
  if (!/^[A-Z]/.test(name)) return undefined
  try {
    const known = zoneFormat(name).resolvedOptions().timeZone
    return known !== name && known.toLowerCase() === name.toLowerCase() ? undefined : name
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
