import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redactUrl } from './redact-url.ts'

test('passwords of URLs are not shown', () => {
  assert.equal(redactUrl('http://a:b@c/d@e'), 'http://a:xxxxx@c/d@e')
  assert.equal(redactUrl('a:b@c'), 'a:xxxxx@c')
  assert.equal(redactUrl('http://a@c/x:y@z'), 'http://a@c/x:y@z')
  assert.equal(redactUrl('http://a:b@b@c/d@e', '***'), 'http://a:***@c/d@e')
  assert.equal(redactUrl('http://a:b/b#b\n@c'), 'http://a:xxxxx@c')
  assert.equal(redactUrl('a:b/b@c:1'), 'a:xxxxx@c:1')
  assert.equal(redactUrl('http://c/d'), 'http://c/d')
})
