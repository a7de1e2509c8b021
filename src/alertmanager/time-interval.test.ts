import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containsTime, findTimeZone, type TimeInterval } from './time-interval.ts'

test('a time is in an interval when each field that is given has it', () => {
  const check = (interval: TimeInterval, time: string, want: boolean) =>
    assert.equal(containsTime(interval, Date.parse(time)), want, `${JSON.stringify(interval)} ${time}`)

  check({}, '2024-05-01T10:00:00Z', true)
  const office: TimeInterval = { times: [{ startMinute: 9 * 60, endMinute: 17 * 60 }], weekdays: [{ begin: 1, end: 5 }] }
  check(office, '2024-05-01T08:59:59.999Z', false)
  check(office, '2024-05-01T09:00:00Z', true)
  check(office, '2024-05-01T16:59:59Z', true)
  check(office, '2024-05-01T17:00:00Z', false)
  check(office, '2024-05-04T10:00:00Z', false)
  check({ times: [{ startMinute: 0, endMinute: 1440 }] }, '2024-05-01T23:59:59Z', true)
  check({ times: [] }, '2024-05-01T10:00:00Z', false)

  const lastDays: TimeInterval = { daysOfMonth: [{ begin: -3, end: -1 }] }
  check(lastDays, '2024-02-26T00:00:00Z', false)
  check(lastDays, '2024-02-27T00:00:00Z', true)
  check(lastDays, '2023-02-26T00:00:00Z', true)
  check(lastDays, '2024-03-01T00:00:00Z', false)
  check({ daysOfMonth: [{ begin: 29, end: 31 }] }, '2024-02-29T12:00:00Z', true)
  check({ daysOfMonth: [{ begin: 30, end: 31 }] }, '2024-02-29T12:00:00Z', false)
  check({ daysOfMonth: [{ begin: 10, end: -20 }] }, '2024-02-10T12:00:00Z', true)
  check({ daysOfMonth: [{ begin: 11, end: -20 }] }, '2024-02-11T12:00:00Z', false)

  check({ months: [{ begin: 5, end: 8 }] }, '2024-05-01T00:00:00Z', true)
  check({ months: [{ begin: 5, end: 8 }] }, '2024-09-01T00:00:00Z', false)
  check(
    {
      years: [
        { begin: 2020, end: 2022 },
        { begin: 2030, end: 2030 },
      ],
    },
    '2030-06-01T00:00:00Z',
    true,
  )
  check({ years: [{ begin: 2020, end: 2022 }] }, '2023-01-01T00:00:00Z', false)
})

test('fields are those of the calendar and the clock of a zone, in summer and in winter', () => {
  const morning: TimeInterval = { times: [{ startMinute: 9 * 60, endMinute: 10 * 60 }], location: 'Europe/Berlin' }
  const check = (interval: TimeInterval, time: string, want: boolean) => assert.equal(containsTime(interval, Date.parse(time)), want, time)
  check(morning, '2024-01-10T08:30:00Z', true)
  check(morning, '2024-07-10T08:30:00Z', false)
  check(morning, '2024-07-10T07:30:00Z', true)
  check({ weekdays: [{ begin: 0, end: 0 }], location: 'Australia/Sydney' }, '2024-06-01T20:00:00Z', true)
  check({ years: [{ begin: 2025, end: 2025 }], location: 'Asia/Kolkata' }, '2024-12-31T18:30:00Z', true)
  check({ years: [{ begin: 2025, end: 2025 }], location: 'Asia/Kolkata' }, '2024-12-31T18:29:59Z', false)
  check({ daysOfMonth: [{ begin: -1, end: -1 }], location: 'America/New_York' }, '2024-03-01T04:59:59Z', true)
})

