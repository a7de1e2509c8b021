import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usesProxy } from './no-proxy.ts'

test('servers are asked through the proxy unless they are local or listed', () => {
  const check = (noProxy: string, host: string, port: number, want: boolean) =>
    assert.equal(usesProxy(noProxy, host, port), want, `${host}:${port} with ${JSON.stringify(noProxy)}`)
  check('', 'example.com', 80, true)
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.9.9.9', '::1']) check('', host, 80, false)
  check('', '128.0.0.1', 80, true)
  check('*', 'example.com', 80, false)
  check('other, *', '10.0.0.1', 80, false)
  // A domain is meant with those below it; with a dot, or a star and a dot, only those.
  check('example.com', 'example.com', 80, false)
  check('example.com', 'a.EXAMPLE.com', 80, false)
  check('example.com', 'badexample.com', 80, true)
  check('.example.com', 'a.example.com', 80, false)
  check('.example.com', 'example.com', 80, true)
  check('*.example.com', 'a.b.example.com', 80, false)
  check('*.example.com', 'example.com', 80, true)
  check(' Example.COM ,x', 'example.com', 80, false)
  check('example.com:8080', 'example.com', 8080, false)
  check('example.com:8080', 'example.com', 80, true)
  check(':8080', 'example.com', 8080, true)
  check('10.0.0.0/8', '10.255.1.1', 80, false)
  check('10.0.0.0/8', '11.0.0.1', 80, true)
  check('10.0.0.0/40', '10.0.0.1', 80, true)
  check('2001:db8::/32', '2001:db8:1::1', 80, false)
  check('2001:db8::/32', '2001:db9::1', 80, true)
  check('10.1.2.3', '10.1.2.3', 80, false)
  check('10.1.2.3:80', '10.1.2.3', 80, false)
  check('10.1.2.3:80', '10.1.2.3', 81, true)
  check('[2001:db8::1]:80', '2001:db8::1', 80, false)
  check('2001:db8::1', '2001:DB8:0::1', 80, false)
  // A name ends like no address.
  check('.3', '10.1.2.3', 80, true)
})
