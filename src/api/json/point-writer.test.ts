import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChunkWriter } from '../../base/chunk-writer.ts'
import { POINTS_MAX } from './point-kernel.ts'
import { PlainPoints, type PointWriter, pointWriter } from './point-writer.ts'

const [plain, compiled] = [new PlainPoints(), pointWriter()]

function text(points: PointWriter, timestamps: readonly number[], values: readonly number[]): string {
  const writer = new ChunkWriter()
  const columns = { timestamps: Float64Array.from(timestamps), values: Float64Array.from(values), length: values.length }
  const parts: Uint8Array[] = []
  for (let next = 0; next < values.length; ) {
    next = points.write(writer, columns, next)
    parts.push(...writer.take())
  }
  return Buffer.concat([...parts, ...writer.end()]).toString('latin1')
}

test('points are written by compiled code', () => {
  assert.ok(!(compiled instanceof PlainPoints))
  assert.equal(text(compiled, [1000, 1500, 0], [1, -0.25, 1e21]), '[1,"1"],[1.500,"-0.25"],[0,"1e+21"]')
})

/** Any value, and more of those that answers have. */
const value = fc.oneof(
  fc.double(),
  fc.double({ min: 1e-6, max: 1e21 }),
  fc.maxSafeInteger(),
  fc.tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 22 })).map(([n, scale]) => n / 10 ** scale),
  fc.tuple(fc.nat({ max: 100_000 }), fc.integer({ min: 1, max: 900 })).map(([n, divisor]) => n / divisor),
  // Where the neighbours of a float are not equally far.
  fc.tuple(fc.integer({ min: -22, max: 71 }), fc.integer({ min: -2, max: 2 })).map(([power, steps]) => near(2 ** power, steps)),
  fc.tuple(fc.integer({ min: -7, max: 22 }), fc.integer({ min: -2, max: 2 })).map(([power, steps]) => near(10 ** power, steps)),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 0.1 + 0.2, 2 ** 53, 5e-324),
)
const timestamp = fc.oneof(fc.integer({ min: -2_000_000, max: 2_000_000 }), fc.integer({ min: -1e13, max: 1e15 + 1000 }))

/** The float so many steps from another one. */
function near(v: number, steps: number): number {
  const float = Float64Array.of(v)
  new BigInt64Array(float.buffer)[0] += BigInt(steps)
  return float[0]
}

test('what compiled code writes is what the other does', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(timestamp, value, fc.nat({ max: 3 })), { maxLength: 100 }), (points) => {
      // Some values stay for a while.
      const values = points.flatMap(([, v, more]) => new Array<number>(more + 1).fill(v))
      const timestamps = points.flatMap(([t, , more]) => Array.from({ length: more + 1 }, (_, i) => t + i * 15_000))
      assert.equal(text(compiled, timestamps, values), text(plain, timestamps, values))
    }),
    { numRuns: 1500 },
  )
})

test('series of any length, where the ways change in between', () => {
  for (const length of [1, POINTS_MAX - 1, POINTS_MAX, POINTS_MAX + 1, 20_000])
    for (const every of [1, 2, 100, POINTS_MAX, length + 1]) {
      const values = Array.from({ length }, (_, i) => (i % every === every - 1 ? Number.NaN : i / 7))
      const timestamps = values.map((_, i) => 1_700_000_000_000 + i * 500)
      assert.equal(text(compiled, timestamps, values), text(plain, timestamps, values))
    }
})
