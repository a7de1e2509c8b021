import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textLinks, webAddress } from './text-links.ts'

test('addresses in a text are links, without what follows them', () => {
  assert.deepEqual(textLinks('See https://a.example/x?y=1#z, or (http://b.example).'), [
    { text: 'See ' },
    { text: 'https://a.example/x?y=1#z', href: 'https://a.example/x?y=1#z' },
    { text: ', or (' },
    { text: 'http://b.example', href: 'http://b.example' },
    { text: ').' },
  ])
  assert.deepEqual(textLinks('plain'), [{ text: 'plain' }])
  assert.deepEqual(textLinks(''), [])
})

test('only addresses of the web are links', () => {
  for (const text of ['javascript:alert(1)', 'data:text/html,x', 'ftp://x', '//x']) {
    assert.deepEqual(textLinks(text), [{ text }])
    assert.equal(webAddress(text), undefined)
  }
  assert.equal(webAddress('HTTPS://x'), 'HTTPS://x')
})
