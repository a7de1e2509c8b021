import assert from 'node:assert/strict'
import { test } from 'node:test'
import { averageOf, describeHistogram, observedUnit, shareOf } from './summary.ts'

test('a histogram is told in a sentence', () => {
  assert.equal(
    describeHistogram({
      count: '9',
      sum: '20.5',
      buckets: [
        [0, '1', '2', '2'],
        [0, '2', '4', '7'],
      ],
    }),
    'Histogram, count 9, sum 20.5, 2 buckets from 1 to 4, most in (2, 4]: 7',
  )
  assert.equal(describeHistogram({ count: '0', sum: '0' }), 'Histogram, count 0, sum 0, no populated buckets')
})

test('average and share are left out where there is nothing to divide by', () => {
  assert.equal(averageOf({ count: '4', sum: '10' }), 2.5)
  assert.equal(averageOf({ count: '0', sum: '0' }), undefined)
  assert.equal(averageOf({ count: '4', sum: 'NaN' }), undefined)
  assert.equal(shareOf('1', '8'), '12.5 %')
  assert.equal(shareOf('0', '0'), '')
})

test('the rate of a histogram of seconds observed seconds', () => {
  assert.equal(observedUnit('rate(http_request_duration_seconds[5m])'), 'seconds')
  assert.equal(observedUnit('sum by (job) (increase(size_bytes[1h]))'), 'bytes')
  assert.equal(observedUnit('histogram_count(rate(x[5m]))'), 'none')
})
