import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redactUrl } from './redact-url.ts'

test('passwords of URLs are not shown', () => {
  assert.equal(redactUrl('http://a:b@c/d@e'), 'http://a:xxxxx@c/d@e')
  assert.equal(redactUrl('a:b@c'), 'a:xxxxx@c')
  assert.equal(redactUrl('http://a@c/x:y@z'), 'http://a@c/x:y@z')
})
