import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BucketAxis, type BucketJson, bucketRange, layoutHistogram } from './layout.ts'

const rounded = (value: number) => Number(value.toFixed(3))

function bars(buckets: readonly BucketJson[], axis: BucketAxis): readonly (readonly number[])[] {
  return (layoutHistogram(buckets, axis, 'none')?.bars ?? []).map(({ left, width, height }) => [left, width, height].map(rounded))
}

const doubling: readonly BucketJson[] = [
  [0, '1', '2', '3'],
  [0, '2', '4', '6'],
  [0, '4', '8', '2'],
]

test('on the exponential axis buckets of a schema are equally wide and height is count', () => {
  assert.deepEqual(bars(doubling, 'exponential'), [
    [0, 0.333, 0.5],
    [0.333, 0.333, 1],
    [0.667, 0.333, 0.333],
  ])
  assert.equal(layoutHistogram(doubling, 'exponential', 'none')?.countMax, 6)
})

test('on the linear axis area is count', () => {
  assert.deepEqual(bars(doubling, 'linear'), [
    [0, 0.143, 1],
    [0.143, 0.286, 1],
    [0.429, 0.571, 0.167],
  ])
})

test('the zero bucket takes one bucket of room however small its threshold', () => {
  const both: readonly BucketJson[] = [
    [1, '-2', '-1', '1'],
    [3, '-1e-128', '1e-128', '2'],
    [0, '1', '2', '4'],
  ]
  assert.deepEqual(bars(both, 'exponential'), [
    [0, 0.333, 0.25],
    [0.333, 0.333, 0.5],
    [0.667, 0.333, 1],
  ])
  assert.deepEqual(
    layoutHistogram(both, 'exponential', 'none')?.ticks.map(({ value }) => value),
    [-2, -1, 0, 1, 2],
  )
  assert.deepEqual(bars(both.slice(1), 'exponential'), [
    [0, 0.5, 0.5],
    [0.5, 0.5, 1],
  ])
})

test('a bucket without an end, without a width, or alone still stands', () => {
  const custom: readonly BucketJson[] = [
    [0, '-Inf', '5', '1'],
    [0, '5', '10', '1'],
    [1, '10', '+Inf', '1'],
  ]
  const layout = layoutHistogram(custom, 'exponential', 'none')
  assert.deepEqual(
    layout?.bars.map(({ open }) => open),
    [true, false, true],
  )
  assert.deepEqual(
    layout?.ticks.map(({ value }) => value),
    [5, 10],
  )
  for (const bar of [...(layout?.bars ?? []), ...(layoutHistogram(custom, 'linear', 'none')?.bars ?? [])]) {
    assert.ok(bar.left >= 0 && bar.width > 0 && bar.left + bar.width < 1.0001, JSON.stringify(bar))
    assert.ok(bar.height > 0 && bar.height <= 1, JSON.stringify(bar))
  }
  assert.deepEqual(bars([[3, '0', '0', '7']], 'exponential'), [[0, 1, 1]])
  assert.deepEqual(bars([[3, '0', '0', '7']], 'linear'), [[0, 0, 1]])
  assert.deepEqual(bars([[0, '-Inf', '+Inf', '7']], 'linear'), [[0, 1, 1]])
  assert.equal(layoutHistogram([], 'linear', 'none'), undefined)
})

test('ticks of the linear axis are round', () => {
  const ticks = layoutHistogram([[0, '0', '0.7', '1']], 'linear', 'none')?.ticks.map(({ value }) => value)
  assert.deepEqual(ticks, [0, 0.2, 0.4, 0.6])
  const bytes = layoutHistogram([[0, '0', '5000', '1']], 'linear', 'bytes')?.ticks.map(({ value }) => value)
  assert.deepEqual(bytes, [0, 1024, 2048, 3072, 4096])
})

test('brackets say which bounds belong to a bucket', () => {
  const check = (bounds: number, want: string) => assert.equal(bucketRange([bounds, '-1', '1', '0']), want)
  check(0, '(-1, 1]')
  check(1, '[-1, 1)')
  check(2, '(-1, 1)')
  check(3, '[-1, 1]')
})
