import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentProxy, parseProxy, proxyUrlFor } from './proxy.ts'

test('proxies are read from URLs, with their credentials', () => {
  const check = (text: string, want: object) => assert.deepEqual(parseProxy(text, [], { ca: 'CA' }), { connectHeaders: [], ...want })
  check('http://p:3128', { scheme: 'http', host: 'p', port: 3128 })
  check('http://p', { scheme: 'http', host: 'p', port: 80 })
  check('p:3128', { scheme: 'http', host: 'p', port: 3128 })
  check('https://a:b%40c@[::1]:8443/', {
    scheme: 'https',
    host: '::1',
    port: 8443,
    credentials: { username: 'a', password: 'b@c' },
    tls: { ca: 'CA' },
  })
  check('socks5h://u@p', { scheme: 'socks5', host: 'p', port: 1080, credentials: { username: 'u', password: '' } })
  assert.throws(() => parseProxy('ftp://a:hidden@p', [], undefined), {
    message: 'unsupported proxy "ftp://a:xxxxx@p", want http, https or socks5, and a host',
  })
})

test('the environment says which proxy, and for whom', () => {
  assert.equal(environmentProxy({ NO_PROXY: 'x' }, []), undefined)
  const config = environmentProxy({ HTTP_PROXY: 'http://one', https_proxy: 'two:1', no_proxy: '.local' }, [])!
  const ask = (scheme: string, host: string) => proxyUrlFor(config, { scheme, host, port: 80 })
  assert.equal(ask('http', 'a'), 'http://one')
  assert.equal(ask('https', 'a'), 'two:1')
  assert.equal(ask('https', 'a.local'), undefined)
  assert.equal(ask('http', 'localhost'), undefined)
  const cgi = environmentProxy({ HTTP_PROXY: 'http://one', REQUEST_METHOD: 'GET' }, [])!
  assert.throws(
    () => proxyUrlFor(cgi, { scheme: 'http', host: 'a', port: 80 }),
    /^Error: refusing to use HTTP_PROXY value in CGI environment/,
  )
  assert.equal(proxyUrlFor({ ...config, noProxy: undefined }, { scheme: 'http', host: 'localhost', port: 80 }), 'http://one')
})
