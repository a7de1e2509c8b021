import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConsulServer } from '../../../test/support/consul-server.ts'
import { collectGroups } from '../../../test/support/discovered-groups.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import { parseYamlTree } from '../../base/yaml-tree.ts'
import { PLAIN_HTTP_CLIENT } from '../../http-client/client-config.ts'
import type { TargetGroup } from '../discoverer.ts'
import { consulDiscoverer } from './consul.ts'
import { consulSdConfigsSchema, toConsulSdConfig } from './schema.ts'

const parse = (text: string) => consulSdConfigsSchema.read(parseYamlTree(`[${text}]`).root)

async function agent(seed = 1) {
  const env = virtualEnv({ seed })
  const consul = new ConsulServer(env.clock)
  await consul.listen(env.http, { host: 'consul', port: 8500 })
  const discover = (text: string) =>
    collectGroups(env, consulDiscoverer(env, toConsulSdConfig(parse(`{server: "consul:8500"${text}}`).data![0], PLAIN_HTTP_CLIENT)))
  return { env, consul, discover }
}

const instance = (id: string, port: number, tags: readonly string[] = []) => ({
  Node: { Node: 'n', Address: '10.0.0.1' },
  Service: { ID: id, Port: port, Tags: tags },
})

const addresses = (groups: ReadonlyMap<string, TargetGroup>) =>
  [...groups].map(([source, { targets }]) => `${source} ${targets.map((target) => target.get('__address__')).sort()}`).sort()

test('an instance has all its labels', async () => {
  const { consul, discover } = await agent()
  consul.put('web', {
    Node: { Node: 'n1', Address: '10.0.0.1', Meta: { 'rack-id': 'r1' }, TaggedAddresses: { lan: '10.0.0.1', wan_ipv4: '8.8.8.8' } },
    Service: {
      ID: 'web-1',
      Address: 'fd00::1',
      Port: 80,
      Tags: ['a', 'b'],
      Meta: { version: '2' },
      Namespace: 'team',
      Partition: 'part',
    },
    Checks: [{ CheckID: 'x', Status: 'passing' }],
  } as never)
  const found = discover(', tag_separator: "|"')
  await found.look()
  const { labels, targets } = found.groups.get('web')!
  assert.equal(String(labels), '{__meta_consul_dc="dc1", __meta_consul_service="web"}')
  assert.deepEqual(Object.fromEntries([...targets[0]].map(([name, value]) => [name.replace('__meta_consul_', ''), value])), {
    __address__: '[fd00::1]:80',
    address: '10.0.0.1',
    node: 'n1',
    namespace: 'team',
    partition: 'part',
    tags: '|a|b|',
    service_address: 'fd00::1',
    service_port: '80',
    service_id: 'web-1',
    health: 'passing',
    metadata_rack_id: 'r1',
    service_metadata_version: '2',
    tagged_address_lan: '10.0.0.1',
    tagged_address_wan_ipv4: '8.8.8.8',
  })
  await found.stop()
})

test('the worst check is the health of an instance', async () => {
  const { consul, discover } = await agent()
  const check = (...statuses: string[]) =>
    statuses.map((status) => ({ CheckID: status.startsWith('_') ? status : 'x', Status: status.startsWith('_') ? 'critical' : status }))
  const cases: [object[], string][] = [
    [[], 'passing'],
    [check('passing', 'warning'), 'warning'],
    [check('critical', 'warning'), 'critical'],
    [check('critical', '_node_maintenance'), 'maintenance'],
    [check('_service_maintenance:web', 'passing'), 'maintenance'],
    [check('critical', 'other'), ''],
  ]
  for (const [index, [Checks]] of cases.entries()) consul.put('web', { ...instance(`i${index}`, index), Checks } as never)
  const found = discover('')
  await found.look()
  const health = found.groups.get('web')!.targets.map((target) => target.get('__meta_consul_health'))
  assert.deepEqual(
    health,
    cases.map(([, want]) => want),
  )
  await found.stop()
})

test('questions wait at the server, and changes come with the next interval', async () => {
  const { env, consul, discover } = await agent()
  const found = discover(', token: t, namespace: team, partition: p, filter: "a == b", health_filter: c, node_meta: {k: v, l: w}')
  assert.deepEqual(await found.look(), ['nothing'])
  assert.equal(consul.headers['x-consul-token'], 't')
  assert.deepEqual(consul.requests, [
    '/v1/agent/self?ns=team&partition=p',
    '/v1/catalog/services?stale=&wait=120000ms&node-meta=k%3Av&node-meta=l%3Aw&filter=a+%3D%3D+b&ns=team&partition=p',
  ])
  await found.look(40_000)
  consul.put('web', instance('1', 80))
  assert.equal((await found.look()).length, 1)
  assert.match(
    consul.requests.at(-1)!,
    /^\/v1\/health\/service\/web\?stale=&wait=120000ms&node-meta=k%3Av&node-meta=l%3Aw&filter=c&ns=team&partition=p$/,
  )
  consul.requests.length = 0
  await found.look(600_000)
  assert.ok(consul.requests.length <= 12, String(consul.requests.length))
  assert.ok(consul.requests.every((request) => request.includes('index=')))
  consul.put('web', instance('2', 81))
  consul.put('db', instance('1', 5432))
  await found.look(30_000)
  assert.deepEqual(addresses(found.groups), ['db 10.0.0.1:5432', 'web 10.0.0.1:80,10.0.0.1:81'])
  consul.remove('web', '1')
  consul.remove('web', '2')
  await found.look(30_000)
  assert.deepEqual(addresses(found.groups), ['db 10.0.0.1:5432'])
  assert.match(await env.metrics.metrics(), /prometheus_sd_consul_rpc_duration_seconds_count\{endpoint="catalog",call="services"\} \d/)
  await found.stop()
})

