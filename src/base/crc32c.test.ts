import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from './crc32c.ts'
import { tableCrc32c } from './crc32c-tables.ts'

// Source of the values: RFC 3720, B.4.
test('crc32c of known bytes', () => {
  const check = (bytes: Uint8Array, want: number) => {
    assert.equal(crc32c(bytes), want)
    assert.equal(tableCrc32c(bytes, 0, bytes.length, 0), want)
  }
  check(new Uint8Array(0), 0)
  check(new TextEncoder().encode('123456789'), 0xe3069283)
  check(new Uint8Array(32), 0x8a9136aa)
  check(new Uint8Array(32).fill(0xff), 0x62a8ab43)
  check(
    new Uint8Array(32).map((_, i) => i),
    0x46dd794e,
  )
})

test('both ways agree on every length, place and seed, also in two pieces', () => {
  const bytes = new Uint8Array(1200).map((_, i) => (i * 131) >>> 3)
  for (let length = 0; length < 600; length += 7) {
    const want = tableCrc32c(bytes, 3, 3 + length, 0)
    assert.equal(crc32c(bytes, 3, 3 + length), want)
    const half = 3 + (length >> 1)
    assert.equal(crc32c(bytes, half, 3 + length, crc32c(bytes, 3, half)), want)
  }
})
