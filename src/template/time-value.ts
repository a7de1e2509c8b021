import { civil, floorDivide, MONTHS, modulo, SECOND_NS, WEEKDAYS, yearDay, type ZonedTime } from './civil-time.ts'
import { GoDuration } from './duration-value.ts'
import { GoNamedInt } from './named-int.ts'
import { formatGoTime } from './time-layout.ts'
import { type Callable, GoObject, type Value } from './value.ts'

// Go's time.Time, time.Month and time.Weekday, as templates see them. Source: Go time, format.go and time.go.

/** Go's zero time, 0001-01-01T00:00:00Z, in nanoseconds since the epoch. */
const ZERO_NS = -62_135_596_800n * SECOND_NS

/** What asking the zone database counts as. */
const ZONE_STEPS = 100

/** A point in time in a time zone. */
export class GoTime extends GoObject implements ZonedTime {
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
