import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appendPath, encodeValues, joinPath, withSlash } from './url-parts.ts'

test('a path goes on as Go’s does', () => {
  const check = (url: string, more: string, want: string, parameters?: Record<string, string>) =>
    assert.equal(appendPath(url, more, parameters), want)
  check('http://a/', 'b c/%41', 'http://a/b%20c/%2541')
  check('http://a/x%20y%2Fz/', "é!'()*?#", 'http://a/x%20y/z/%C3%A9%21%27%28%29%2A%3F%23')
  check('http://a/%ff/', '$&+,:;=@', 'http://a/%FF/$&+,:;=@')
  check('http://u:p@a/?z=1&a=x%20y', 'b', 'http://u:p@a/b?z=1&a=x%20y')
  check('http://u:p@a/?z=1&a=x%20y', 'b', 'http://u:p@a/b?a=x+y&k=v&z=1', { k: 'v' })
})

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
