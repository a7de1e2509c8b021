import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatRfc3339, parseRfc3339 } from './rfc3339.ts'

test('parseRfc3339', () => {
  const check = (text: string, want: number | undefined) => assert.equal(parseRfc3339(text), want, text)
  check('1970-01-01T00:00:00Z', 0)
  check('2024-01-01T00:00:00.1239Z', 1_704_067_200_123)
  check('2024-01-01T00:00:00,5Z', 1_704_067_200_500)
  check('2024-01-01T02:00:00+02:00', 1_704_067_200_000)
  check('2023-12-31T22:30:00-01:30', 1_704_067_200_000)
  check('2024-02-29T00:00:00Z', 1_709_164_800_000)
  check('0001-01-01T00:00:00Z', -62_135_596_800_000)
  check('2023-02-29T00:00:00Z', undefined)
  check('2024-01-01T24:00:00Z', undefined)
  check('2024-13-01T00:00:00Z', undefined)
  check('2024-01-01 00:00:00Z', undefined)
  check('2024-01-01T00:00:00', undefined)
  check('2024-01-01T00:00:00Z ', undefined)
})

test('formatRfc3339', () => {
  const check = (time: number, want: string) => assert.equal(formatRfc3339(time), want)
  check(0, '0001-01-01T00:00:00Z')
  check(1_704_067_200_000, '2024-01-01T00:00:00Z')
  check(1_704_067_200_120, '2024-01-01T00:00:00.12Z')
  check(1_704_067_210_100, '2024-01-01T00:00:10.1Z')
  check(1_704_067_200_123, '2024-01-01T00:00:00.123Z')
})
