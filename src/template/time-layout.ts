import { civil, floorDivide, MONTHS, modulo, SECOND_NS, WEEKDAYS, yearDay, type ZonedTime } from './civil-time.ts'
import { zoneAbbreviation } from './time-zone.ts'

const two = (value: number): string => String(value).padStart(2, '0')

// Longest first: `2006` before `2`, `01` before `1`. A fraction follows a second: `.000`, `,999`.
const LAYOUT =
  /January|Jan|Monday|Mon(?![a-z])|MST|2006|__2|002|01|02|03|04|05|06|15|_2(?!006)|-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g

/** A time by a layout of Go, the reference time 2006-01-02 15:04:05 MST. Source: Go time/format.go. */
export function formatGoTime(time: ZonedTime, layout: string): string {
  const at = civil(time)
  const ms = Number(floorDivide(time.nanoseconds, 1_000_000n))
  const nanos = modulo(time.nanoseconds, SECOND_NS).toString().padStart(9, '0')
  const hour12 = at.Hour % 12 === 0 ? 12 : at.Hour % 12
  return layout.replace(LAYOUT, (token) => {
    switch (token) {
      case 'January':
        return MONTHS[at.Month - 1] as string
      case 'Jan':
        return (MONTHS[at.Month - 1] as string).slice(0, 3)
      case 'Monday':
        return WEEKDAYS[at.Weekday] as string
      case 'Mon':
        return (WEEKDAYS[at.Weekday] as string).slice(0, 3)
      case 'MST':
        return zoneAbbreviation(ms, time.zone, at.offsetMinutes)
      case '2006':
        return String(at.Year).padStart(4, '0')
      case '06':
        return two(at.Year % 100)
      case '01':
        return two(at.Month)
      case '1':
        return String(at.Month)
      case '02':
        return two(at.Day)
      case '2':
        return String(at.Day)
      case '_2':
        return String(at.Day).padStart(2, ' ')
      case '002':
        return String(yearDay(at)).padStart(3, '0')
      case '__2':
        return String(yearDay(at)).padStart(3, ' ')
      case '15':
        return two(at.Hour)
      case '03':
        return two(hour12)
      case '3':
        return String(hour12)
      case '04':
        return two(at.Minute)
      case '4':
        return String(at.Minute)
      case '05':
        return two(at.Second)
      case '5':
        return String(at.Second)
      case 'PM':
        return at.Hour >= 12 ? 'PM' : 'AM'
      case 'pm':
        return at.Hour >= 12 ? 'pm' : 'am'
      default:
        if (token.startsWith('.') || token.startsWith(',')) return fraction(token, nanos)
        return offset(token, at.offsetMinutes)
    }
  })
}

function fraction(token: string, nanos: string): string {
  const digits = nanos.slice(0, Math.min(token.length - 1, 9))
  if (token[1] === '0') return `${token[0]}${digits.padEnd(token.length - 1, '0')}`
  const trimmed = digits.replace(/0+$/, '')
  return trimmed === '' ? '' : `${token[0]}${trimmed}`
}

function offset(token: string, offsetMinutes: number): string {
  if (token.startsWith('Z') && offsetMinutes === 0) return 'Z'
  const sign = offsetMinutes < 0 ? '-' : '+'
  const minutes = Math.abs(offsetMinutes)
  const hours = two(Math.floor(minutes / 60))
  const rest = two(minutes % 60)
  switch (token.slice(1)) {
    case '07':
      return `${sign}${hours}`
    case '0700':
      return `${sign}${hours}${rest}`
    case '07:00':
      return `${sign}${hours}:${rest}`
    case '070000':
      return `${sign}${hours}${rest}00`
    default:
      return `${sign}${hours}:${rest}:00`
  }
}
