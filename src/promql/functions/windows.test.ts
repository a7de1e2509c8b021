import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { changes, resets } from './changes.ts'
import { maxOverTime, minOverTime } from './extremes-over-time.ts'
import { functionNamed, functionNames } from './function-table.ts'
import { quantileOfSorted, quantileOverTime, sortValues } from './quantile.ts'
import { delta, increase, rate } from './rate.ts'
import { deriv, predictLinear } from './regression.ts'
import { SIGNATURES } from './signatures.ts'
import { avgOverTime, stdvarOverTime, sumOverTime } from './sums-over-time.ts'
import { evenWindows, someSteps, type WindowKernel, type Windows } from './window-kernel.ts'

// Kernels slide; here each window is computed for itself, the way it would be written down.

function windowsOf(values: readonly number[], width: number, quantile = 0.5): Windows {
  const count = values.length
  return {
    timestamps: Float64Array.from(values, (_, i) => i * 1000),
    values: Float64Array.from(values),
    length: count,
    lo: Int32Array.from({ length: count }, (_, k) => Math.max(0, k + 1 - width)),
    hi: Int32Array.from({ length: count }, (_, k) => k + 1),
    startTimes: undefined,
    mayFall: true,
    even: undefined,
    stepCount: count,
    firstEnd: 0,
    endStepMs: 1000,
    rangeMs: width * 1000,
    firstTime: 0,
    stepMs: 1000,
    parameters: [new Float64Array(count).fill(quantile), new Float64Array(count).fill(0.25)],
  }
}

const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -50, max: 50 }) },
  { weight: 3, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, 1e100, -1e100, 0, -0) },
)

function checkKernel(kernel: WindowKernel, plain: (window: readonly number[]) => number, tolerance = 0): void {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), (values, width) => {
      const windows = windowsOf(values, width)
      const out = new Float64Array(values.length)
      const present = new Uint8Array(values.length)
      kernel(windows, out, present)
      for (let k = 0; k < values.length; k++) {
        assert.equal(present[k], 1)
        const want = plain(values.slice(windows.lo[k], windows.hi[k]))
        const close = Math.abs(out[k] - want) <= tolerance * Math.max(1, Math.abs(want))
        assert.ok(close || Object.is(out[k], want) || out[k] === want, `step ${k}: ${out[k]}, want ${want}`)
      }
    }),
    { seed: 7, numRuns: 300 },
  )
}

/** Compensated, in order, as upstream adds. */
function plainSum(window: readonly number[]): number {
  let [sum, lost] = [0, 0]
  for (const added of window) {
    const total = sum + added
    if (Math.abs(total) === Infinity) lost = 0
    else lost += Math.abs(sum) >= Math.abs(added) ? sum - total + added : added - total + sum
    sum = total
  }
  return Math.abs(sum) === Infinity ? sum : sum + lost
}

test('sums slide as they add up', () => checkKernel(sumOverTime, plainSum, 1e-9))

test('means slide as they add up', () => {
  checkKernel(avgOverTime, (window) => plainSum(window) / window.length, 1e-9)
})

test('extremes slide, NaN only where there is nothing else', () => {
  const numbers = (window: readonly number[]) => window.filter((x) => !Number.isNaN(x))
  checkKernel(maxOverTime, (window) => (numbers(window).length === 0 ? NaN : Math.max(...numbers(window))))
  checkKernel(minOverTime, (window) => (numbers(window).length === 0 ? NaN : Math.min(...numbers(window))))
})

test('quantiles slide over a sorted window', () => {
  checkKernel(quantileOverTime, (window) => quantileOfSorted(0.5, sortValues(Float64Array.from(window)), window.length))
})

test('a quantile of a window that no other one reaches into is that of the sorted samples', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(value, fc.integer({ min: 0, max: 3 })), { minLength: 300, maxLength: 400 }),
      fc.nat(140),
      (values, odd) => {
        const quantile = odd / 100 - 0.2
        const windows = windowsOf(values, 1, quantile)
        windows.lo.set([0, 100, 200])
        windows.hi.set([100, 200, values.length])
        const [out, present] = [new Float64Array(values.length), new Uint8Array(values.length)]
        quantileOverTime({ ...windows, stepCount: 3 }, out, present)
        for (let k = 0; k < 3; k++) {
          const sorted = sortValues(Float64Array.from(values.slice(windows.lo[k], windows.hi[k])))
          assert.ok(Object.is(out[k], quantileOfSorted(quantile, sorted, sorted.length)), `step ${k}`)
        }
      },
    ),
    { seed: 7, numRuns: 300 },
  )
})

test('changes and resets are counted', () => {
  const pairs = (window: readonly number[]) => window.slice(1).map((after, i) => [window[i], after])
  checkKernel(changes, (window) => pairs(window).filter(([a, b]) => a !== b && !(Number.isNaN(a) && Number.isNaN(b))).length)
  checkKernel(resets, (window) => pairs(window).filter(([a, b]) => b < a).length)
})

test('variances are what two passes find', () => {
  checkKernel(
    stdvarOverTime,
    (window) => {
      const mean = plainSum(window) / window.length
      return plainSum(window.map((x) => (x - mean) ** 2)) / window.length
    },
    1e-9,
  )
})

