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
