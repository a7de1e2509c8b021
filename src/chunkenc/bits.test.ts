import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BitReader } from './bit-reader.ts'
import { BitWriter, NO_WINDOW } from './bit-writer.ts'
import { appendBits } from './widen-chunk.ts'

function written(write: (bits: BitWriter) => void): { readonly bytes: Uint8Array; readonly bitCount: number } {
  const bits = new BitWriter()
  bits.start(0, 0)
  write(bits)
  const bitCount = bits.finish()
  const bytes = new Uint8Array((bitCount + 7) >>> 3)
  appendBits(bits.words, bitCount, bytes, 0)
  return { bytes, bitCount }
}

function reading(bytes: Uint8Array): BitReader {
  const reader = new BitReader()
  reader.open(bytes, 0, bytes.length)
  return reader
}

test('integers take the bits that the format gives them', () => {
  const check = (value: number, want: number) => {
    const signed = written((bits) => bits.putVarbitInt(value))
    assert.equal(signed.bitCount, want, `${value}`)
    assert.equal(reading(signed.bytes).readVarbitInt(), value)
  }
  check(0, 1)
  for (const [bits, total] of [
    [3, 5],
    [6, 9],
    [9, 13],
    [12, 17],
    [18, 24],
    [25, 32],
  ]) {
    check(2 ** (bits - 1), total)
    check(1 - 2 ** (bits - 1), total)
    assert.ok(written((writer) => writer.putVarbitInt(-(2 ** (bits - 1)))).bitCount > total)
    assert.ok(written((writer) => writer.putVarbitInt(2 ** (bits - 1) + 1)).bitCount > total)
    const unsigned = (value: number) => written((writer) => writer.putVarbitUint(value))
    assert.equal(unsigned(2 ** bits - 1).bitCount, total)
    assert.equal(reading(unsigned(2 ** bits - 1).bytes).readVarbitUint(), 2 ** bits - 1)
    assert.ok(unsigned(2 ** bits).bitCount > total)
  }
  check(2 ** 55, 64)
  check(-(2 ** 55) + 4, 64)
  check(-(2 ** 55), 72)
  check(2 ** 60, 72)
  check(-(2 ** 63), 72)
  check(-1 - 2 ** 40, 64)
})

test('whatever is written is read again, at any bit', () => {
  const integer = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: -300, max: 300 }))
  const natural = fc.oneof(fc.maxSafeNat(), fc.nat(), fc.nat({ max: 300 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(integer, natural), { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (pairs, shift) => {
      const { bytes } = written((bits) => {
        bits.reserve(pairs.length * 50)
        bits.put(0, shift)
        for (const [signed, unsigned] of pairs) {
          bits.putVarbitInt(signed)
          bits.putVarbitUint(unsigned)
          bits.putVarint(Math.trunc(signed / 4))
          bits.putUvarint(unsigned)
        }
      })
      const reader = reading(bytes)
      reader.skip(shift)
      for (const [signed, unsigned] of pairs) {
        assert.equal(reader.readVarbitInt(), signed)
        assert.equal(reader.readVarbitUint(), unsigned)
        assert.equal(reader.readVarint() + 0, Math.trunc(signed / 4) + 0)
        assert.equal(reader.readUvarint(), unsigned)
      }
      assert.ok(!reader.isPastEnd)
      assert.ok(reader.bitsLeft < 8)
    }),
    { numRuns: 300 },
  )
})

test('differences of floats, bit for bit', () => {
  const word = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 1 << 31))
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { maxLength: 50 }), (changes) => {
      const { bytes } = written((bits) => {
        bits.reserve(changes.length * 10)
        let window = NO_WINDOW
        for (const [high, low] of changes) window = bits.putXor(high, low, window)
      })
      const reader = reading(bytes)
      reader.window = 0
      for (const [high, low] of changes) {
        reader.high = 0
        reader.low = 0
        assert.ok(reader.readXor())
        assert.deepEqual([reader.high | 0, reader.low | 0], [high, low])
      }
    }),
    { numRuns: 300 },
  )
})

test('past the end there are zeros, and it is told', () => {
  const reader = reading(Uint8Array.from([0xff]))
  assert.equal(reader.readVarbitUint(), 0)
  assert.ok(reader.isPastEnd)
})
