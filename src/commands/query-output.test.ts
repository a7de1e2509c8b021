import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelValuesText, type QueryData, queryText, seriesText } from './query-output.ts'

test('a vector is a line a sample, and floats have no exponent', () => {
  const data: QueryData = {
    resultType: 'vector',
    result: [
      { metric: { __name__: 'up', b: 'x"', a: '1' }, value: [1.5, '1e+30'] },
      { metric: {}, value: [1, '-Inf'] },
      { metric: { '2': 'b', '10': 'a' }, value: [1, '1e-7'] },
    ],
  }
  assert.equal(
    queryText(data, 'promql'),
    'up{a="1", b="x\\""} => 1000000000000000000000000000000 @[1.5]\n{} => -Inf @[1]\n{10="a", 2="b"} => 0.0000001 @[1]',
  )
  assert.equal(
    queryText(data, 'json'),
    '[{"metric":{"__name__":"up","a":"1","b":"x\\""},"value":[1.5,"1000000000000000000000000000000"]},{"metric":{},"value":[1,"-Inf"]},{"metric":{"10":"a","2":"b"},"value":[1,"0.0000001"]}]',
  )
})

test('a matrix is sorted, by the number of labels first', () => {
  const stream = (metric: Record<string, string>) => ({ metric, values: [[1, '1'] as const] })
  const data: QueryData = {
    resultType: 'matrix',
    result: [stream({ b: '1' }), stream({ a: '1', b: '1' }), stream({ a: '2' }), stream({ a: '1' })],
  }
  const names = [...queryText(data, 'promql').matchAll(/^(.*) =>$/gm)].map(([, name]) => name)
  assert.deepEqual(names, ['{b="1"}', '{a="1"}', '{a="2"}', '{a="1", b="1"}'])
})

test('native histograms have their buckets', () => {
  const histogram = { count: '3', sum: '1.5', buckets: [[3, '-0.001', '0.001', '1'] as const, [0, '1e+21', '+Inf', '2.5'] as const] }
  const data: QueryData = { resultType: 'vector', result: [{ metric: { __name__: 'h' }, histogram: [1, histogram] }] }
  assert.equal(queryText(data, 'promql'), 'h => Count: 3.000000, Sum: 1.500000, Buckets: [[-0.001,0.001]:1 (1e+21,+Inf]:2.5] @[1]')
  assert.equal(
    queryText(data, 'json'),
    '[{"metric":{"__name__":"h"},"histogram":[1,{"count":"3","sum":"1.5","buckets":[[3,"-0.001","0.001","1"],[0,"1000000000000000000000","+Inf","2.5"]]}]}]',
  )
})

test('scalars, texts, series and values', () => {
  assert.equal(queryText({ resultType: 'scalar', result: [1.25, '2'] }, 'promql'), 'scalar: 2 @[1.25]')
  assert.equal(queryText({ resultType: 'scalar', result: [1.25, 'NaN'] }, 'json'), '[1.25,"NaN"]')
  assert.equal(queryText({ resultType: 'string', result: [1, 'a<b'] }, 'promql'), 'a<b')
  assert.equal(queryText({ resultType: 'string', result: [1, 'a<b'] }, 'json'), '[1,"a\\u003cb"]')
  assert.equal(seriesText([{ b: '1', __name__: 'a' }], 'promql'), '{__name__="a", b="1"}')
  assert.equal(seriesText([], 'promql'), undefined)
  assert.equal(labelValuesText(['a', 'b'], 'promql'), 'a\nb')
  assert.equal(labelValuesText([], 'json'), '[]')
})
