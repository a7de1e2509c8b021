import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isStaleMarker, STALE_HIGH, STALE_LOW, STALE_MARKER } from '../model/staleness.ts'
import { SampleColumns } from './codec.ts'
import { anyFloat, anyStep } from './samples.fixture.ts'
import { decodeXor2, encodeXor2 } from './xor2.ts'
import { Xor2SampleEncoder } from './xor2-sample.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

function decode(bytes: Uint8Array, minTime = Number.NEGATIVE_INFINITY, maxTime = Number.POSITIVE_INFINITY): SampleColumns {
  const out = new SampleColumns(1)
  decodeXor2(bytes, 0, bytes.length, minTime, maxTime, out)
  return out
}

// Worked out by hand from the format. Bits are grouped as they are written.
test('the bytes of small chunks are those of the format', () => {
  const bytesOf = (bits: string) => {
    const digits = bits.replaceAll(' ', '')
    return BigInt(`0b1${digits.padEnd(Math.ceil(digits.length / 8) * 8, '0')}`)
      .toString(16)
      .slice(1)
  }
  const check = (times: number[], values: number[], starts: number[], want: string) =>
    assert.equal(hex(encodeXor2(times, values, starts)), want)
  check([], [], [], '000000')
  check([0], [1], [0], `000100${'00'}3ff0000000000000`)
  // A start time that is known from the first sample on: varint of the time before the sample; the header says so.
  check([1000], [1], [990], `000180${'d00f'}3ff0000000000000${'14'}`)
  // Steps of 10 and the same value: one 0 bit from the third sample on.
  check([0, 10, 20], [1, 1, 1], [0, 0, 0], `000300${'00'}3ff0000000000000${'0a'}${bytesOf('0 0')}`)
  // 1 to 2 flips bits 52…62: after a changed step 110, after an equal one 10 1; then 5 bits of leading zeros, 6 of length.
  check([0, 1], [1, 2], [0, 0], `000200${'00'}3ff0000000000000${'01'}${bytesOf('110 00001 001011 11111111111')}`)
  check(
    [0, 1, 2, 3],
    [1, 1, 2, 1],
    [0, 0, 0, 0],
    `000400${'00'}3ff0000000000000${'01'}${bytesOf('0 10 1 00001 001011 11111111111 10 0 11111111111')}`,
  )
  // Staleness: 111 after the first step, 11111 at an equal one, and the value after it differs from the one before it.
  check([0, 1, 2, 3], [1, STALE_MARKER, STALE_MARKER, 1], [0, 0, 0, 0], `000400${'00'}3ff0000000000000${'01'}${bytesOf('111 11111 0')}`)
  // Changes of the step of 13, 20 and 64 bits.
  check([0, 10, 25], [1, 1, 1], [0, 0, 0], `000300${'00'}3ff0000000000000${'0a'}${bytesOf('0 110 0000000000101 0')}`)
  check([0, 10, 20 + 4096], [1, 1, 1], [0, 0, 0], `000300${'00'}3ff0000000000000${'0a'}${bytesOf('0 1110 00000001000000000000 0')}`)
  check(
    [0, 10, 20 + 2 ** 33],
    [1, 1, 1],
    [0, 0, 0],
    `000300${'00'}3ff0000000000000${'0a'}${bytesOf(`0 11110 ${(2 ** 33).toString(2).padStart(64, '0')} 0`)}`,
  )
  // The start time changes at sample 2: the header has its place, the stream the time of sample 1 less the start, then its changes.
  check([0, 10, 20, 30], [1, 1, 1, 1], [0, 0, 7, 7], `000402${'00'}3ff0000000000000${'0a'}${bytesOf('0 0 10 011 0 110 001010')}`)
})

// Source: Prometheus tsdb/chunkenc/xor2_test.go, TestXOR2WindowSelection.
test('one odd value does not make those after it long', () => {
  const times = Array.from({ length: 120 }, (_, i) => 1_700_000_000_000 + i * 15_000)
  const check = (valueAt: (i: number) => number, withStarts: boolean, want: number) => {
    const startTimes = times.map((_, i) => (withStarts ? 1_699_999_990_000 + Math.floor(i / 60) * 900_000 : 0))
    const values = times.map((_, i) => valueAt(i))
    assert.equal(encodeXor2(times, values, startTimes).length, want)
  }
  const sign = (i: number) => (i === 2 ? -(1e9 + i) : 1e9 + i)
  const zero = (i: number) => (i === 2 ? 0 : 1000 + i * 0.125)
  check(sign, false, 225)
  check(sign, true, 408)
  check(zero, false, 175)
  check(zero, true, 358)
})

