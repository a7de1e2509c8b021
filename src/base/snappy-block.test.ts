import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compressSync } from 'snappy'
import { SnappyDecoder, SnappyError } from './snappy-block.ts'

test('what the library compresses is decoded, large after small and small after large', () => {
  const decoder = new SnappyDecoder(2 ** 25)
  const repetitive = fc
    .array(fc.constantFrom('a', 'abcdefgh', '0123456789'.repeat(10), '\x00'.repeat(100)), { maxLength: 300, size: 'max' })
    .map((parts) => Buffer.from(parts.join('')))
  const random = fc.uint8Array({ maxLength: 5000, size: 'max' })
  fc.assert(
    fc.property(fc.oneof(repetitive, random), (bytes) => {
      assert.ok(Buffer.from(bytes).equals(decoder.decode(compressSync(bytes))))
    }),
    { numRuns: 300 },
  )
  const large = Buffer.alloc(5_000_000, 'promontory ')
  assert.ok(large.equals(decoder.decode(compressSync(large))))
})

test('elements as the format describes them', () => {
  const check = (hex: string, want: string) =>
    assert.equal(Buffer.from(new SnappyDecoder(1000).decode(Buffer.from(hex, 'hex'))).toString(), want)
  check('00', '')
  check('010061', 'a')
  // A literal, then a copy of 5 bytes from 1 back: what it copies is what it writes.
  check('0600610501', 'aaaaaa')
  // Copies with two and with four bytes of distance.
  check('0408' + '616263' + '020300', 'abca')
  check('0408' + '616263' + '0303000000', 'abca')
  // A literal whose length stands in one byte of its own.
  check(`3df03c${'62'.repeat(61)}`, 'b'.repeat(61))
})

test('what is no block is refused, without reading or writing outside', () => {
  const decoder = new SnappyDecoder(1000)
  const check = (hex: string, want: RegExp) => assert.throws(() => decoder.decode(Buffer.from(hex, 'hex')), want)
  check('', /corrupt input/)
  check('80', /corrupt input/)
  check('ffffffffffff', /corrupt input/)
  check('0100', /corrupt input/)
  check('02f061', /corrupt input/)
  check('0401', /corrupt input/)
  check('05006105ff', /corrupt input/)
  check('e907', /decoded block is too large: 1001 bytes, want at most 1000/)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        assert.ok(decoder.decode(bytes).length <= 1000)
      } catch (error) {
        assert.ok(error instanceof SnappyError, String(error))
      }
    }),
    { numRuns: 3000 },
  )
})
