// How parameters are read, with upstream's texts for what cannot be.
// Source: Prometheus web/api/v1/api.go, parseTime, parseLimitParam, parseMatchersParam.

import type { FormValues } from '../base/form-values.ts'
import { parseRfc3339 } from '../base/rfc3339.ts'
import { parseDurationOrSeconds } from '../model/duration.ts'
import type { Matcher } from '../model/matcher.ts'
import type { Timestamp } from '../model/time.ts'
import { parseMetricSelector } from '../promql/parser/parse.ts'
import { badData, invalidParameter } from './failure.ts'

/** The earliest and the latest time; upstream's own lie far outside what a number can count in ms. */
export const TIME_MIN: Timestamp = -Number.MAX_SAFE_INTEGER
export const TIME_MAX: Timestamp = Number.MAX_SAFE_INTEGER

const TIME_MIN_TEXT = '-292273086-05-16T16:47:06Z'
const TIME_MAX_TEXT = '292277025-08-18T07:12:54.999999999Z'

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** Unix seconds with a fraction, or RFC 3339, as whole ms. */
function parseTime(text: string): Timestamp {
  if (DECIMAL.test(text)) {
    const seconds = Number(text)
    const whole = Math.trunc(seconds)
    const fraction = (seconds - whole) * 1000
    const ms = whole * 1000 + Math.sign(fraction) * Math.round(Math.abs(fraction))
    return Math.min(Math.max(ms, TIME_MIN), TIME_MAX)
  }
  const time = parseRfc3339(text)
  if (time !== undefined) return time
  if (text === TIME_MIN_TEXT) return TIME_MIN
  if (text === TIME_MAX_TEXT) return TIME_MAX
  throw badData(`cannot parse ${JSON.stringify(text)} to a valid timestamp`)
}

/** A time that must be there. */
export function requiredTime(form: FormValues, name: string): Timestamp {
  return parameter(name, () => parseTime(form.get(name)))
}

export function optionalTime(form: FormValues, name: string, fallback: Timestamp): Timestamp {
  return parameter(name, () => timeOr(form, name, fallback))
}

/** The same with an error that does not name the parameter twice. */
export function timeOr(form: FormValues, name: string, fallback: Timestamp): Timestamp {
  const text = form.get(name)
  if (text === '') return fallback
  try {
    return parseTime(text)
  } catch (error) {
    throw badData(`invalid time value for '${name}': ${(error as Error).message}`)
  }
}

/** A whole number as Go's strconv.Atoi reads it; undefined for what is none, or too large for its 64 bits. */
export function wholeNumber(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  const value = Number(text)
  return Math.abs(value) >= 2 ** 63 ? undefined : value
}

/** As Go's strconv.ParseBool reads it; undefined for what it does not. */
export function parseFlag(text: string): boolean | undefined {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true
  return /^(0|f|F|FALSE|false|False)$/.test(text) ? false : undefined
}

/** 0: no limit. */
export function optionalLimit(form: FormValues): number {
  const text = form.get('limit')
  if (text === '') return 0
  return parameter('limit', () => {
    if (!/^[+-]?\d+$/.test(text)) throw badData(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
    const limit = Number(text)
    if (Math.abs(limit) >= 2 ** 63) throw badData(`strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`)
    if (limit < 0) throw badData('limit must be non-negative')
    return limit
  })
}

/** In ms; undefined where it is not given. */
export function optionalDuration(form: FormValues, name: string): number | undefined {
  const text = form.get(name)
  return text === '' ? undefined : parameter(name, () => parseDurationOrSeconds(text))
}

/** The same as text, once they are known to be right. */
export function selectors(form: FormValues): readonly string[] {
  matcherSets(form)
  return form.all('match[]')
}

/** The `match[]` selectors; each must have a matcher that the empty value does not satisfy. */
export function matcherSets(form: FormValues): readonly (readonly Matcher[])[] {
  const sets = form.all('match[]').map((text) => parseMetricSelector(text))
  for (const matchers of sets) {
    if (matchers.every((matcher) => matcher.matchesEmpty)) throw badData('match[] must contain at least one non-empty matcher')
  }
  return sets
}

/** Runs `read`, naming the parameter in what it throws. */
export function parameter<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw invalidParameter(name, error)
  }
}
