import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { advertiseAddress } from './advertise-address.ts'
import { ipText } from './ip-bytes.ts'
import { memberName } from './member-name.ts'
import { resolvePeers } from './peer-names.ts'

test('the address that others are told is the one asked for, the one listened on, or a private one of the machine', () => {
  const any = { host: '0.0.0.0', port: 9094 }
  const check = (want: string, options: Partial<Parameters<typeof advertiseAddress>[0]>) => {
    const { address } = advertiseAddress({ bind: any, advertise: undefined, addresses: [], allowsPublic: false, ...options })
    assert.equal(ipText(address), want)
  }
  check('10.1.2.3', { advertise: { host: '10.1.2.3', port: 1 }, addresses: ['192.168.0.1'] })
  check('127.0.0.1', { bind: { host: '127.0.0.1', port: 1 }, addresses: ['192.168.0.1'] })
  check('192.168.0.1', { addresses: ['fd00::1', '8.8.8.8', '192.168.0.1'] })
  check('100.64.0.9', { addresses: ['8.8.8.8', '100.64.0.9'] })
  check('fd00::1', { addresses: ['8.8.8.8', 'fd00::1'] })
  check('8.8.8.8', { addresses: ['fe80::1', '8.8.8.8'], allowsPublic: true })
  assert.throws(() => check('', { addresses: ['8.8.8.8'] }), /no private IP address[\s\S]*--cluster.advertise-address/)
  assert.throws(() => check('', { advertise: { host: 'name', port: 1 } }), /found cluster.advertise-address "name"/)
})

test('a member keeps its name, and has another one in another directory', async () => {
  const env = virtualEnv()
  const name = await memberName(env, '/a')
  assert.match(name, /^[0-9A-Z]{26}$/)
  assert.equal(await memberName(env, '/a'), name)
  assert.notEqual(await memberName(env, '/b'), name)
  env.fs.losePower()
  assert.equal(await memberName(env, '/a'), name)
  await env.fs.writeFile('/a/member-name', 'two words')
  assert.match(await memberName(env, '/a'), /^[0-9A-Z]{26}$/)
})

test('names of peers have all their addresses, and a name without any is waited for, and given up', async () => {
  const env = virtualEnv()
  env.dns.lookup = async (host) => (known.get(host) ?? []).map((address) => address)
  const known = new Map([['many', ['10.0.0.1', '10.0.0.2']]])
  const signal = new AbortController().signal
  const found = resolvePeers(env, { peers: ['many:1', '10.0.0.2:1', 'late:2', 'never:3', '[::1]:4'], timeoutMs: 15_000, signal })
  await env.clock.advance(5000)
  known.set('late', ['10.0.0.3'])
  await env.clock.advance(12_000)
  assert.deepEqual(await found, [
    { host: '10.0.0.1', port: 1 },
    { host: '10.0.0.2', port: 1 },
    { host: '10.0.0.3', port: 2 },
    { host: '::1', port: 4 },
  ])
  assert.deepEqual(
    env.lines.map(({ message, fields }) => `${message} ${fields.peer}`),
    ['cluster peer has no address never:3'],
  )
})

test('addresses of peers are as members write them, however they were given', async () => {
  const env = virtualEnv()
  env.dns.lookup = async () => ['FD00:0::1', '::ffff:10.0.0.1', 'fe80::1%eth0']
  const peers = ['[0:0:0:0:0:0:0:1]:1', '[::1]:1', '[FD00::0:1]:2', 'name:2', '10.0.0.1:2']
  assert.deepEqual(
    (await resolvePeers(env, { peers, timeoutMs: 0, signal: new AbortController().signal })).map(({ host, port }) => `${host} ${port}`),
    ['::1 1', 'fd00::1 2', '10.0.0.1 2', 'fe80::1%eth0 2'],
  )
})