// Around every change of clocks in a year, as Python's zoneinfo tells it: hours that are not there, hours that come twice, half an hour, two hours, changes at
// midnight, a Ramadan, and a day that an island did not have.
const CHANGES: readonly (readonly [zone: string, time: string, shown: string, weekday: number])[] = [
  ['Europe/Berlin', '2024-03-31T00:59Z', '2024-03-31 01:59', 0],
  ['Europe/Berlin', '2024-03-31T01:00Z', '2024-03-31 03:00', 0],
  ['Europe/Berlin', '2024-10-27T00:59Z', '2024-10-27 02:59', 0],
  ['Europe/Berlin', '2024-10-27T01:00Z', '2024-10-27 02:00', 0],
  ['America/New_York', '2024-03-10T06:59Z', '2024-03-10 01:59', 0],
  ['America/New_York', '2024-03-10T07:00Z', '2024-03-10 03:00', 0],
  ['America/New_York', '2024-11-03T05:59Z', '2024-11-03 01:59', 0],
  ['America/New_York', '2024-11-03T06:00Z', '2024-11-03 01:00', 0],
  ['Australia/Lord_Howe', '2024-04-06T14:59Z', '2024-04-07 01:59', 0],
  ['Australia/Lord_Howe', '2024-04-06T15:00Z', '2024-04-07 01:30', 0],
  ['Australia/Lord_Howe', '2024-10-05T15:29Z', '2024-10-06 01:59', 0],
  ['Australia/Lord_Howe', '2024-10-05T15:30Z', '2024-10-06 02:30', 0],
  ['Africa/Casablanca', '2023-03-19T01:59Z', '2023-03-19 02:59', 0],
  ['Africa/Casablanca', '2023-03-19T02:00Z', '2023-03-19 02:00', 0],
  ['Africa/Casablanca', '2023-04-23T01:59Z', '2023-04-23 01:59', 0],
  ['Africa/Casablanca', '2023-04-23T02:00Z', '2023-04-23 03:00', 0],
  ['Pacific/Apia', '2011-04-02T13:59Z', '2011-04-02 03:59', 6],
  ['Pacific/Apia', '2011-04-02T14:00Z', '2011-04-02 03:00', 6],
  ['Pacific/Apia', '2011-09-24T13:59Z', '2011-09-24 02:59', 6],
  ['Pacific/Apia', '2011-09-24T14:00Z', '2011-09-24 04:00', 6],
  ['Pacific/Apia', '2011-12-30T09:59Z', '2011-12-29 23:59', 4],
  ['Pacific/Apia', '2011-12-30T10:00Z', '2011-12-31 00:00', 6],
  ['America/Sao_Paulo', '2018-02-18T01:59Z', '2018-02-17 23:59', 6],
  ['America/Sao_Paulo', '2018-02-18T02:00Z', '2018-02-17 23:00', 6],
  ['America/Sao_Paulo', '2018-11-04T02:59Z', '2018-11-03 23:59', 6],
  ['America/Sao_Paulo', '2018-11-04T03:00Z', '2018-11-04 01:00', 0],
  ['Antarctica/Troll', '2024-03-31T00:59Z', '2024-03-31 00:59', 0],
  ['Antarctica/Troll', '2024-03-31T01:00Z', '2024-03-31 03:00', 0],
  ['Antarctica/Troll', '2024-10-27T00:59Z', '2024-10-27 02:59', 0],
  ['Antarctica/Troll', '2024-10-27T01:00Z', '2024-10-27 01:00', 0],
  ['Asia/Tehran', '2021-03-21T20:29Z', '2021-03-21 23:59', 0],
  ['Asia/Tehran', '2021-03-21T20:30Z', '2021-03-22 01:00', 1],
  ['Asia/Tehran', '2021-09-21T19:29Z', '2021-09-21 23:59', 2],
  ['Asia/Tehran', '2021-09-21T19:30Z', '2021-09-21 23:00', 2],
  ['Europe/Dublin', '2024-03-31T00:59Z', '2024-03-31 00:59', 0],
  ['Europe/Dublin', '2024-03-31T01:00Z', '2024-03-31 02:00', 0],
  ['Europe/Dublin', '2024-10-27T00:59Z', '2024-10-27 01:59', 0],
  ['Europe/Dublin', '2024-10-27T01:00Z', '2024-10-27 01:00', 0],
]

test('around changes of clocks fields are what clocks show, minute by minute', () => {
  for (const [location, time, shown, weekday] of CHANGES) {
    const [year, month, day, hour, minute] = shown.split(/[- :]/).map(Number)
    const [at, startMinute] = [Date.parse(time), hour * 60 + minute]
    const only = (value: number) => [{ begin: value, end: value }]
    const exact: TimeInterval = {
      location,
      years: only(year),
      months: only(month),
      daysOfMonth: only(day),
      weekdays: only(weekday),
      times: [{ startMinute, endMinute: startMinute + 1 }],
    }
    const check = (interval: TimeInterval, want: boolean, ms = 0) =>
      assert.equal(containsTime(interval, at + ms), want, `${location} ${time} ${JSON.stringify(interval)}`)
    check(exact, true)
    check(exact, true, 59_999)
    check({ ...exact, years: only(year + 1) }, false)
    check({ ...exact, months: only((month % 12) + 1) }, false)
    check({ ...exact, daysOfMonth: only(day === 1 ? 2 : day - 1) }, false)
    check({ ...exact, weekdays: only((weekday + 1) % 7) }, false)
    check({ ...exact, times: [{ startMinute: startMinute + 1, endMinute: startMinute + 2 }] }, false)
  }
})

test('months have the days of the calendar, also where clocks change in them', () => {
  const last = (location: string): TimeInterval => ({ daysOfMonth: [{ begin: -1, end: -1 }], location })
  const check = (location: string, time: string, want: boolean) => assert.equal(containsTime(last(location), Date.parse(time)), want, time)
  check('Europe/Berlin', '2024-03-31T12:00:00Z', true)
  check('Europe/Berlin', '2024-03-30T12:00:00Z', false)
  check('Europe/Berlin', '2024-10-31T12:00:00Z', true)
  check('Pacific/Apia', '2011-12-31T09:00:00Z', true)
  check('Pacific/Apia', '2011-12-29T12:00:00Z', false)
})

test('a zone is one by its exact name in the database', () => {
  const check = (name: string, want: string | undefined) => assert.equal(findTimeZone(name), want, name)
  check('', 'UTC')
  check('UTC', 'UTC')
  check('Asia/Calcutta', 'Asia/Calcutta')
  check('US/Eastern', 'US/Eastern')
  check('us/eastern', undefined)
  check('America/new_york', undefined)
  check('+02:00', undefined)
  check('Mars/Olympus', undefined)
  assert.notEqual(findTimeZone('Local'), undefined)
})
