import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redirectUrl, scrapeUrl } from './scrape-url.ts'

test('scrapeUrl writes what Go writes', () => {
  const check = (address: string, path: string, params: Record<string, string[]>, want: string) =>
    assert.equal(scrapeUrl('http', address, path, new Map(Object.entries(params))).text, `http://${want}`)
  check('a:80', '/metrics', {}, 'a:80/metrics')
  check('a', 'metrics', {}, 'a/metrics')
  check('a:80', '', {}, 'a:80')
  check('a:80', '/x y?(z)/%41', {}, 'a:80/x%20y%3F%28z%29/%2541')
  check('a:80', '/a;b=c,d:e@f&g$h+i', {}, 'a:80/a;b=c,d:e@f&g$h+i')
  check('a:80', '/p', { z: ['1'], match: ['up{a="b c"}', '*'] }, 'a:80/p?match=up%7Ba%3D%22b+c%22%7D&match=%2A&z=1')
})

test('scrapeUrl finds host and port', () => {
  const check = (scheme: string, address: string, host: string, port: number) => {
    const url = scrapeUrl(scheme, address, '/', new Map())
    assert.deepEqual([url.host, url.port, url.authority], [host, port, address])
  }
  check('http', 'a:9100', 'a', 9100)
  check('http', 'a', 'a', 80)
  check('https', 'a', 'a', 443)
  check('http', '[::1]:9100', '::1', 9100)
  check('http', '[::1]', '::1', 80)
})

test('redirectUrl resolves against where it came from', () => {
  const base = scrapeUrl('http', 'a:9100', '/x/metrics', new Map())
  const check = (location: string, want: string | undefined) => assert.equal(redirectUrl(base, location)?.text, want)
  check('y', 'http://a:9100/x/y')
  check('/y?z=1', 'http://a:9100/y?z=1')
  check('https://b/y', 'https://b/y')
  check('http://[', undefined)
})

test('a host beyond ASCII and a missing scheme are shown as upstream shows them', () => {
  assert.equal(scrapeUrl('http', 'é:1', '/', new Map()).text, 'http://%C3%A9:1/')
  assert.equal(scrapeUrl('http', '[::1]:1', '/', new Map()).text, 'http://[::1]:1/')
  assert.equal(scrapeUrl('', 'a:1', '/', new Map()).text, '//a:1/')
})
