import assert from 'node:assert/strict'
import { test } from 'node:test'
import { negotiate } from './negotiate.ts'

test('the first format that is wanted and known', () => {
  const check = (accept: string | undefined, want: string, openMetrics = true) =>
    assert.equal(negotiate(accept, { openMetrics }).contentType, want, accept)
  const text = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'
  const protobuf = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores'
  const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores'
  check(undefined, text)
  check('', text)
  check('*/*', text)
  check('text/html', text)
  check('text/plain;version=9', text)
  check('text/plain; version = 1.0.0', text.replace('0.0.4', '1.0.0'))
  check('application/openmetrics-text', openMetrics.replace('1.0.0', '0.0.1'))
  check('application/openmetrics-text;version=1.0.0', openMetrics)
  check('application/openmetrics-text;version=1.0.0', text, false)
  check('application/openmetrics-text;version=2.0.0', text)
  check('application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.3', text)
  check('text/plain;q=0.3,application/openmetrics-text;version=1.0.0;q=0.7', openMetrics)
  check('application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;q=0.3', protobuf)
  check('application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text', text)
  check('application/vnd.google.protobuf;encoding=delimited', text)
  check('text/plain;escaping=dots', text.replace('underscores', 'dots'))
  check('text/plain;escaping=nothing', text)
  // As Prometheus 3 asks.
  check(
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    openMetrics.replace('underscores', 'allow-utf-8'),
  )
})
