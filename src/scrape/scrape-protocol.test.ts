import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptHeader, DEFAULT_SCRAPE_PROTOCOLS, mediaTypeOf, PROTOBUF_FIRST_SCRAPE_PROTOCOLS } from './scrape-protocol.ts'

test('protocols are asked for in the order of the configuration', () => {
  assert.equal(
    acceptHeader(DEFAULT_SCRAPE_PROTOCOLS, 'allow-utf-8'),
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,' +
      'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
  )
  assert.equal(
    acceptHeader(PROTOBUF_FIRST_SCRAPE_PROTOCOLS, 'underscores'),
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,' +
      'application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,' +
      'text/plain;version=1.0.0;escaping=underscores;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
  )
  assert.equal(acceptHeader(['PrometheusText0.0.4'], 'dots'), 'text/plain;version=0.0.4;q=0.6,*/*;q=0.5')
})

test('a protocol has a media type', () => {
  assert.equal(mediaTypeOf('PrometheusText1.0.0'), 'text/plain')
  assert.equal(mediaTypeOf('OpenMetricsText0.0.1'), 'application/openmetrics-text')
  assert.equal(mediaTypeOf('PrometheusProto'), 'application/vnd.google.protobuf')
})
