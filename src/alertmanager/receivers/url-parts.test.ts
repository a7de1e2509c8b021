import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeValues, joinPath, withSlash } from './url-parts.ts'

test('URLs grow as Go grows them', () => {
  assert.equal(withSlash('http://a'), 'http://a/')
  assert.equal(withSlash('http://a/b?c=d'), 'http://a/b/?c=d')
  assert.equal(joinPath('http://a/b/', '/c/d'), 'http://a/b/c/d')
  assert.equal(joinPath('http://a', 'c'), 'http://a/c')
  assert.equal(
    encodeValues([
      ['b', "a b+~*'()!"],
      ['a', 'é&=/'],
    ]),
    'a=%C3%A9%26%3D%2F&b=a+b%2B~%2A%27%28%29%21',
  )
})
