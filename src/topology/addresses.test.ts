import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { chooseAddresses, parseAddress, parseListen } from './addresses.ts'
import { formatAddress, reachable } from './fleet.ts'

const WANTED = [
  { name: 'exporter', role: 'exporter', port: 9100 },
  { name: 'a', role: 'server', port: 9090 },
  { name: 'b', role: 'server', port: 9091 },
]

test('parseAddress', () => {
  const check = (text: string, host: string, port: number) => assert.deepEqual(parseAddress(text), { host, port })
  check('127.0.0.1:9100', '127.0.0.1', 9100)
  check('monitor.example:80', 'monitor.example', 80)
  check('[::1]:9100', '::1', 9100)
  check(':9100', '0.0.0.0', 9100)
  for (const bad of ['9100', '127.0.0.1', '127.0.0.1:', '127.0.0.1:0', '127.0.0.1:65536', '::1:9100', 'a:b', ''])
    assert.throws(() => parseAddress(bad), new RegExp(`found "${bad.replace(/[.[\]]/g, '\\$&')}", want HOST:PORT`))
})

test('a wildcard is reached on the loopback interface', () => {
  const check = (host: string, want: string) => assert.equal(formatAddress(reachable({ host, port: 1 })), want)
  check('0.0.0.0', '127.0.0.1:1')
  check('::', '[::1]:1')
  check('10.0.0.1', '10.0.0.1:1')
})

test('parseListen', () => {
  const parse = (...values: string[]) => parseListen(values, ['exporter', 'a', 'b'])
  assert.deepEqual(
    [...parse('a=127.0.0.1:1', 'b=:2')],
    [
      ['a', { host: '127.0.0.1', port: 1 }],
      ['b', { host: '0.0.0.0', port: 2 }],
    ],
  )
  assert.throws(() => parse('c=127.0.0.1:1'), /--listen: found "c=127.0.0.1:1", want NAME=HOST:PORT with a name of: exporter, a, b/)
  assert.throws(() => parse('127.0.0.1:1'), /want NAME=HOST:PORT/)
  assert.throws(() => parse('a=:1', 'a=:2'), /--listen: found two addresses for a, want one/)
  assert.throws(() => parse('a=x'), /--listen=a: found "x", want HOST:PORT/)
})

async function choose(busy: readonly number[], listen: readonly string[] = []): Promise<string[]> {
  const { http } = virtualEnv()
  for (const port of busy) await http.listen({ host: '127.0.0.1', port }, () => {})
  const asked = parseListen(
    listen,
    WANTED.map(({ name }) => name),
  )
  return [...(await chooseAddresses(http, WANTED, asked))].map(([name, address]) => `${name}=${formatAddress(address)}`)
}

test('a busy default port moves to the next one that is free and not taken by another instance', async () => {
  const check = async (busy: number[], listen: string[], want: string[]) => assert.deepEqual(await choose(busy, listen), want)
  await check([], [], ['exporter=127.0.0.1:9100', 'a=127.0.0.1:9090', 'b=127.0.0.1:9091'])
  await check([9100, 9101], [], ['exporter=127.0.0.1:9102', 'a=127.0.0.1:9090', 'b=127.0.0.1:9091'])
  await check([9090], [], ['exporter=127.0.0.1:9100', 'a=127.0.0.1:9091', 'b=127.0.0.1:9092'])
  await check([], ['b=127.0.0.1:9090'], ['exporter=127.0.0.1:9100', 'a=127.0.0.1:9091', 'b=127.0.0.1:9090'])
})

test('a busy port that was asked for is an error with address, role and flag', async () => {
  await assert.rejects(
    choose([9200], ['exporter=127.0.0.1:9200']),
    /^CodedError: listen on 127\.0\.0\.1:9200 \(exporter, --listen=exporter=127\.0\.0\.1:9200\): address already in use$/,
  )
  await assert.rejects(choose([9090], ['a=127.0.0.1:9090']), /\(server a, --listen=a=127\.0\.0\.1:9090\)/)
})

test('no free port at all is an error that says what to do', async () => {
  const all = Array.from({ length: 100 }, (_, index) => 9100 + index)
  await assert.rejects(
    choose(all),
    /exporter: no free port from 9100 to 9199 on 127\.0\.0\.1; ask for one with --listen=exporter=HOST:PORT/,
  )
})
