import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MetricType } from '../model/metadata.ts'
import { isOfFamily } from './metric-family.ts'

test('series belong to the metric whose name they have, with the suffixes of its type', () => {
  const check = (seriesName: string, name: string, type: MetricType, want: boolean) =>
    assert.equal(isOfFamily(seriesName, { name, type, help: '', unit: '' }), want, `${seriesName} of ${type} ${name}`)
  check('a', 'a', 'gauge', true)
  check('a_total', 'a', 'gauge', false)
  check('ab', 'a', 'gauge', false)
  check('b', 'a', 'unknown', false)
  check('a_total', 'a', 'counter', true)
  check('a_total', 'a_total', 'counter', true)
  check('a_sum', 'a', 'counter', false)
  check('h_bucket', 'h', 'histogram', true)
  check('h_sum', 'h', 'histogram', true)
  check('h_count', 'h', 'histogram', true)
  check('h', 'h', 'histogram', true)
  check('h_gsum', 'h', 'histogram', false)
  check('h_gcount', 'h', 'gaugehistogram', true)
  check('s_count', 's', 'summary', true)
  check('s_bucket', 's', 'summary', false)
  check('build_info', 'build', 'info', true)
  check('build_info', 'build_info', 'info', true)
})
