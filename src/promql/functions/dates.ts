import type { MapKernel } from './math.ts'

// Values are Unix seconds, read as UTC in the proleptic Gregorian calendar.
// The calendar counts from 1 March of year 0, so the leap day is the last of its year; eras are 400 years.

const DAY_SECONDS = 86_400
const ERA_DAYS = 146_097
/** Days from 1 March of year 0 to 1 January 1970. */
const EPOCH_DAYS = 719_468
/** Beyond this many seconds there is no day to tell. */
const SECONDS_MAX = 2 ** 53

interface CivilDate {
  year: number
  /** 1 to 12. */
  month: number
  /** 1 to 31. */
  day: number
}

/** The answer of `toCivil`: one object, so that a step allocates nothing. */
const civil: CivilDate = { year: 0, month: 0, day: 0 }

function toCivil(days: number): CivilDate {
  const shifted = days + EPOCH_DAYS
  const era = Math.floor(shifted / ERA_DAYS)
  const dayOfEra = shifted - era * ERA_DAYS
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  civil.day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  civil.month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  civil.year = yearOfEra + era * 400 + (civil.month <= 2 ? 1 : 0)
  return civil
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days before the first of each month, in a year that is no leap year. */
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

function ofDay(read: (date: CivilDate, days: number) => number): MapKernel {
  return (values) => {
    for (let k = 0; k < values.length; k++) {
      const seconds = Math.trunc(values[k])
      if (!(Math.abs(seconds) <= SECONDS_MAX)) {
        values[k] = NaN
        continue
      }
      const days = Math.floor(seconds / DAY_SECONDS)
      values[k] = read(toCivil(days), days)
    }
  }
}

function ofSeconds(read: (secondOfDay: number) => number): MapKernel {
  return (values) => {
    for (let k = 0; k < values.length; k++) {
      const seconds = Math.trunc(values[k])
      values[k] = Math.abs(seconds) <= SECONDS_MAX ? read(seconds - Math.floor(seconds / DAY_SECONDS) * DAY_SECONDS) : NaN
    }
  }
}

export const year = ofDay((date) => date.year)
export const month = ofDay((date) => date.month)
export const dayOfMonth = ofDay((date) => date.day)
/** Sunday is 0; 1 January 1970 was a Thursday. */
export const dayOfWeek = ofDay((_date, days) => (((days + 4) % 7) + 7) % 7)
export const dayOfYear = ofDay((date) => DAYS_BEFORE[date.month - 1] + date.day + (date.month > 2 && isLeapYear(date.year) ? 1 : 0))
export const daysInMonth = ofDay((date) => MONTH_DAYS[date.month - 1] + (date.month === 2 && isLeapYear(date.year) ? 1 : 0))
export const hour = ofSeconds((second) => Math.floor(second / 3600))
export const minute = ofSeconds((second) => Math.floor(second / 60) % 60)
