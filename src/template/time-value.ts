import { type Callable, GoObject, type Value } from './value.ts'

// Go's time.Time, time.Duration, time.Month and time.Weekday, as templates see them. Source: Go time, format.go and time.go.

/** A whole number with a name of its own: %d prints the number, %v its text. */
export class GoNamedInt extends GoObject {
  readonly value: bigint
  readonly typeName: string
  readonly #text: string

  constructor(typeName: string, value: bigint, text: string) {
    super()
    this.typeName = typeName
    this.value = value
    this.#text = text
  }

  isTrue(): boolean {
    return this.value !== 0n
  }

  format(): string {
    return this.#text
  }

  override method(name: string): Callable | undefined {
    return name === 'String' ? { params: [], call: () => this.#text } : undefined
  }
}

const SECOND_NS = 1_000_000_000n

/** A span of time in nanoseconds. */
export class GoDuration extends GoNamedInt {
  constructor(nanoseconds: bigint) {
    super('time.Duration', nanoseconds, formatGoDuration(nanoseconds))
  }

  override method(name: string): Callable | undefined {
    const ns = this.value
    const get = (value: Value): Callable => ({ params: [], call: () => value })
    const step = (call: (unit: bigint) => bigint): Callable => ({
      params: [{ type: 'time.Duration' }],
      call: ([unit]) => new GoDuration(call((unit as GoNamedInt).value)),
    })
    switch (name) {
      case 'Hours':
        return get(Number(ns) / 3.6e12)
      case 'Minutes':
        return get(Number(ns) / 6e10)
      case 'Seconds':
        return get(Number(ns) / 1e9)
      case 'Milliseconds':
        return get(ns / 1_000_000n)
      case 'Microseconds':
        return get(ns / 1000n)
      case 'Nanoseconds':
        return get(ns)
      case 'Abs':
        return get(new GoDuration(ns < 0n ? -ns : ns))
      case 'Truncate':
        return step((unit) => (unit <= 0n ? ns : ns - (ns % unit)))
      case 'Round':
        return step((unit) => (unit <= 0n ? ns : roundTo(ns, unit)))
      default:
        return super.method(name)
    }
  }
}

function roundTo(value: bigint, unit: bigint): bigint {
  const rest = value % unit
  const magnitude = rest < 0n ? -rest : rest
  if (magnitude * 2n < unit) return value - rest
  return value < 0n ? value + magnitude - unit : value - rest + unit
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

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** Go's zero time, 0001-01-01T00:00:00Z, in nanoseconds since the epoch. */
const ZERO_NS = -62_135_596_800n * SECOND_NS

/** A point in time in a time zone. */
const ZONE_STEPS = 100

export class GoTime extends GoObject {
  readonly typeName = 'time.Time'
  /** Nanoseconds since the epoch. */
  readonly nanoseconds: bigint
  /** A name of the IANA database, UTC, or an offset: +02:00. */
  readonly zone: string

  constructor(nanoseconds: bigint, zone = 'UTC') {
    super()
    this.nanoseconds = nanoseconds
    this.zone = zone
  }

  /** Names and offsets of zones are asked of the zone database, which takes some 30 µs. */
  override get readSteps(): number {
    return this.zone === 'UTC' ? 2 : ZONE_STEPS
  }

  static fromMs(timeMs: number, zone = 'UTC'): GoTime {
    return new GoTime(BigInt(Math.round(timeMs * 1000)) * 1000n, zone)
  }

  isTrue(): boolean {
    return true
  }

  format(): string {
    return formatGoTime(this, '2006-01-02 15:04:05.999999999 -0700 MST')
  }

  override method(name: string): Callable | undefined {
    const get = (value: () => Value): Callable => ({ params: [], call: value })
    const compare = (call: (other: bigint) => Value): Callable => ({
      params: [{ type: 'time.Time' }],
      call: ([other]) => call((other as GoTime).nanoseconds),
    })
    const ns = this.nanoseconds
    switch (name) {
      case 'Unix':
        return get(() => floorDivide(ns, SECOND_NS))
      case 'UnixMilli':
        return get(() => floorDivide(ns, 1_000_000n))
      case 'UnixMicro':
        return get(() => floorDivide(ns, 1000n))
      case 'UnixNano':
        return get(() => ns)
      case 'UTC':
        return get(() => new GoTime(ns, 'UTC'))
      case 'Local':
        return get(() => this)
      case 'IsZero':
        return get(() => ns === ZERO_NS)
      case 'String':
        return get(() => this.format())
      case 'Year':
      case 'Day':
      case 'Hour':
      case 'Minute':
      case 'Second':
        return get(() => BigInt(civil(this)[name]))
      case 'YearDay':
        return get(() => BigInt(yearDay(civil(this))))
      case 'Nanosecond':
        return get(() => modulo(ns, SECOND_NS))
      case 'Month':
        return get(() => new GoNamedInt('time.Month', BigInt(civil(this).Month), MONTHS[civil(this).Month - 1] as string))
      case 'Weekday':
        return get(() => new GoNamedInt('time.Weekday', BigInt(civil(this).Weekday), WEEKDAYS[civil(this).Weekday] as string))
      case 'Format':
        return { params: ['string'], call: ([layout]) => formatGoTime(this, layout as string) }
      case 'Add':
        return {
          params: [{ type: 'time.Duration' }],
          call: ([duration]) => new GoTime(ns + (duration as GoNamedInt).value, this.zone),
        }
      case 'Sub':
        return compare((other) => new GoDuration(ns - other))
      case 'After':
        return compare((other) => ns > other)
      case 'Before':
        return compare((other) => ns < other)
      case 'Equal':
        return compare((other) => ns === other)
      case 'Compare':
        return compare((other) => (ns < other ? -1n : ns > other ? 1n : 0n))
      default:
        return undefined
    }
  }
}

const modulo = (value: bigint, unit: bigint): bigint => ((value % unit) + unit) % unit
const floorDivide = (value: bigint, unit: bigint): bigint => (value - modulo(value, unit)) / unit

interface Civil {
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
function civil(time: GoTime): Civil {
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

const OFFSET = /([+-])(\d\d):(\d\d)$/

function zoneOffsetMinutes(ms: number, zone: string): number {
  if (zone === 'UTC') return 0
  const text = OFFSET.test(zone) ? zone : zoneName(ms, zone, { locale: 'en-US', form: 'longOffset' })
  const match = OFFSET.exec(text)
  const minutes = Number(match?.[2] ?? 0) * 60 + Number(match?.[3] ?? 0)
  return match?.[1] === '-' ? -minutes : minutes
}

interface NameForm {
  readonly locale: string
  readonly form: 'short' | 'longOffset'
}

function zoneName(ms: number, zone: string, name: NameForm): string {
  const parts = formatter(zone, name).formatToParts(new Date(ms))
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

/** Making one takes 50 µs and 2 kB outside of the heap, which are given back late. */
const formatters = new Map<string, Intl.DateTimeFormat>()
/** Of some tens of zones. */
const FORMATTERS_MAX = 200

/** Throws a RangeError for a zone that there is not. */
function formatter(zone: string, { locale, form }: NameForm): Intl.DateTimeFormat {
  const key = `${locale} ${form} ${zone}`
  let known = formatters.get(key)
  if (known === undefined) {
    known = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: form })
    if (formatters.size >= FORMATTERS_MAX) formatters.clear()
    formatters.set(key, known)
  }
  return known
}

/** Whether the zone database has a zone. */
export function isZone(zone: string): boolean {
  try {
    formatter(zone, { locale: 'en-US', form: 'longOffset' })
    return true
  } catch {
    return false
  }
}

const ABBREVIATION_LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-NZ', 'en-ZA']

/** CET, EST: as the zone database has them where the locales know them, else the offset, as Go prints zones without a name. */
function abbreviation(ms: number, zone: string, offsetMinutes: number): string {
  if (zone === 'UTC') return 'UTC'
  for (const locale of ABBREVIATION_LOCALES) {
    if (OFFSET.test(zone)) break
    const name = zoneName(ms, zone, { locale, form: 'short' })
    if (/^[A-Z]{3,5}$/.test(name)) return name
  }
  const sign = offsetMinutes < 0 ? '-' : '+'
  const minutes = Math.abs(offsetMinutes)
  const isWhole = minutes % 60 === 0 && !OFFSET.test(zone)
  return `${sign}${two(Math.floor(minutes / 60))}${isWhole ? '' : two(minutes % 60)}`
}

function yearDay({ Year, Month, Day }: Civil): number {
  return Math.round((Date.UTC(Year, Month - 1, Day) - Date.UTC(Year, 0, 1)) / 86_400_000) + 1
}

const two = (value: number): string => String(value).padStart(2, '0')

// Longest first: `2006` before `2`, `01` before `1`. A fraction follows a second: `.000`, `,999`.
const LAYOUT =
  /January|Jan|Monday|Mon(?![a-z])|MST|2006|__2|002|01|02|03|04|05|06|15|_2(?!006)|-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g

/** A time by a layout of Go, the reference time 2006-01-02 15:04:05 MST. Source: Go time/format.go. */
export function formatGoTime(time: GoTime, layout: string): string {
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
        return abbreviation(ms, time.zone, at.offsetMinutes)
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