test('decode of encode gives the same samples and start times', () => {
  const starts = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constant(5000) },
    { weight: 1, arbitrary: fc.integer() },
  )
  const samples = fc.tuple(fc.integer({ min: -(2 ** 41), max: 2 ** 41 }), fc.array(fc.tuple(anyStep, anyFloat, starts), { maxLength: 200 }))
  fc.assert(
    fc.property(samples, ([first, rest]) => {
      let t = first
      const times = rest.map(([step]) => (t += step))
      const values = Float64Array.from(rest, ([, value]) => value)
      const startTimes = rest.map(([, , start]) => start)
      const out = decode(encodeXor2(times, values, startTimes))
      assert.deepEqual([...out.timestamps.subarray(0, out.length)], times)
      for (let i = 0; i < times.length; i++) {
        assert.ok(Object.is(out.values[i], values[i]), `value ${i}: ${out.values[i]} is ${values[i]}`)
        if (isStaleMarker(values[i])) assert.deepEqual([...out.valueWords.subarray(2 * i, 2 * i + 2)], [STALE_LOW, STALE_HIGH])
      }
      assert.deepEqual([...(out.startTimes ?? new Float64Array(times.length)).subarray(0, out.length)], startTimes)
    }),
    { numRuns: 300 },
  )
})

test('a start time that changes late is told from sample 127 on', () => {
  const times = Array.from({ length: 200 }, (_, i) => 1000 * i)
  const startTimes = times.map((t) => (t < 150_000 ? 5 : 77))
  const bytes = encodeXor2(times, times, startTimes)
  assert.equal(bytes[2], 0x80 | 127)
  assert.deepEqual([...decode(bytes).startTimes!.subarray(0, 200)], startTimes)
  assert.equal(decode(encodeXor2(times, times, new Float64Array(200))).startTimes![199], 0)
})

test('a state that is kept elsewhere goes on', () => {
  const times = [0, 10, 25, 40, 50]
  const values = [1, 2, STALE_MARKER, 3, 3.5]
  const startTimes = [0, 0, 9, 9, 45]
  const want = hex(encodeXor2(times, values, startTimes))
  let kept = { count: 0, t: 0, tDelta: 0, high: 0, low: 0, window: 0xff, starts: { header: 0, startTime: 0, difference: 0 } }
  let bits = ''
  for (let i = 0; i < times.length; i++) {
    const encoder = new Xor2SampleEncoder()
    Object.assign(encoder, { ...kept, starts: encoder.starts })
    Object.assign(encoder.starts, kept.starts)
    encoder.encode(times[i], values[i], startTimes[i], 0, 0)
    for (let bit = 0; bit < encoder.bitCount; bit++) bits += (encoder.words[bit >>> 5] >>> (31 - (bit & 31))) & 1
    const { count, t, tDelta, high, low, window, starts } = encoder
    kept = {
      count,
      t,
      tDelta,
      high,
      low,
      window,
      starts: { header: starts.header, startTime: starts.startTime, difference: starts.difference },
    }
  }
  const bytes = bits.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))
  assert.equal(`0005${kept.starts.header.toString(16).padStart(2, '0')}${hex(Uint8Array.from(bytes))}`, want)
})

test('decode clips to the range, both ends inclusive, and appends', () => {
  const bytes = encodeXor2([10, 20, 30, 40], [1, 2, 3, 4], [5, 5, 25, 25])
  const out = new SampleColumns()
  out.push(1, 99)
  decodeXor2(bytes, 0, bytes.length, 20, 30, out)
  assert.deepEqual([...out.values.subarray(0, out.length)], [99, 2, 3])
  assert.deepEqual([...out.startTimes!.subarray(0, out.length)], [0, 5, 25])
})

test('bytes that end before the samples do are an error', () => {
  const bytes = encodeXor2([1e12, 1e12 + 15000, 1e12 + 30001], [0.1, 0.7, 123.456], [0, 0, 5])
  for (let end = 0; end < bytes.length; end++)
    assert.throws(() => decodeXor2(bytes, 0, end, 0, 2e12, new SampleColumns()), /decode xor2 chunk: (bytes end in sample|\d bytes)/)
})

test('any bytes are samples or an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 200 }), (bytes) => {
      try {
        assert.ok(decode(bytes).length <= 0xffff)
      } catch (error) {
        assert.match(String(error), /^Error: decode xor2 chunk/)
      }
    }),
    { numRuns: 2000 },
  )
})
