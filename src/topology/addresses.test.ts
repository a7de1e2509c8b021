import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAddress } from '../base/address.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { chooseAddresses, parseListen } from './addresses.ts'

const WANTED = [
  { name: 'exporter', role: 'exporter', port: 9100 },
  { name: 'a', role: 'server', port: 9090 },
  { name: 'b', role: 'server', port: 9091 },
]

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
  assert.throws(() => parse('a=:0'), /--listen=a: found port 0, want one from 1/)
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
