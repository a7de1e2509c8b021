import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isStaleMarker, STALE_MARKER } from '../model/staleness.ts'
import { SampleColumns } from './codec.ts'
import { giveBackDecodeMemory, takeDecodeMemory } from './decode-memory.ts'
import { decodeXor, encodeXor, XorAppender, xorSampleCount } from './xor.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

function bitsOf(words: Uint32Array, index: number): string {
  return words[2 * index + 1].toString(16).padStart(8, '0') + words[2 * index].toString(16).padStart(8, '0')
}

function roundTrip(times: readonly number[], values: Float64Array): void {
  const bytes = encodeXor(times, values)
  const out = new SampleColumns(4)
  decodeXor(bytes, 0, bytes.length, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, out)
  assert.deepEqual([...out.timestamps.subarray(0, out.length)], times)
  const want = new Uint32Array(values.buffer)
  for (let i = 0; i < times.length; i++) assert.equal(bitsOf(out.valueWords, i), bitsOf(want, i), `value ${i}`)
}

// Worked out by hand from the format: count, zigzag varint of the time, 64 bits of the value; varint of the step; then bits.
test('the bytes of small chunks are those of the format', () => {
  const check = (times: number[], values: number[], want: string) => assert.equal(hex(encodeXor(times, values)), want)
  check([], [], '0000')
  check([0], [0], '0001' + '00' + '0000000000000000')
  check([-1], [1], '0001' + '01' + '3ff0000000000000')
  check([1000], [2], '0001' + 'd00f' + '4000000000000000')
  // The same value is one 0 bit.
  check([0, 15000], [1, 1], '0002' + '00' + '3ff0000000000000' + '9875' + '00')
  // 1 to 2 flips bits 52…62: leading 1, 11 significant: 11 00001 001011 11111111111.
  check([0, 1], [1, 2], '0002' + '00' + '3ff0000000000000' + '01' + 'c25fff')
  // Equal steps and equal values: two 0 bits.
  check([0, 10, 20], [1, 1, 1], '0003' + '00' + '3ff0000000000000' + '0a' + '00')
  // A step that grew by 5: 0 (value), then 10 00000000000101, 0.
  check([0, 10, 25], [1, 1, 1], '0003' + '00' + '3ff0000000000000' + '0a' + '400280')
})

test('the staleness marker is written with the bits of Prometheus', () => {
  assert.equal(hex(encodeXor([0], [STALE_MARKER])), '0001' + '00' + '7ff0000000000002')
})

test('changes of the step at the edges of every width', () => {
  const edges = [-8191, 8192, -8192, 8193, -65535, 65536, -65536, 65537, -524287, 524288, -524288, 524289, 2 ** 33, -(2 ** 33)]
  for (const change of edges) {
    const step = 2 ** 34
    roundTrip([0, step, 2 * step + change, 3 * step + 2 * change], new Float64Array([1, 2, 2, 3]))
  }
})

test('values whose difference needs all 64 bits, the last bit or the sign', () => {
  const words = new Uint32Array([0, 0, 1, 0x80000000, 0, 0x80000000, 0xffffffff, 0xffffffff, 0, 0, 1, 0, 0, 1, 2, 0x7ff00000])
  roundTrip([1, 2, 3, 4, 5, 6, 7, 8], new Float64Array(words.buffer))
})

const float = fc.oneof(
  { weight: 3, arbitrary: fc.double() },
  { weight: 3, arbitrary: fc.integer().map(Number) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 5e-324, STALE_MARKER) },
)
const steps = fc.oneof(
  { weight: 5, arbitrary: fc.constant(15000) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 30000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 31 }) },
)
const samples = fc.tuple(fc.integer({ min: -(2 ** 45), max: 2 ** 45 }).map(Number), fc.array(fc.tuple(steps, float), { maxLength: 200 }))

test('decode of encode gives the same samples, bit for bit but for the canonical marker', () => {
  fc.assert(
    fc.property(samples, ([start, rest]) => {
      let t = start
      const times = rest.map(([step]) => (t += step))
      const values = new Float64Array(rest.map(([, value]) => value))
      const bytes = encodeXor(times, values)
      const out = new SampleColumns(1)
      decodeXor(bytes, 0, bytes.length, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, out)
      assert.equal(xorSampleCount(bytes, 0), times.length)
      assert.deepEqual([...out.timestamps.subarray(0, out.length)], times)
      for (let i = 0; i < times.length; i++) assert.ok(Object.is(out.values[i], values[i]), `${out.values[i]} is ${values[i]}`)
    }),
    { numRuns: 300 },
  )
})

test('random bit patterns survive, NaN payloads too', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffffffff }), { minLength: 2, maxLength: 60 }), (words) => {
      const pairs = new Uint32Array(words.length - (words.length % 2))
      pairs.set(words.slice(0, pairs.length))
      const values = new Float64Array(pairs.buffer)
      roundTrip(
        [...values].map((_, i) => i * 1000),
        values,
      )
    }),
    { numRuns: 300 },
  )
})

