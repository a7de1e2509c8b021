import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectGroups } from '../../test/support/discovered-groups.ts'
import type { DnsRecord, DnsRecordType } from '../base/env.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { YamlScalar } from '../base/yaml-tree.ts'
import { dnsDiscoverer, dnsSdConfigsSchema, toDnsSdConfig } from './dns.ts'

async function watching(type: DnsRecordType, names: readonly string[], records: Record<string, DnsRecord[]>, resolvConf = 'search x.y') {
  const env = virtualEnv()
  await env.fs.mkdir('/etc')
  await env.fs.writeFile('/etc/resolv.conf', resolvConf)
  for (const [name, list] of Object.entries(records)) env.dns.set(name, ...list)
  const found = collectGroups(env, dnsDiscoverer(env, { names, type, port: 9100, refreshIntervalMs: 30_000 }, 'j'))
  return { env, look: () => found.look(30_000), stop: found.stop }
}

test('each type of record has its address and labels', async () => {
  const check = async (record: DnsRecord, want: string) => {
    const { look, stop } = await watching(record.type, ['n.x.y'], { 'n.x.y': [record] })
    assert.deepEqual(await look(), [`n.x.y {} ${want}`])
    await stop()
  }
  const dns = '__meta_dns_name="n.x.y"'
  await check({ type: 'A', address: '10.0.0.1' }, `{__address__="10.0.0.1:9100", ${dns}}`)
  await check({ type: 'AAAA', address: 'fd00::1' }, `{__address__="[fd00::1]:9100", ${dns}}`)
  await check(
    { type: 'SRV', target: 'db.x.y', port: 5432 },
    `{__address__="db.x.y:5432", ${dns}, __meta_dns_srv_record_port="5432", __meta_dns_srv_record_target="db.x.y."}`,
  )
  await check({ type: 'MX', target: 'mail.x.y' }, `{__address__="mail.x.y:9100", __meta_dns_mx_record_target="mail.x.y.", ${dns}}`)
  await check({ type: 'NS', target: 'ns.x.y' }, `{__address__="ns.x.y:9100", ${dns}, __meta_dns_ns_record_target="ns.x.y."}`)
})

test('a name follows its records, and keeps them when no server answers', async () => {
  const { env, look, stop } = await watching('A', ['a', 'b.', 'none'], { 'a.x.y': [{ type: 'A', address: '1.1.1.1' }], b: [] })
  assert.deepEqual(await look(), ['a {} {__address__="1.1.1.1:9100", __meta_dns_name="a"}', 'b. {}', 'none {}'])
  assert.deepEqual(env.dns.asked.slice(0, 4).sort(), ['A a.x.y', 'A b', 'A none', 'A none.x.y'])
  assert.deepEqual(await look(), [])

  env.dns.fails = (name) => name === 'a.x.y'
  assert.deepEqual(await look(), [])
  assert.match(
    String(env.lines.at(-1)?.fields.error),
    /^could not resolve "a": all servers responded with errors to at least one search domain: queryA ETIMEOUT a\.x\.y$/,
  )
  env.dns.set('a', { type: 'A', address: '2.2.2.2' })
  assert.deepEqual(await look(), ['a {} {__address__="2.2.2.2:9100", __meta_dns_name="a"}'])

  env.dns.fails = () => false
  env.dns.remove('a')
  env.dns.remove('a.x.y')
  assert.deepEqual(await look(), ['a {}'])
  const metrics = await env.metrics.metrics()
  assert.match(metrics, /prometheus_sd_dns_lookups_total 18\n/)
  assert.match(metrics, /prometheus_sd_dns_lookup_failures_total 1\n/)
  await stop()
})

test('a first look that brings no answer says nothing', async () => {
  const { env, look, stop } = await watching('A', ['a.b'], {})
  env.dns.fails = () => true
  assert.deepEqual(await look(), [])
  await env.fs.remove('/etc/resolv.conf')
  env.dns.fails = () => false
  assert.deepEqual(await look(), [])
  assert.match(String(env.lines.at(-1)?.fields.error), /resolv\.conf/)
  await env.fs.writeFile('/etc/resolv.conf', '')
  assert.deepEqual(await look(), ['a.b {}'])
  await stop()
})

test('an abort gives up questions under way', async () => {
  const { env, look, stop } = await watching('A', ['a.b'], {})
  env.dns.hangs = () => true
  assert.deepEqual(await look(), [])
  await stop()
  assert.deepEqual(env.lines, [])
})

test('what is configured is checked', () => {
  const scalar = (text: string) => new YamlScalar(text, true)
  const check = (config: Record<string, unknown>, want: string | undefined) => {
    const parsed = dnsSdConfigsSchema.read([config])
    assert.equal(parsed.success ? undefined : parsed.problems[0].message, want)
  }
  const names = [scalar('a')]
  check({}, 'DNS-SD config must contain at least one SRV record name')
  check({ names, type: scalar('TXT') }, 'invalid DNS-SD records type TXT, want SRV, A, AAAA, MX or NS')
  check({ names, type: undefined }, 'invalid DNS-SD records type , want SRV, A, AAAA, MX or NS')
  check({ names, type: scalar('ns') }, 'a port is required in DNS-SD configs for all record types except SRV')
  check({ names, type: scalar('mx'), port: scalar('25') }, undefined)
  check({ names }, undefined)
  assert.deepEqual(toDnsSdConfig({ names: ['a'], type: 'aaaa', port: 1 }), {
    names: ['a'],
    type: 'AAAA',
    port: 1,
    refreshIntervalMs: 30_000,
  })
})