test('the variance of equal values is zero', () => {
  const windows = windowsOf(new Array(20).fill(1e15 + 0.125), 5)
  const out = new Float64Array(20)
  stdvarOverTime(windows, out, new Uint8Array(20))
  assert.ok(out.every((variance) => variance === 0))
})

test('rates slide as each window alone has them, over samples that are mostly evenly spaced', () => {
  const sample = fc.tuple(fc.constantFrom(1000, 1000, 1000, 1000, 1001, 4000), fc.oneof(fc.integer({ min: 0, max: 9 }), value))
  for (const kernel of [rate, increase, delta]) {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 12 }), (samples, width) => {
        let time = 0
        const times = samples.map(([step]) => (time += step))
        const whole = windowsOf(
          samples.map(([, v]) => v),
          width,
        )
        whole.timestamps.set(times)
        const count = whole.stepCount
        for (let k = 0, low = 0, high = 0; k < count; k++) {
          const end = whole.firstEnd + k * whole.endStepMs
          while (high < count && times[high] <= end) high++
          while (low < high && times[low] <= end - whole.rangeMs) low++
          whole.lo[k] = low
          whole.hi[k] = high
        }
        const [out, present] = [new Float64Array(count), new Uint8Array(count)]
        kernel(whole, out, present)
        for (let k = 0; k < count; k++) {
          const [one, isThere] = [new Float64Array(1), new Uint8Array(1)]
          kernel(someSteps(whole, k, k + 1), one, isThere)
          assert.equal(present[k], isThere[0])
          assert.ok(Object.is(out[k], one[0]) || out[k] === one[0], `step ${k}: ${out[k]}, want ${one[0]}`)
        }
      }),
      { seed: 7, numRuns: 300 },
    )
  }
})

test('rates and lines of windows that are alike are those of each window alone', () => {
  const rising = fc.array(fc.nat(9), { minLength: 1, maxLength: 40 }).map((steps) => {
    let sum = 0
    return steps.map((step) => (sum += step))
  })
  let evenCount = 0
  for (const kernel of [rate, increase, delta, deriv, predictLinear]) {
    fc.assert(
      fc.property(
        fc.oneof(
          rising,
          fc.tuple(rising, rising).map(([a, b]) => [...a, ...b]),
          fc.array(value, { minLength: 1, maxLength: 40 }),
        ),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(1, 2, 3),
        fc.nat(999),
        (values, width, stride, phaseMs) => {
          const whole = windowsOf(values, width)
          const stepCount = Math.ceil((values.length + 90) / stride)
          const windows: Windows = {
            ...whole,
            lo: new Int32Array(stepCount),
            hi: new Int32Array(stepCount),
            stepCount,
            firstEnd: phaseMs,
            endStepMs: stride * 1000,
            firstTime: phaseMs,
            stepMs: stride * 1000,
            parameters: [new Float64Array(stepCount).fill(10)],
            mayFall: values.some((v, i) => v < values[i - 1]),
          }
          for (let k = 0; k < stepCount; k++) {
            const end = windows.firstEnd + k * windows.endStepMs
            windows.lo[k] = whole.timestamps.filter((t) => t <= end - whole.rangeMs).length
            windows.hi[k] = whole.timestamps.filter((t) => t <= end).length
          }
          const outcome = (even: Windows['even']) => {
            const [out, present] = [new Float64Array(stepCount), new Uint8Array(stepCount)]
            kernel({ ...windows, even }, out, present)
            return { out, present }
          }
          const even = evenWindows(windows, 1000)
          assert.ok(even !== undefined)
          if (even.to - even.from > 2) evenCount++
          for (let k = even.from + 1; k < even.to; k++)
            for (const column of [windows.lo, windows.hi]) assert.equal(column[k], column[k - 1] + stride)
          assert.deepEqual(outcome(even), outcome(undefined))
        },
      ),
      { seed: 7, numRuns: 500 },
    )
  }
  assert.ok(evenCount > 200, `${evenCount} with steps that are alike`)
})

test('every function of the language has an entry, but those that a plan has a number for', () => {
  const planned = ['start', 'end', 'range', 'step']
  const known = [...SIGNATURES.keys()].filter((name) => !planned.includes(name))
  assert.deepEqual([...functionNames()].sort(), known.sort())
  assert.throws(() => functionNamed('none'), /function none is not in the table/)
})

test('a kernel that looks at each window anew answers the same in pieces', () => {
  for (const name of functionNames()) {
    const entry = functionNamed(name)
    if (entry.kind !== 'window' || !entry.rescans) continue
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 200 }), fc.nat(300), (values, width, at) => {
        const whole = windowsOf(values, width)
        const count = whole.stepCount
        const cut = at % (count + 1)
        const [out, present] = [new Float64Array(count), new Uint8Array(count)]
        const [pieces, piecesPresent] = [new Float64Array(count), new Uint8Array(count)]
        entry.kernel(whole, out, present)
        for (const [from, to] of [[0, cut] as const, [cut, count] as const])
          entry.kernel(someSteps(whole, from, to), pieces.subarray(from, to), piecesPresent.subarray(from, to))
        assert.deepEqual([...piecesPresent], [...present])
        assert.deepEqual([...pieces], [...out], name)
      }),
      { numRuns: 30 },
    )
  }
})
