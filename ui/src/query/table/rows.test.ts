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
