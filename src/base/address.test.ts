import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAddress, listenFault, parseAddress, reachable } from './address.ts'

test('parseAddress', () => {
  const check = (text: string, host: string, port: number) => assert.deepEqual(parseAddress(text), { host, port })
  check('127.0.0.1:9100', '127.0.0.1', 9100)
  check('monitor.example:80', 'monitor.example', 80)
  check('[::1]:9100', '::1', 9100)
  check(':9100', '0.0.0.0', 9100)
  check('127.0.0.1:0', '127.0.0.1', 0)
  for (const bad of ['9100', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536', '::1:9100', 'a:b', ''])
    assert.throws(() => parseAddress(bad), new RegExp(`found "${bad.replace(/[.[\]]/g, '\\$&')}", want HOST:PORT`))
})

test('formatAddress puts an IPv6 host in brackets', () => {
  for (const text of ['127.0.0.1:1', '[::1]:2', 'host:3']) assert.equal(formatAddress(parseAddress(text)), text)
})

test('a wildcard is reached on the loopback interface', () => {
  const check = (host: string, want: string) => assert.equal(formatAddress(reachable({ host, port: 1 })), want)
  check('0.0.0.0', '127.0.0.1:1')
  check('::', '[::1]:1')
  check('10.0.0.1', '10.0.0.1:1')
})

test('listenFault', () => {
  assert.equal(listenFault(Object.assign(new Error('x'), { code: 'EADDRINUSE' })), 'address already in use')
  assert.equal(listenFault(new Error('x')), undefined)
})
