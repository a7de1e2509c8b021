import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HistogramLine } from '../panel-state.ts'
import { lastValue, stackLines, toColumns } from './columns.ts'

const window = { start: 1_000_500, end: 1_003_500, stepMs: 1000 }

test('toColumns leaves gaps where there is nothing to draw', () => {
  const columns = toColumns(
    [
      {
        metric: { a: '1' },
        values: [
          [1000.5, '1'],
          [1002.5, '3'],
          [1003.5, '4'],
        ],
      },
      {
        metric: { a: '2' },
        values: [
          [1001.5, 'NaN'],
          [1002.5, '+Inf'],
          [1003.5, '1e-05'],
        ],
      },
    ],
    window,
    'count',
  )
  assert.deepEqual(columns.times, [1000.5, 1001.5, 1002.5, 1003.5])
  assert.deepEqual(
    columns.lines.map((line) => line.values),
    [
      [1, null, 3, 4],
      [null, null, null, 0.00001],
    ],
  )
})

test('a native histogram is drawn as one number of it', () => {
  const histograms = [
    [1001.5, { count: '4', sum: '10' }],
    [1002.5, { count: '0', sum: '0' }],
  ] as const
  const check = (line: HistogramLine, want: readonly (number | null)[]) =>
    assert.deepEqual(toColumns([{ metric: {}, values: [[1000.5, '7']], histograms }], window, line).lines[0].values, want)
  check('count', [7, 4, 0, null])
  check('sum', [7, 10, 0, null])
  check('average', [7, 2.5, null, null])
})

test('toColumns reads over samples outside the window', () => {
  const columns = toColumns(
    [
      {
        metric: {},
        values: [
          [999, '1'],
          [1010, '2'],
        ],
      },
    ],
    window,
    'count',
  )
  assert.deepEqual(columns.lines[0].values, [null, null, null, null])
})

test('stackLines adds what is shown', () => {
  const lines = [
    [1, null, 3],
    [10, 20, null],
    [100, 100, 100],
  ].map((values) => ({ metric: {}, values }))
  assert.deepEqual(
    stackLines(lines, () => true),
    [
      [1, null, 3],
      [11, 20, null],
      [111, 120, 103],
    ],
  )
  assert.deepEqual(
    stackLines(lines, (index) => index !== 1),
    [
      [1, null, 3],
      [null, null, null],
      [101, 100, 103],
    ],
  )
  assert.deepEqual(
    stackLines([], () => true),
    [],
  )
})

test('lastValue skips trailing gaps', () => {
  assert.equal(lastValue({ metric: {}, values: [1, 2, null] }), 2)
  assert.equal(lastValue({ metric: {}, values: [null] }), undefined)
})
