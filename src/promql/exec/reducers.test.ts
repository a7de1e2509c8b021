import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Labels } from '../../model/labels.ts'
import { LimitedBudget } from './budget.ts'
import { ColumnMemory } from './columns.ts'
import { AvgReducer } from './reduce-avg.ts'
import { CountReducer, GroupReducer } from './reduce-counts.ts'
import { ExtremeReducer } from './reduce-extremes.ts'
import { SumReducer } from './reduce-sum.ts'
import { VarianceReducer } from './reduce-variance.ts'
import type { Reducer, SplitReducer } from './reducer.ts'

const memory = new ColumnMemory(new LimitedBudget({ samplesMax: 1e9, bytesMax: 1e9 }))

/** Reduces rows of values, `undefined` where there is none, to one row. */
async function reduce(reducer: Reducer, rows: readonly (readonly (number | undefined)[])[]): Promise<(number | undefined)[]> {
  const stepCount = rows[0].length
  for (const row of rows) {
    const series = memory.series(Labels.empty, stepCount)
    row.forEach((value, k) => {
      // What is not there is not zero either.
      series.values[k] = value ?? 999
      series.present[k] = value === undefined ? 0 : 1
    })
    reducer.add(0, series)
    memory.release(series)
  }
  const out = memory.series(Labels.empty, stepCount)
  await reducer.finish(0, out)
  return Array.from(out.values, (value, k) => (out.present[k] === 1 ? value : undefined))
}

const ROWS = [
  [1, undefined, NaN, 1e308, 1e100, Infinity],
  [2, undefined, 5, 1e308, 1, 1],
  [6, undefined, -5, 1e308, -1e100, undefined],
]

test('each reduction sees present values only', async () => {
  const check = async (reducer: Reducer, want: (number | undefined)[]) => assert.deepEqual(await reduce(reducer, ROWS), want)
  await check(new SumReducer(memory), [9, undefined, NaN, Infinity, 1, Infinity])
  await check(new AvgReducer(memory), [3, undefined, NaN, 1e308, 1 / 3, Infinity])
  await check(new CountReducer(memory), [3, undefined, 3, 3, 3, 2])
  await check(new GroupReducer(memory), [1, undefined, 1, 1, 1, 1])
  await check(new ExtremeReducer(memory, 'max'), [6, undefined, 5, 1e308, 1e100, Infinity])
  await check(new ExtremeReducer(memory, 'min'), [1, undefined, -5, 1e308, -1e100, 1])
})

test('a sum is the same however its series come, with gaps, one after the other, and beyond what is finite', async () => {
  const value = fc.oneof(
    { weight: 4, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
    { weight: 2, arbitrary: fc.double() },
    { weight: 1, arbitrary: fc.constantFrom(1e308, -1e308, Number.MAX_VALUE, -Number.MAX_VALUE, Infinity, -Infinity, NaN, 5e-324, -0) },
  )
  const row = fc.tuple(fc.nat(8), fc.nat(8), fc.array(fc.tuple(value, fc.nat(9)), { minLength: 8, maxLength: 8 }))
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), fc.boolean(), async (rows, hasGaps) => {
      // Each step 30 times.
      const columns = rows.map(([from, to, steps]) =>
        steps
          .map(([v, chance], k) => (k < from || k >= to || (hasGaps && chance === 0) ? undefined : v))
          .flatMap((v) => new Array<number | undefined>(30).fill(v)),
      )
      const want = Array.from({ length: 240 }, (_, k) => plainSum(columns.flatMap((steps) => (steps[k] === undefined ? [] : [steps[k]]))))
      assert.deepEqual(await reduce(new SumReducer(memory), columns), want)
    }),
    { seed: 11, numRuns: 500 },
  )
})

/** Source: Prometheus util/kahansum. */
function plainSum(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined
  let [sum, lost] = [values[0], 0]
  for (const value of values.slice(1)) {
    const total = sum + value
    if (Math.abs(total) === Infinity) lost = 0
    else lost += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
    sum = total
  }
  return sum + lost
}

test('variance, and its root', async () => {
  const rows = [
    [1, Infinity],
    [3, 1],
    [undefined, 1],
  ]
  assert.deepEqual(await reduce(new VarianceReducer(memory, 'stdvar'), rows), [1, NaN])
  assert.deepEqual(await reduce(new VarianceReducer(memory, 'stddev'), rows), [1, NaN])
})

test('what two reducers have of parts is what one has of all', async () => {
  const fill = (reducer: Reducer, rows: readonly (readonly (number | undefined)[])[]) => {
    for (const row of rows) {
      const series = memory.series(Labels.empty, row.length)
      row.forEach((value, k) => {
        series.values[k] = value ?? 999
        series.present[k] = value === undefined ? 0 : 1
      })
      reducer.add(0, series)
      memory.release(series)
    }
  }
  const check = async (open: () => SplitReducer) => {
    const rows = [...ROWS, [NaN, 4, -Infinity, -1e308, 1e-30, -Infinity], [3, undefined, 0.1, 1e308, 0.2, 7]]
    const stepCount = rows[0].length
    const finished = async (reducer: Reducer, group: number) => {
      const out = memory.series(Labels.empty, stepCount)
      await reducer.finish(group, out)
      return Array.from(out.values, (value, k) => (out.present[k] === 1 ? value : undefined))
    }
    const whole = open()
    fill(whole, rows)
    for (let at = 1; at < rows.length; at++) {
      const [first, second] = [open(), open()]
      fill(first, rows.slice(0, at))
      fill(second, rows.slice(at))
      first.merge(0, second.columns(), 0, stepCount)
      // A group that only the other one has.
      first.merge(1, second.columns(), 0, stepCount)
      const [want, got] = [await finished(whole, 0), await finished(first, 0)]
      for (const [k, value] of want.entries()) {
        // A sum that overflows on the way need not do so in parts.
        if (k !== 3)
          assert.ok(
            Object.is(got[k], value) || Math.abs(got[k]! - value!) <= 1e-15 * Math.abs(value!),
            `${got[k]}, want ${value}, at ${at}`,
          )
      }
      assert.deepEqual(await finished(first, 1), await finished(second, 0))
    }
  }
  await check(() => new SumReducer(memory))
  await check(() => new AvgReducer(memory))
  await check(() => new CountReducer(memory))
  await check(() => new GroupReducer(memory))
  await check(() => new ExtremeReducer(memory, 'max'))
  await check(() => new ExtremeReducer(memory, 'min'))
})
