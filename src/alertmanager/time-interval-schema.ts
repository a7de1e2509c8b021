import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { list, once, type SectionSchema, scalar, section, text } from '../base/schema.ts'
import type { Output, Schema } from '../base/schema-type.ts'
import { findTimeZone, type NumberRange, type TimeInterval } from './time-interval.ts'

// Source of the notation and the errors: Alertmanager timeinterval/timeinterval.go.

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december']

interface RangeNotation {
  readonly type: string
  parse(member: string): number
  print?(member: number): string
  problem(range: NumberRange): string | undefined
}

/** One member or two with a colon between them, in letters of any case. */
function range({ type, parse, print = String, problem }: RangeNotation): Schema<NumberRange> {
  return scalar(
    type,
    ({ text }) => {
      const members = text.toLowerCase().split(':')
      if (members.length > 2) throw new CodedError('bad_data', `couldn't parse range ${text.toLowerCase()}, invalid format`)
      const begin = parse(members[0])
      const found = { begin, end: members.length === 2 ? parse(members[1]) : begin }
      const message = problem(found)
      if (message !== undefined) throw new CodedError('bad_data', message)
      return found
    },
    ({ begin, end }) => (begin === end ? print(begin) : `${print(begin)}:${print(end)}`),
  )
}

function parseWhole(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new CodedError('bad_data', `strconv.Atoi: parsing ${quote(text)}: invalid syntax`)
  const value = Number(text)
  if (Math.abs(value) >= 2 ** 63) throw new CodedError('bad_data', `strconv.Atoi: parsing ${quote(text)}: value out of range`)
  return value
}

const weekdayRange = once(() =>
  range({
    type: 'a weekday or a range such as monday:friday',
    parse(name) {
      const day = WEEKDAYS.indexOf(name)
      if (day < 0) throw new CodedError('bad_data', `${name} is not a valid weekday`)
      return day
    },
    print: (day) => WEEKDAYS[day],
    problem: ({ begin, end }) => (begin > end ? 'start day cannot be before end day' : undefined),
  }),
)

const dayOfMonthRange = once(() =>
  range({
    type: 'a day of the month or a range such as 1:5 or -3:-1',
    parse: parseWhole,
    problem({ begin, end }) {
      for (const day of [begin, end]) if (day === 0 || Math.abs(day) > 31) return `${day} is not a valid day of the month: out of range`
      if (begin < 0 && end > 0) return 'end day must be negative if start day is negative'
      // The shortest month decides what can never be.
      const inFebruary = (day: number) => (day < 0 ? 28 + day : day)
      return inFebruary(begin) > inFebruary(end) ? `end day ${end} is always before start day ${begin}` : undefined
    },
  }),
)

const monthRange = once(() =>
  range({
    type: 'a month or a range such as may:august or 1:3',
    parse(name) {
      if (MONTHS.includes(name)) return MONTHS.indexOf(name) + 1
      if (!/^[+-]?\d+$/.test(name)) throw new CodedError('bad_data', `${name} is not a valid month`)
      return parseWhole(name)
    },
    problem: ({ begin, end }) =>
      begin > end ? `end month ${MONTHS[end - 1] ?? ''} is before start month ${MONTHS[begin - 1] ?? ''}` : undefined,
  }),
)

const yearRange = once(() =>
  range({
    type: 'a year or a range such as 2020:2022',
    parse: parseWhole,
    problem: ({ begin, end }) => (begin > end ? `end year ${end} is before start year ${begin}` : undefined),
  }),
)

/** Minutes of the day. */
function parseTime(text: string): number {
  if (!/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/.test(text))
    throw new CodedError('bad_data', `couldn't parse timestamp ${text}, invalid format`)
  const [hours, minutes] = text.split(':')
  return Number(hours) * 60 + Number(minutes)
}

const timeOfDay = once(() =>
  scalar(
    'a time of day such as 09:00',
    ({ text }) => (text === '' ? undefined : parseTime(text)),
    (minutes) =>
      minutes === undefined ? '' : `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`,
  ),
)

const location = once(() =>
  scalar(
    'a zone of the IANA database such as Europe/Berlin',
    ({ text }) => {
      if (text.includes('..') || text.startsWith('/') || text.includes('\\'))
        throw new CodedError('bad_data', 'time: invalid location name')
      if (findTimeZone(text) === undefined) throw new CodedError('bad_data', `unknown time zone ${text}`)
      return text
    },
    (name) => name || 'UTC',
  ),
)

const timeRangeSchema = section(
  'time_range',
  { start_time: timeOfDay(), end_time: timeOfDay() },
  {
    check({ start_time: start, end_time: end }, report) {
      if (start === undefined || end === undefined) report([], 'both start and end times must be provided')
      else if (start >= end) report(['end_time'], 'start time cannot be equal or greater than end time')
    },
  },
)

const timeIntervalSpecSchema = section('time_interval_spec', {
  times: list(timeRangeSchema),
  weekdays: list(weekdayRange(), { flow: true }),
  days_of_month: list(dayOfMonthRange(), { flow: true }),
  months: list(monthRange(), { flow: true }),
  years: list(yearRange(), { flow: true }),
  location: location(),
})

const namedIntervals = (name: string, problem: string) =>
  section(
    name,
    { name: text(), time_intervals: list(timeIntervalSpecSchema) },
    {
      check(value, report) {
        if (!value.name) report([], problem)
      },
    },
  )

export const timeIntervalSchema = namedIntervals('time_interval', 'missing name in time interval')
/** The same, by the name of old. */
export const muteTimeIntervalSchema = namedIntervals('mute_time_interval', 'missing name in mute time interval')

type SpecSection = Output<typeof timeIntervalSpecSchema>

export type TimeIntervalSection = Output<SectionSchema<{ name: Schema<string>; time_intervals: Schema<SpecSection[]> }>>

export function toTimeInterval(spec: SpecSection): TimeInterval {
  return {
    times: spec.times?.map(({ start_time, end_time }) => ({ startMinute: start_time!, endMinute: end_time! })),
    weekdays: spec.weekdays,
    daysOfMonth: spec.days_of_month,
    months: spec.months,
    years: spec.years,
    location: spec.location === undefined ? undefined : findTimeZone(spec.location),
  }
}
