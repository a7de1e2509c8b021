import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toRows } from './rows.ts'

const value = (text: string, short?: string, time?: number) => ({ text, short, time })

test('every type of result becomes rows', () => {
  assert.deepEqual(toRows({ resultType: 'scalar', result: [1, '42'] }, 'bytes'), [{ metric: undefined, values: [value('42')] }])
  assert.deepEqual(toRows({ resultType: 'string', result: [1, 'a "b"'] }, 'none'), [{ metric: undefined, values: [value('"a \\"b\\""')] }])
  assert.deepEqual(toRows({ resultType: 'vector', result: [{ metric: { a: 'b' }, value: [1, '2048'] }] }, 'bytes'), [
    { metric: { a: 'b' }, values: [value('2048', '2 KiB')] },
  ])
  const matrix = toRows(
    {
      resultType: 'matrix',
      result: [
        {
          metric: {},
          values: [
            [1, '1'],
            [2.5, 'NaN'],
          ],
        },
      ],
    },
    'none',
  )
  assert.deepEqual(matrix, [{ metric: {}, values: [value('1', undefined, 1000), value('NaN', undefined, 2500)] }])
})

test('histograms stand between the floats of their series', () => {
  const histogram = (count: string) => ({ count, sum: '1', buckets: [[0, '1', '2', count]] as const })
  const metric = { __name__: 'wait' }
  assert.deepEqual(toRows({ resultType: 'vector', result: [{ metric, histogram: [1, histogram('4')] }] }, 'seconds'), [
    { metric, values: [{ histogram: histogram('4'), time: undefined }] },
  ])
  const matrix = toRows(
    {
      resultType: 'matrix',
      result: [
        {
          metric,
          values: [
            [1, '1'],
            [3, '3'],
          ],
          histograms: [[2, histogram('2')]],
        },
      ],
    },
    'none',
  )
  assert.deepEqual(matrix[0].values, [value('1', undefined, 1000), { histogram: histogram('2'), time: 2000 }, value('3', undefined, 3000)])
})
