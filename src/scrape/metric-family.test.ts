import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import { isOfFamily, withTypeAndUnit } from './metric-family.ts'

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

test('type and unit are labels of the series of their metric', () => {
  const check = (name: string, type: MetricType, unit: string, want: string) =>
    assert.equal(
      withTypeAndUnit(Labels.of({ __name__: name, a: 'b', __unit__: 'x' }), { name: 'm_seconds', type, help: '', unit }).toString(),
      want,
    )
  check('m_seconds_total', 'counter', 'seconds', 'm_seconds_total{__type__="counter", __unit__="seconds", a="b"}')
  check('m_seconds', 'unknown', '', 'm_seconds{a="b"}')
  check('other', 'gauge', 'seconds', 'other{a="b"}')
})
