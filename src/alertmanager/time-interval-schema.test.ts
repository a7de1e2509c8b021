import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable } from '../base/schema.ts'
import { parseYamlTree } from '../base/yaml-tree.ts'
import { timeIntervalSchema, toTimeInterval } from './time-interval-schema.ts'

const read = (spec: string) => timeIntervalSchema.read(parseYamlTree(`{name: a, time_intervals: [{${spec}}]}`).root)

test('ranges are read as upstream reads them', () => {
  const check = (spec: string, want: object) => {
    const parsed = read(spec)
    assert.ok(parsed.success, spec)
    const { times, weekdays, daysOfMonth, months, years, location } = toTimeInterval(parsed.data.time_intervals![0])
    assert.deepEqual(JSON.parse(JSON.stringify({ times, weekdays, daysOfMonth, months, years, location })), want, spec)
  }
  check("weekdays: ['Monday:friday', SUNDAY]", {
    weekdays: [
      { begin: 1, end: 5 },
      { begin: 0, end: 0 },
    ],
  })
  check("days_of_month: ['1:5', -3:-1, +7]", {
    daysOfMonth: [
      { begin: 1, end: 5 },
      { begin: -3, end: -1 },
      { begin: 7, end: 7 },
    ],
  })
  check("months: ['may:august', 1:3, December]", {
    months: [
      { begin: 5, end: 8 },
      { begin: 1, end: 3 },
      { begin: 12, end: 12 },
    ],
  })
  check("years: ['2020:2022', 2030]", {
    years: [
      { begin: 2020, end: 2022 },
      { begin: 2030, end: 2030 },
    ],
  })
  check("times: [{start_time: '09:00', end_time: '24:00'}], location: Europe/Berlin", {
    times: [{ startMinute: 540, endMinute: 1440 }],
    location: 'Europe/Berlin',
  })
  check('', {})
})

// What 0.33 answers.
test('what upstream refuses is refused in its words', () => {
  const check = (spec: string, want: string) => {
    const parsed = read(spec)
    assert.ok(!parsed.success, spec)
    assert.deepEqual(
      parsed.problems.map(({ message }) => message),
      [want],
      spec,
    )
  }
  check('weekdays: [Foo]', 'foo is not a valid weekday')
  check("weekdays: ['friday:monday']", 'start day cannot be before end day')
  check("weekdays: ['monday:tuesday:x']", "couldn't parse range monday:tuesday:x, invalid format")
  check('days_of_month: [0]', '0 is not a valid day of the month: out of range')
  check("days_of_month: ['1:32']", '32 is not a valid day of the month: out of range')
  check("days_of_month: ['-1:5']", 'end day must be negative if start day is negative')
  check("days_of_month: ['5:-30']", 'end day -30 is always before start day 5')
  check('days_of_month: [x]', 'strconv.Atoi: parsing "x": invalid syntax')
  check('months: [foo]', 'foo is not a valid month')
  check("months: ['5:3']", 'end month march is before start month may')
  check("months: ['13:5']", 'end month may is before start month ')
  check("years: ['2022:2020']", 'end year 2020 is before start year 2022')
  check("years: ['99999999999999999999']", 'strconv.Atoi: parsing "99999999999999999999": value out of range')
  check("times: [{start_time: '9:00', end_time: '17:00'}]", "couldn't parse timestamp 9:00, invalid format")
  check("times: [{start_time: '09:00'}]", 'both start and end times must be provided')
  check("times: [{start_time: '09:00', end_time: '09:00'}]", 'start time cannot be equal or greater than end time')
  check('location: foo', 'unknown time zone foo')
  check('location: ../etc/passwd', 'time: invalid location name')
})

test('an interval is printed as upstream prints it', () => {
  const parsed = read("weekdays: [Monday:Friday, sunday], months: [may:8], times: [{start_time: '09:00', end_time: '24:00'}], location: ''")
  assert.ok(parsed.success)
  assert.deepEqual(printable(timeIntervalSchema, parsed.data), {
    name: 'a',
    time_intervals: [
      {
        times: [{ start_time: '09:00', end_time: '24:00' }],
        weekdays: ['monday:friday', 'sunday'],
        months: ['5:8'],
        location: 'UTC',
      },
    ],
  })
})