test('decode clips to the range, both ends inclusive, and appends', () => {
  const bytes = encodeXor([10, 20, 30, 40], [1, 2, 3, 4])
  const check = (minTime: number, maxTime: number, want: number[]) => {
    const out = new SampleColumns()
    out.push(1, 99)
    decodeXor(bytes, 0, bytes.length, minTime, maxTime, out)
    assert.deepEqual([...out.values.subarray(0, out.length)], [99, ...want])
  }
  check(20, 30, [2, 3])
  check(0, 9, [])
  check(41, 99, [])
  check(10, 10, [1])
  check(40, 99, [4])
})

test('what columns know of their spacing and markers is so', () => {
  const piece = fc.array(fc.tuple(fc.constantFrom(10, 10, 10, 10, 10, 25), fc.constantFrom(1, 1, 1, 1, STALE_MARKER)), { maxLength: 5 })
  let [evenCount, freeCount] = [0, 0]
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 4 }), fc.nat(120), fc.nat(120), fc.boolean(), (pieces, from, range, pushes) => {
      const out = new SampleColumns(1)
      let t = 0
      for (const [i, samples] of pieces.entries()) {
        const times = samples.map(([step]) => (t += step))
        const bytes = encodeXor(
          times,
          samples.map(([, value]) => value),
        )
        decodeXor(bytes, 0, bytes.length, from, from + range, out)
        if (pushes && i === 1) out.push((t += 10), STALE_MARKER)
      }
      const times = [...out.timestamps.subarray(0, out.length)]
      const { spacingMs } = out
      if (spacingMs > 0) {
        evenCount++
        assert.ok(times.length > 1)
        for (let i = 1; i < times.length; i++) assert.equal(times[i] - times[i - 1], spacingMs)
      }
      if (out.mayHaveMarkers) return
      freeCount++
      for (let i = 0; i < times.length; i++) assert.equal(isStaleMarker(out.values[i]), false)
    }),
    { numRuns: 2000, seed: 3 },
  )
  assert.ok(evenCount > 100 && freeCount > 100, `${evenCount} even, ${freeCount} without markers`)
})

test('a counter is known not to fall, by the decoder and by compiled code, unless it does', () => {
  const memory = takeDecodeMemory()
  for (const out of [new SampleColumns(0), new SampleColumns(0, memory)]) {
    const check = (chunks: readonly (readonly number[])[], want: boolean) => {
      out.clear()
      let t = 0
      for (const values of chunks) {
        const bytes = encodeXor(
          values.map(() => (t += 10)),
          values,
        )
        decodeXor(bytes, 0, bytes.length, 0, 1e9, out)
      }
      assert.equal(out.mayFall, want, JSON.stringify(chunks))
    }
    check([[0, 0, 1, 1.5, 2, 2, 1e9, 1e300]], false)
    check([[7, 8, 9, 10, 11, 12, 13, 12.999, 15]], true)
    check(
      [
        [1, 2, 3, 4, 5, 6, 7],
        [7, 8, 9, 10, 11, 12],
      ],
      false,
    )
    check(
      [
        [1, 2, 3, 4, 5, 6, 7],
        [6, 8, 9, 10, 11, 12],
      ],
      true,
    )
    check([[5]], false)
  }
  giveBackDecodeMemory(memory)
})

test('a chunk inside a larger array, with other bytes around it', () => {
  const bytes = encodeXor([10, 20], [1.5, 2.5])
  const data = new Uint8Array(bytes.length + 20).fill(0xa5)
  data.set(bytes, 7)
  const out = new SampleColumns()
  decodeXor(data, 7, 7 + bytes.length, 0, 100, out)
  assert.deepEqual([...out.values.subarray(0, out.length)], [1.5, 2.5])
})

test('bytes that end before the samples do are an error, never a wrong answer', () => {
  const bytes = encodeXor([1e12, 1e12 + 15000, 1e12 + 30001], [0.1, 0.7, 123.456])
  for (let end = 0; end < bytes.length; end++) {
    assert.throws(() => decodeXor(bytes, 0, end, 0, 2e12, new SampleColumns()), /decode xor chunk: (bytes end in sample|\d bytes)/)
  }
})

test('an appender says no when the memory is full, and what it has is a chunk', () => {
  const data = new Uint8Array(100)
  const appender = new XorAppender(data, 10, 70)
  let count = 0
  while (appender.append(count * 1000, Math.sqrt(count))) count++
  assert.ok(count > 3)
  assert.ok(data.subarray(70).every((byte) => byte === 0))
  const out = new SampleColumns()
  decodeXor(data, 10, appender.end, 0, 1e9, out)
  assert.deepEqual(
    [...out.values.subarray(0, out.length)],
    Array.from({ length: count }, (_, i) => Math.sqrt(i)),
  )
})
