import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRequestUri } from './request-uri.ts'

// What Alertmanager 0.33 takes as an alert's generatorURL, and what it refuses.

test('paths, and URLs with a scheme, are taken', () => {
  const check = (...texts: readonly string[]) => {
    for (const text of texts) assert.equal(isRequestUri(text), true, JSON.stringify(text))
  }
  check('http://prometheus:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1', 'HTTP://X', 'a+b-c.d://x', 'file:///x', 'urn:x:y', 'x:', '*')
  check('/', '//', '//host', '/a b', '/%41', '/a#b', '/a?%zz', '/a:b', '/\u0085')
  check('http:', 'http:/', 'http://', 'http:///', 'http:x', 'http:?x', 'http:%zz', 'mailto:%', 'foo:bar baz')
  check(
    'http://host/a b',
    'http://host/?q=a b',
    'http://host/?q=%zz',
    'http://host/#%zz',
    'http://host/💥',
    'http://h?%',
    'http://#x',
    '*#x',
  )
  check('http://:80', 'http://host:', 'http://host:99999', 'http://h:0080', 'http://host:80:90', 'http://host:80?x', 'http://::1')
  check('http://h<x>', 'http://h"x', 'http://é', 'http://h$&()*+=!~x', 'http://a]b', 'http://a%25b', 'http://h%c3%a9')
  check('http://a@b@c', 'http://@h', 'http://u:p:q@h', 'http://u%40@h', 'http://u@[::1]')
  check('http://[::1]', 'http://[::1]:80', 'http://[::1]:', 'http://[::ffff:1.2.3.4]', 'http://[fe80::1%25eth0]')
  check('http://[::1%25%20]', 'http://[::1%25a%41]', 'http://[::1%25a]]', 'http://[::%25a]', 'http://[::1%25é]')
})

test('others are refused', () => {
  const check = (...texts: readonly string[]) => {
    for (const text of texts) assert.equal(isRequestUri(text), false, JSON.stringify(text))
  }
  check('x', 'x/y', '?', '#', '#x', 'a b', 'a/b:c', '1http://x', 'ht_tp://x', '://x', ':x', '+:x', 'é:x', ' http://x', '*?', '**')
  check('/%zz', 'http://host/%zz', 'http://h/%2', 'http://h/%zz#', 'http:/%zz', 'http://h%', 'http://ho%st')
  check('http://host/a\tb', 'http://host/\n', 'http://host/\u007f', '/x\0y', '\thttp://x')
  check('http://host:bad', 'http://host:-1', 'http://h:+80', 'http://h: 80', 'http://h:80 ', 'http://h:８', 'http://a:b]')
  check('http://ho st', 'http://x ', 'http://ho%20st', 'http://h%41', 'http://host%2f', 'http://h\\x', 'http://h|x', 'http://h{x}')
  check('http://us er@host', 'http://us<er@host', 'http://user:p%zz@host', 'http://ué@h', 'http://u[@h', 'http://[::1]@h')
  check(
    'http://[::1',
    'http://[::1]x',
    'http://[::1]:x',
    'http://[]',
    'http://[x]',
    'http://[1.2.3.4]',
    'http://[v1.x]',
    'http://[12345::]',
  )
  check('http://[[::1]]', 'http://[::1]]', 'http://a[b', 'http://a[::1]', 'http://[::1/x]', 'http://[::1]%25', 'http://[::ffff:1.2.3]')
  check('http://[fe80::1%eth0]', 'http://[::1%25]', 'http://[::1%25a b]', 'http://[::1%25a%5c]', 'http://[::1%25a%]')
})
