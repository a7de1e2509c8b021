import { zoneOffsetMinutes } from './time-zone.ts'

/** A point in time, and the zone in which it is shown. */
export interface ZonedTime {
  /** Since the epoch. */
  readonly nanoseconds: bigint
  /** A name of the IANA database, UTC, or an offset: +02:00. */
  readonly zone: string
}

export const SECOND_NS = 1_000_000_000n

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

export const modulo = (value: bigint, unit: bigint): bigint => ((value % unit) + unit) % unit
/** Towards the past, also of times before the epoch. */
export const floorDivide = (value: bigint, unit: bigint): bigint => (value - modulo(value, unit)) / unit

/** What clock and calendar show. */
export interface Civil {
  readonly Year: number
  readonly Month: number
  readonly Day: number
  readonly Hour: number
  readonly Minute: number
  readonly Second: number
  readonly Weekday: number
  /** Minutes east of UTC. */
  readonly offsetMinutes: number
}

/** The wall clock of a time in its zone. Throws for a zone that is not known. */
export function civil(time: ZonedTime): Civil {
  const ms = Number(floorDivide(time.nanoseconds, 1_000_000n))
  const offsetMinutes = zoneOffsetMinutes(ms, time.zone)
  const local = new Date(ms + offsetMinutes * 60_000)
  return {
    Year: local.getUTCFullYear(),
    Month: local.getUTCMonth() + 1,
    Day: local.getUTCDate(),
    Hour: local.getUTCHours(),
    Minute: local.getUTCMinutes(),
    Second: local.getUTCSeconds(),
    Weekday: local.getUTCDay(),
    offsetMinutes,
  }
}

export function yearDay({ Year, Month, Day }: Civil): number {
  return Math.round((Date.UTC(Year, Month - 1, Day) - Date.UTC(Year, 0, 1)) / 86_400_000) + 1
}