test('services and tags choose', async () => {
  const { consul, discover } = await agent()
  consul.put('web', instance('1', 80, ['a', 'b']))
  consul.put('web', instance('2', 81, ['a']))
  consul.put('db', instance('1', 5432, ['a']))
  consul.put('api', instance('1', 90, ['a', 'b']))
  const check = async (text: string, ...want: string[]) => {
    const found = discover(`, datacenter: dc2, allow_stale: false${text}`)
    await found.look()
    assert.deepEqual(addresses(found.groups), want)
    await found.stop()
  }
  await check(', services: [web, gone]', 'web 10.0.0.1:80,10.0.0.1:81')
  assert.deepEqual(consul.requests.splice(0), [
    '/v1/health/service/web?wait=120000ms&dc=dc2',
    '/v1/health/service/gone?wait=120000ms&dc=dc2',
  ])
  await check(', tags: [a, b]', 'api 10.0.0.1:90', 'web 10.0.0.1:80')
  await check(', tags: [a], services: [db, web]', 'db 10.0.0.1:5432', 'web 10.0.0.1:80,10.0.0.1:81')
})

test('targets stay while the agent fails', async () => {
  const { env, consul, discover } = await agent()
  consul.put('web', instance('1', 80))
  const found = discover('')
  await found.look()
  consul.failure = { status: 500, body: 'No cluster leader' }
  consul.interrupt()
  assert.deepEqual(await found.look(600_000), [])
  assert.deepEqual([...new Set(env.lines.map(({ fields }) => `${fields.what}: ${fields.error}`))].sort(), [
    'services: unexpected response code: 500 (No cluster leader)',
    'web: unexpected response code: 500 (No cluster leader)',
  ])
  assert.doesNotMatch(await env.metrics.metrics(), /prometheus_sd_consul_rpc_failures_total 0\n/)
  consul.failure = undefined
  consul.put('web', instance('2', 81))
  await found.look(60_000)
  assert.deepEqual(addresses(found.groups), ['web 10.0.0.1:80,10.0.0.1:81'])
  await found.stop()
})

test('after any sequence of events the targets are those of the catalog', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { env, consul, discover } = await agent(seed)
    const random = seededRandom(seed)
    const pick = (count: number) => Math.floor(random.next() * count)
    const found = discover(', refresh_interval: 5s')
    const happenings = [
      () => consul.put(`s${pick(3)}`, instance(`i${pick(3)}`, pick(9))),
      () => consul.put(`s${pick(3)}`, instance(`i${pick(3)}`, pick(9))),
      () => consul.remove(`s${pick(3)}`, `i${pick(3)}`),
      () => consul.reset(),
      () => {
        consul.failure = pick(2) === 0 ? undefined : { status: 503, body: 'no' }
        consul.interrupt()
      },
    ]
    for (let step = 0; step < 20; step++) {
      happenings[pick(happenings.length)]()
      if (pick(2) === 0) await env.clock.advance(pick(20_000))
    }
    consul.failure = undefined
    await env.clock.advance(300_000)
    const want = ['s0', 's1', 's2'].flatMap((service) => {
      const ports = consul.instances(service).map(({ Service }) => `10.0.0.1:${(Service as { Port?: number }).Port}`)
      return ports.length === 0 ? [] : [`${service} ${ports.sort()}`]
    })
    assert.deepEqual(addresses(found.groups), want, `seed ${seed}`)
    await found.stop()
  }
})

test('what is configured is checked', () => {
  const check = (text: string, want: string | undefined) => {
    const parsed = parse(text)
    assert.equal(parsed.success ? undefined : parsed.problems[0].message, want)
  }
  check('{server: ""}', 'consul SD configuration requires a server address')
  check('{server: "a b:x"}', 'found "a b:x", want HOST:PORT or a URL such as https://host:8501')
  check('{scheme: ftp}', 'found "ftp", want http or https')
  check(
    '{username: a, basic_auth: {username: b}}',
    'at most one of consul SD configuration username and password and basic auth can be configured',
  )
  check('{token: a, authorization: {credentials: b}}', 'at most one of consul SD token, authorization, or oauth2 can be configured')
  check('{}', undefined)
  const config = (text: string) => toConsulSdConfig(parse(text).data![0], PLAIN_HTTP_CLIENT)
  assert.equal(config('{}').url, 'http://localhost:8500')
  assert.equal(config('{server: "https://c/", scheme: http, path_prefix: /x/y/}').url, 'https://c/x/y')
  assert.deepEqual(config('{username: a, password: b}').client.basicAuth, { username: { text: 'a' }, password: { text: 'b' } })
})
