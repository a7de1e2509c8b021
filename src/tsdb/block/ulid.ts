import { assert } from '../../base/assert.ts'
import type { Env } from '../../base/env.ts'
import type { Timestamp } from '../../model/time.ts'

// Names of blocks: sorted as texts they are sorted by the time they were made at. Source: github.com/ulid/spec.

/** A name of 26 letters. */
export type Ulid = string

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_DIGITS = 10
const RANDOM_BYTES = 10

/** The largest first digit: 26 digits have two bits more than a ULID. */
const FORM = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

export function isUlid(text: string): text is Ulid {
  return FORM.test(text)
}

/** A new name, by the clock and chance of `env`. */
export function newUlid({ clock, random }: Pick<Env, 'clock' | 'random'>): Ulid {
  return formatUlid(Math.floor(clock.now()), random.bytes(RANDOM_BYTES))
}

export function formatUlid(time: Timestamp, random: Uint8Array): Ulid {
  assert(time >= 0 && time < 2 ** 48, 'the time of a ULID has 48 bits')
  assert(random.length === RANDOM_BYTES, 'a ULID has 10 random bytes')
  let text = ''
  for (let i = 0, left = time; i < TIME_DIGITS; i++, left = Math.floor(left / 32)) text = DIGITS[left % 32] + text
  // Five bytes are eight digits.
  for (let group = 0; group < RANDOM_BYTES; group += 5) {
    let part = ''
    let left = 0
    for (let i = 0; i < 5; i++) left = left * 256 + random[group + i]
    for (let i = 0; i < 8; i++, left = Math.floor(left / 32)) part = DIGITS[left % 32] + part
    text += part
  }
  return text
}

/** When the name was made. */
export function ulidTime(ulid: Ulid): Timestamp {
  let time = 0
  for (let i = 0; i < TIME_DIGITS; i++) time = time * 32 + DIGITS.indexOf(ulid[i])
  return time
}
