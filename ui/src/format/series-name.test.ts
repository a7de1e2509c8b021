import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metric } from '../../../src/api/types/query.ts'
import { commonLabels, formatSeries, withoutLabels } from './series-name.ts'

test('formatSeries writes a selector', () => {
  const check = (metric: Metric, want: string) => assert.equal(formatSeries(metric), want)
  check({}, '{}')
  check({ __name__: 'up' }, 'up')
  check({ __name__: 'up', job: 'x', instance: 'a:1' }, 'up{instance="a:1",job="x"}')
  check({ job: 'x' }, '{job="x"}')
  check({ __name__: 'disk.usage', 'a.b': 'c' }, '{"disk.usage","a.b"="c"}')
  check({ path: 'C:\\"x"' }, '{path="C:\\\\\\"x\\""}')
})

test('commonLabels leaves what tells series apart', () => {
  const metrics = [
    { __name__: 'cpu', cpu: '0', job: 'node' },
    { __name__: 'cpu', cpu: '1', job: 'node' },
  ]
  const common = commonLabels(metrics)
  assert.deepEqual(common, { __name__: 'cpu', job: 'node' })
  assert.deepEqual(withoutLabels(metrics[1], common), { cpu: '1' })
  assert.deepEqual(commonLabels([metrics[0]]), {})
})
