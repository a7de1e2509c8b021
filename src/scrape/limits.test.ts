import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkContentType, targetLimitMessage } from './limits.ts'

test("content types that are not text are refused in upstream's words", () => {
  const check = (contentType: string, want?: string) => {
    if (want === undefined) checkContentType(contentType)
    else assert.throws(() => checkContentType(contentType), { message: want })
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

test('a target limit of 0 is none', () => {
  assert.equal(targetLimitMessage(5, 0), undefined)
  assert.equal(targetLimitMessage(5, 5), undefined)
  assert.equal(targetLimitMessage(6, 5), 'target_limit exceeded (number of targets: 6, limit: 5)')
})
