import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeXor } from '../../chunkenc/xor.ts'
import { Labels } from '../../model/labels.ts'
import { AppendStatus } from '../../storage/appender.ts'
import { SampleRun } from './append-run.ts'
import { SlabPool } from './slab-pool.ts'
import { Window } from './window.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)
const MONTH = 31 * 86_400_000

/** Bits of float64 of all kinds: next to each other, far from each other, of no number, of a stale marker that was made quiet. */
const bits = fc.oneof(
  { weight: 4, arbitrary: fc.nat(200).map((v) => bitsOf(1e6 + v / 4)) },
  { weight: 2, arbitrary: fc.double().map(bitsOf) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
  { weight: 2, arbitrary: fc.nat(63).map((shift) => 1n << BigInt(shift)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0n, 1n << 63n, 0x7ff0000000000002n, 0x7ff8000000000002n, 0x7ff8000000000001n, 0xfff8000000000123n),
  },
)

/** From one sample to the next, at and around the most that each width of bits can say, up to what only a month has room for. */
const step = fc.oneof(
  { weight: 40, arbitrary: fc.constant(15_000) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 30_000 }) },
  { weight: 3, arbitrary: fc.constantFrom(8192, 65_536, 524_288).chain((most) => fc.integer({ min: 14_998 + most, max: 15_002 + most })) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 2_000_000_000 }) },
)

function bitsOf(v: number): bigint {
  return new BigUint64Array(Float64Array.of(v).buffer)[0]
}

function chunksOf(window: Window, series: number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  window.visitChunks(series, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, {
    chunk(_minTime, _maxTime, sampleCount, firstCell, byteCount) {
      const bytes = new Uint8Array(2 + byteCount)
      bytes[1] = sampleCount
      window.cells.copy(firstCell, byteCount, bytes, 2)
      chunks.unshift(bytes)
    },
  })
  return chunks
}

test('a sample appended a word at a time has the bits that the encoder gives it, when it comes and when it comes back', () => {
  let atOnce = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(step, bits), { minLength: 1, maxLength: 260, size: 'max' }),
      fc.integer({ min: -2, max: 2 }).map((month) => month * MONTH),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
      (samples, start, lengths) => {
        const times: number[] = []
        let t = start
        for (const [delta] of samples) {
          if (t + delta >= start + MONTH) break
          times.push(t)
          t += delta
        }
        const values = new Float64Array(times.length)
        const words = new BigUint64Array(values.buffer)
        for (let i = 0; i < times.length; i++) words[i] = samples[i][1]
        const window = new Window(new SlabPool(), 1, start, start + MONTH)
        const [came, back] = [window.add(Labels.of({ i: '1' })), window.add(Labels.of({ i: '2' }))]
        for (let i = 0; i < times.length; i++) assert.equal(window.append(came, times[i], values[i]), AppendStatus.ok)
        const run = new SampleRun(times.length)
        run.times.set(times)
        run.values.set(values)
        for (let i = 0, n = 0; i < times.length; n++) {
          const before = window.lastTime(back)
          const end = window.replayRun(back, run, i, Math.min(times.length, i + lengths[n % lengths.length]))
          assert.equal(window.lastTime(back), end === i ? before : times[end - 1])
          atOnce += end - i
          i = end
          if (i < times.length) assert.equal(window.append(back, times[i], values[i++]), AppendStatus.ok)
        }
        assert.equal(window.sampleCount, 2 * times.length)
        const want: Uint8Array[] = []
        for (let from = 0; from < times.length; from += 120) want.push(encodeXor(times, values, from, Math.min(from + 120, times.length)))
        assert.deepEqual(chunksOf(window, came), want)
        assert.deepEqual(chunksOf(window, back), want)
        const last = times.length - 1
        // Again, another value, and what was gone past.
        assert.equal(window.append(came, times[last], values[last]), AppendStatus.ok)
        words[last] ^= 1n << 40n
        assert.equal(window.append(came, times[last], values[last]), AppendStatus.duplicateTimestamp)
        assert.equal(window.append(came, times[last] - 1, 1), AppendStatus.outOfOrder)
        for (const t of [times[last], times[last] - 1, start + MONTH]) {
          run.times[0] = t
          assert.equal(window.replayRun(back, run, 0, 1), 0)
        }
        assert.deepEqual(chunksOf(window, came), want)
        assert.deepEqual(chunksOf(window, back), want)
      },
    ),
    { seed: SEED, numRuns: 300 },
  )
  assert.ok(atOnce > 5000, `${atOnce} at once`)
})
