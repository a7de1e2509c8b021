import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { errorMessage } from '../base/errors.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import { SampleColumns } from './codec.ts'
import { giveBackDecodeMemory, takeDecodeMemory } from './decode-memory.ts'
import { decodeXor, encodeXor } from './xor.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)

/** What a decoder has to say of chunks one after the other. */
function outcome(chunks: readonly Uint8Array[], minTime: number, maxTime: number, out: SampleColumns): unknown {
  try {
    for (const bytes of chunks) decodeXor(bytes, 0, bytes.length, minTime, maxTime, out)
  } catch (error) {
    return errorMessage(error)
  }
  const { timestamps, values, valueWords, length, spacingMs, mayHaveMarkers } = out
  if (!out.mayFall) for (let i = 1; i < length; i++) assert.ok(!(values[i] < values[i - 1]), `value ${i} falls`)
  return { timestamps: [...timestamps.subarray(0, length)], words: [...valueWords.subarray(0, 2 * length)], spacingMs, mayHaveMarkers }
}

function assertAlike(chunks: readonly Uint8Array[], minTime: number, maxTime: number): void {
  const memory = takeDecodeMemory()
  assert.ok(memory)
  assert.deepEqual(outcome(chunks, minTime, maxTime, new SampleColumns(0, memory)), outcome(chunks, minTime, maxTime, new SampleColumns(0)))
  giveBackDecodeMemory(memory)
}

const value = fc.oneof(
  { weight: 3, arbitrary: fc.double() },
  { weight: 3, arbitrary: fc.integer().map(Number) },
  { weight: 3, arbitrary: fc.constantFrom(1, 2, 3) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, Number.POSITIVE_INFINITY, Number.NaN, 5e-324, -1.7e308, STALE_MARKER) },
)
const step = fc.oneof(
  { weight: 9, arbitrary: fc.constant(15_000) },
  { weight: 3, arbitrary: fc.constantFrom(15_000 + 8191, 15_000 + 8192, 15_000 + 8193, 80_537, 539_289, 14_999, 2 ** 33, 2 ** 41) },
  { weight: 3, arbitrary: fc.nat(600_000) },
)
const chunk = fc
  .tuple(fc.integer({ min: -1e12, max: 2e12 }), fc.array(fc.tuple(step, value), { minLength: 1, maxLength: 150 }))
  .map(([start, samples]) => {
    let t = start
    const times = samples.map(([delta]) => (t += delta))
    // A typed array, since an ordinary one may lose the payload of the marker.
    return {
      times,
      bytes: encodeXor(
        times,
        Float64Array.from(samples, ([, v]) => v),
      ),
    }
  })

test('compiled code finds the samples that the decoder finds, and the same to say of them', () => {
  fc.assert(
    fc.property(fc.array(chunk, { minLength: 1, maxLength: 3 }), fc.nat(), fc.nat(), (chunks, from, to) => {
      const times = chunks.flatMap((one) => one.times)
      const bytes = chunks.map((one) => one.bytes)
      assertAlike(bytes, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
      assertAlike(bytes, times[from % times.length], times[to % times.length])
    }),
    { seed: SEED, numRuns: 1000 },
  )
})

test('what is damaged is refused in the same words, or read alike', () => {
  const damage = fc.tuple(chunk, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat())
  fc.assert(
    fc.property(damage, ([{ bytes }, changes, cut]) => {
      const damaged = bytes.slice(0, 2 + (cut % (bytes.length - 1)))
      // The number of samples stays below what a chunk has room for.
      for (const [at, to] of changes) if (at % damaged.length !== 0) damaged[at % damaged.length] = to
      assertAlike([damaged], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    }),
    { seed: SEED, numRuns: 3000 },
  )
})

test('columns grow with what they hold', () => {
  const times = Array.from({ length: 30_000 }, (_, i) => 1.7e12 + i * 15_000)
  const chunks = Array.from({ length: 250 }, (_, i) => {
    const some = times.slice(i * 120, (i + 1) * 120)
    return encodeXor(some, some.map(Math.sin))
  })
  assertAlike(chunks, 0, 2e12)
  const one = encodeXor(times, times.map(Math.sin))
  assertAlike([one], 0, 2e12)
})
