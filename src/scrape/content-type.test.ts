import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PageFormat } from '../exposition/page-formats.ts'
import { pageFormat } from './content-type.ts'
import type { ScrapeProtocol } from './scrape-protocol.ts'

test("content types of no format are refused in upstream's words", () => {
  const check = (contentType: string, want?: string) => {
    if (want === undefined) assert.equal(pageFormat(contentType, undefined), 'text')
    else assert.throws(() => pageFormat(contentType, undefined), { message: want })
  }
  check('text/plain')
  check('Text/Plain; version=0.0.4; charset=utf-8')
  check('', 'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target')
  check('text/html', 'received unsupported Content-Type "text/html" and no fallback_scrape_protocol specified for target')
  check('text/plain;')
  check('text/plain ; version = "0.0.4" ; x=y')
  for (const unreadable of ['text/plain; version', 'text/plain; a=1; A=2', 'text/plain; a="1', '; a=1', 'text/plain, text/html']) {
    check(unreadable, `cannot parse Content-Type ${JSON.stringify(unreadable)} and no fallback_scrape_protocol for target`)
  }
  check('text plain', 'cannot parse Content-Type "text plain" and no fallback_scrape_protocol for target')
})

test('a page is in the format that its type names, or in that of the fallback', () => {
  const check = (contentType: string, fallback: ScrapeProtocol | undefined, want: PageFormat) =>
    assert.equal(pageFormat(contentType, fallback), want)
  check('application/openmetrics-text; version=1.0.0; charset=utf-8', undefined, 'openmetrics')
  check('application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited', undefined, 'protobuf')
  // What a target says counts, whatever was asked for.
  check('text/plain', 'PrometheusProto', 'text')
  check('', 'PrometheusProto', 'protobuf')
  check('text/html', 'OpenMetricsText0.0.1', 'openmetrics')
  check('text/plain; a=1; A=2', 'PrometheusText1.0.0', 'text')
})
