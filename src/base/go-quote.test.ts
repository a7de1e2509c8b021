import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quote } from './go-quote.ts'

test('texts are quoted as Go quotes them', () => {
  assert.equal(quote('\x01\u00e9'), '"\\x01\u00e9"')
  assert.equal(quote('a "b" \\ \n\t\r\x07\b\f\v\x7f'), '"a \\"b\\" \\\\ \\n\\t\\r\\a\\b\\f\\v\\x7f"')
  assert.equal(quote('\u00a0\u200b\ufeff☺日😀'), '"\\u00a0\\u200b\\ufeff☺日😀"')
  assert.equal(quote('\u{e0001}\udcc5'), '"\\U000e0001\\xc5"')
})
