import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectGroups } from '../../../test/support/discovered-groups.ts'
import { KubernetesApi } from '../../../test/support/kubernetes-api.ts'
import { TEST_CERTIFICATE } from '../../../test/support/tls-certificate.ts'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import { PLAIN_HTTP_CLIENT } from '../../http-client/client-config.ts'
import type { TargetGroup } from '../discoverer.ts'
import { kubernetesDiscoverer } from './kubernetes.ts'
import type { KubernetesSdConfig } from './schema.ts'

const CONFIG: KubernetesSdConfig = {
  role: 'pod',
  place: { kind: 'server', url: 'http://k8s/', client: PLAIN_HTTP_CLIENT },
  namespaces: [],
  ownNamespace: false,
  selectors: {},
  attach: { node: false, namespace: false, deployment: false, job: false, cronjob: false },
}

async function cluster(seed = 1) {
  const env = virtualEnv({ seed })
  const api = new KubernetesApi()
  await api.listen(env.http, { host: 'k8s', port: 80 })
  const discover = (config: Partial<KubernetesSdConfig>) => collectGroups(env, kubernetesDiscoverer(env, { ...CONFIG, ...config }))
  return { env, api, discover }
}

const pod = (name: string, ip: string, more: object = {}, namespace = 'ns') => ({
  metadata: { name, namespace, ...more },
  spec: { nodeName: 'n1', containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] },
  status: { podIP: ip },
})

const addresses = (groups: ReadonlyMap<string, TargetGroup>) =>
  [...groups].map(([source, { targets }]) => `${source} ${targets.map((target) => target.get('__address__'))}`).sort()

test('objects are listed in pages, then watched', async () => {
  const { env, api, discover } = await cluster()
  for (const i of [1, 2, 3]) api.put('pods', pod(`p${i}`, `10.0.0.${i}`))
  const found = discover({})
  assert.equal((await found.look()).length, 3)
  api.put('pods', pod('p1', '10.0.0.9'))
  api.delete('pods', 'p2', 'ns')
  api.put('pods', pod('p4', '10.0.0.4'))
  await found.look()
  assert.deepEqual(addresses(found.groups), ['pod/ns/p1 10.0.0.9:80', 'pod/ns/p3 10.0.0.3:80', 'pod/ns/p4 10.0.0.4:80'])
  const [first, second, watch, ...more] = api.requests
  assert.equal(first, 'GET /api/v1/pods?limit=500')
  assert.equal(second, 'GET /api/v1/pods?limit=500&continue=50103.2')
  assert.match(watch, /^GET \/api\/v1\/pods\?watch=true&allowWatchBookmarks=true&resourceVersion=50103&timeoutSeconds=[345]\d\d$/)
  assert.deepEqual(more, [])
  const metrics = await env.metrics.metrics()
  for (const [event, count] of Object.entries({ add: 4, update: 1, delete: 1 }))
    assert.ok(metrics.includes(`prometheus_sd_kubernetes_events_total{role="pod",event="${event}"} ${count}\n`), metrics)
  assert.ok(metrics.includes('prometheus_sd_kubernetes_events_total{role="node",event="add"} 0\n'), metrics)
  assert.ok(metrics.includes('prometheus_sd_kubernetes_http_request_total{status_code="200"} 3\n'), metrics)
  assert.ok(metrics.includes('prometheus_sd_kubernetes_http_request_duration_seconds_count{endpoint="/api/v1/pods"} 3\n'), metrics)
  await found.stop()
})

test('a watch that ends goes on from the last version', async () => {
  const { env, api, discover } = await cluster()
  const found = discover({})
  assert.deepEqual(await found.look(), ['nothing'])
  api.put('pods', pod('p1', '10.0.0.1'))
  await found.look()
  api.put('nodes', { metadata: { name: 'other' } })
  api.bookmark()
  await found.look()
  for (const how of ['end', 'cut'] as const) {
    api.requests.length = 0
    api.disconnect(how)
    api.put('pods', pod(`p-${how}`, '10.0.0.2'))
    await found.look(5000)
    assert.equal(api.requests.length, 1)
    assert.match(api.requests[0], /watch=true/)
  }
  assert.match(api.requests[0], /resourceVersion=50103/)
  assert.deepEqual([...found.groups.keys()].sort(), ['pod/ns/p-cut', 'pod/ns/p-end', 'pod/ns/p1'])
  assert.match(await env.metrics.metrics(), /prometheus_sd_kubernetes_failures_total 1\n/)
  await found.stop()
})

test('an object that is not understood keeps what was said of it, and ends nothing', async () => {
  const { env, api, discover } = await cluster()
  for (const i of [1, 2]) api.put('pods', pod(`p${i}`, `10.0.0.${i}`))
  const found = discover({})
  await found.look()
  for (const nonsense of [{ spec: { containers: [null] } }, { spec: { containers: 5 } }, { status: { podIP: '10.0.0.9', phase: 5 } }])
    api.put('pods', { ...pod('p1', '10.0.0.9'), ...nonsense })
  api.put('pods', pod('p2', '10.0.0.3'))
  await found.look()
  assert.deepEqual(addresses(found.groups), ['pod/ns/p1 10.0.0.1:80', 'pod/ns/p2 10.0.0.3:80'])
  assert.deepEqual(
    [env.lines.at(-1)?.fields.source, env.lines.at(-1)?.fields.error],
    ['pod/ns/p1', 'label __meta_kubernetes_pod_phase: found 5, want a text'],
  )
  api.put('pods', pod('p1', '10.0.0.10'))
  await found.look()
  assert.deepEqual(addresses(found.groups), ['pod/ns/p1 10.0.0.10:80', 'pod/ns/p2 10.0.0.3:80'])
  await found.stop()
})

test('a version that is gone is no failure: everything is listed again', async () => {
  const { env, api, discover } = await cluster()
  for (const i of [1, 2]) api.put('pods', pod(`p${i}`, `10.0.0.${i}`))
  const found = discover({})
  await found.look()
  api.expire()
  api.delete('pods', 'p1', 'ns')
  assert.deepEqual(await found.look(3000), ['pod/ns/p1 {}'])
  api.disconnect('end')
  api.put('pods', pod('p2', '10.0.0.22'))
  api.compact()
  await found.look(10_000)
  assert.deepEqual(addresses(found.groups), ['pod/ns/p2 10.0.0.22:80'])
  assert.match(await env.metrics.metrics(), /prometheus_sd_kubernetes_failures_total 0\n/)
  await found.stop()
})

test('targets stay while the server fails, and it is asked less and less', async () => {
  const { env, api, discover } = await cluster()
  api.put('pods', pod('p1', '10.0.0.1'))
  const found = discover({})
  await found.look()
  api.failure = { status: 403, body: '{"kind":"Status","message":"pods is forbidden"}' }
  api.disconnect('end')
  assert.deepEqual(await found.look(600_000), [])
  assert.equal(env.lines.at(-1)?.fields.error, 'server returned HTTP status 403: pods is forbidden')
  assert.ok(api.requests.length < 30, String(api.requests.length))
  api.failure = undefined
  api.put('pods', pod('p2', '10.0.0.2'))
  await found.look(60_000)
  assert.deepEqual(addresses(found.groups), ['pod/ns/p1 10.0.0.1:80', 'pod/ns/p2 10.0.0.2:80'])
  await found.stop()
})

test('a server that is restored, or busy, is listed again in the end', async () => {
  const { env, api, discover } = await cluster()
  api.put('pods', pod('p1', '10.0.0.1'))
  const found = discover({})
  await found.look()
  api.restore()
  api.put('pods', pod('p2', '10.0.0.2'))
  assert.deepEqual(await found.look(2000), [])
  await found.look(60_000)
  assert.deepEqual([...found.groups.keys()].sort(), ['pod/ns/p1', 'pod/ns/p2'])
  assert.match(String(env.lines.at(-1)?.fields.error), /^server returned HTTP status 504: Too large resource version/)

  api.requests.length = 0
  api.fault = () => ({ kind: 'status', status: 429, body: 'no', headers: { 'retry-after': '40' } })
  api.expire()
  api.delete('pods', 'p1', 'ns')
  await found.look(39_000)
  assert.equal(api.requests.length, 1)
  api.fault = () => undefined
  await found.look(5000)
  assert.deepEqual([...found.groups.keys()], ['pod/ns/p2'])
  await found.stop()
})

test('what is no list and no event changes nothing', async () => {
  const { env, api, discover } = await cluster()
  api.put('pods', pod('p1', '10.0.0.1'))
  const found = discover({})
  await found.look()
  for (const body of [
    '<html>',
    '{}',
    '[]',
    'null',
    '{"kind":"Status","metadata":{"resourceVersion":"1"}}',
    '{"kind":"PodList","items":[null]}',
  ]) {
    api.fault = (kind) => (kind === 'list' ? { kind: 'garbage', body } : undefined)
    api.expire()
    assert.deepEqual(await found.look(30_000), [], body)
    assert.equal(env.lines.at(-1)?.message, 'kubernetes discovery: request failed, the last targets stay', body)
  }
  api.fault = () => undefined
  await found.look(120_000)
  for (const text of ['}\n', '{"type":"GONE","object":{"metadata":{"name":"p9"}}}\n', 'null\n']) {
    api.babble(text)
    assert.deepEqual(await found.look(60_000), [], text)
  }
  api.put('pods', pod('p2', '10.0.0.2'))
  await found.look()
  assert.deepEqual([...found.groups.keys()], ['pod/ns/p1', 'pod/ns/p2'])
  await found.stop()
})

test('a watch in silence is opened anew when the server should have ended it', async () => {
  const { api, discover } = await cluster()
  const found = discover({})
  await found.look()
  await found.look(640_000)
  assert.equal(api.requests.length, 3)
  await found.stop()
})

test('namespaces and selectors choose, and nothing is said before all lists have come', async () => {
  const { api, discover } = await cluster()
  api.put('pods', pod('p1', '10.0.0.1', { labels: { app: 'x' } }, 'a'))
  api.put('pods', pod('p1', '10.0.0.2', { labels: { app: 'y' } }, 'b'))
  api.put('pods', pod('p1', '10.0.0.3', { labels: { app: 'x' } }, 'c'))
  const found = discover({ namespaces: ['a', 'b', 'a'], selectors: { pods: { label: 'app=x', field: 'spec.nodeName=n1' } } })
  await found.look()
  assert.deepEqual(addresses(found.groups), ['pod/a/p1 10.0.0.1:80'])
  assert.deepEqual(api.requests.filter((request) => !request.includes('watch=')).sort(), [
    'GET /api/v1/namespaces/a/pods?limit=500&labelSelector=app%3Dx&fieldSelector=spec.nodeName%3Dn1',
    'GET /api/v1/namespaces/b/pods?limit=500&labelSelector=app%3Dx&fieldSelector=spec.nodeName%3Dn1',
  ])
  await found.stop()
})

test('pods are chosen by the labels of their nodes', async () => {
  const { api, discover } = await cluster()
  const node = (name: string, zone: string) => api.put('nodes', { metadata: { name, labels: { zone } } })
  node('n1', 'a')
  node('n2', 'b')
  api.put('pods', pod('p1', '10.0.0.1'))
  api.put('pods', { ...pod('p2', '10.0.0.2'), spec: { nodeName: 'n2', containers: [{ name: 'c' }] } })
  api.put('pods', { ...pod('p3', '10.0.0.3'), spec: { containers: [{ name: 'c' }] } })
  const found = discover({ selectors: { nodes: { label: 'zone=a', field: '' } } })
  await found.look()
  assert.deepEqual(addresses(found.groups), ['pod/ns/p1 10.0.0.1:80'])
  node('n2', 'a')
  node('n1', 'b')
  await found.look()
  assert.deepEqual(addresses(found.groups), ['pod/ns/p2 10.0.0.2'])
  assert.equal([...found.groups.values()][0].labels.get('__meta_kubernetes_node_name'), '')
  await found.stop()
})

test('labels follow the objects they are taken from', async () => {
  const { api, discover } = await cluster()
  api.put('endpoints', {
    metadata: { name: 's', namespace: 'ns' },
    subsets: [
      { addresses: [{ ip: '10.0.0.1', nodeName: 'n1', targetRef: { kind: 'Pod', namespace: 'ns', name: 'p' } }], ports: [{ port: 80 }] },
    ],
  })
  const found = discover({ role: 'endpoints', attach: { ...CONFIG.attach, node: true, namespace: true } })
  const labels = async (...names: string[]) => {
    await found.look()
    const { targets, labels } = found.groups.get('endpoints/ns/s')!
    return names.map((name) => targets[0].get(name) || labels.get(name))
  }
  const [podIp, service, node, namespace] = [
    '__meta_kubernetes_pod_ip',
    '__meta_kubernetes_service_name',
    '__meta_kubernetes_node_label_zone',
    '__meta_kubernetes_namespace_label_team',
  ]
  assert.deepEqual(await labels(podIp, service, node, namespace), ['', '', '', ''])
  api.put('pods', pod('p', '10.0.0.1'))
  api.put('services', { metadata: { name: 's', namespace: 'ns' } })
  api.put('nodes', { metadata: { name: 'n1', labels: { zone: 'a' } } })
  api.put('namespaces', { metadata: { name: 'ns', labels: { team: 'red' } } })
  assert.deepEqual(await labels(podIp, service, node, namespace), ['10.0.0.1', 's', 'a', 'red'])
  api.put('nodes', { metadata: { name: 'n1', labels: { zone: 'b' } } })
  api.delete('services', 's', 'ns')
  assert.deepEqual(await labels(podIp, service, node, namespace), ['10.0.0.1', '', 'b', 'red'])
  api.put('nodes', { metadata: { name: 'n2' } })
  assert.deepEqual(await found.look(), [])
  await found.stop()
})

test('after any sequence of events the targets are those that a fresh list gives', async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const { env, api, discover } = await cluster(seed)
    const random = seededRandom(seed)
    const pick = (count: number) => Math.floor(random.next() * count)
    const config = { role: 'endpointslice', attach: { ...CONFIG.attach, node: true, namespace: seed % 2 === 0 } } as const
    const found = discover(config)
    for (let step = 0; step < 15; step++) {
      act(api, pick, String(step))
      if (pick(3) === 0) await env.clock.advance(pick(4000))
    }
    await env.clock.advance(120_000)
    const fresh = discover(config)
    await env.clock.advance(5000)
    assert.deepEqual(shown(found.groups), shown(fresh.groups), `seed ${seed}`)
    await found.stop()
    await fresh.stop()
  }
})

const shown = (groups: ReadonlyMap<string, TargetGroup>) =>
  [...groups].map(([source, { labels, targets }]) => [source, String(labels), ...targets.map(String)]).sort()

/** One thing that happens in a small cluster. */
function act(api: KubernetesApi, pick: (count: number) => number, version: string): void {
  const [namespace, name, node] = [`ns${pick(2)}`, `x${pick(3)}`, `n${pick(2)}`]
  const metadata = { name, namespace, labels: { version } }
  const target = { kind: pick(4) === 0 ? 'Node' : 'Pod', namespace, name: `x${pick(3)}` }
  const slice = {
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': `x${pick(3)}` } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [`10.0.0.${pick(9)}`], nodeName: node, targetRef: target }],
    ports: [{ name: 'web', port: 80 + pick(2) }],
  }
  const happenings = [
    () => api.put('endpointslices', slice),
    () => api.put('endpointslices', slice),
    () =>
      api.put('pods', {
        ...pod(name, `10.0.1.${pick(9)}`, {}, namespace),
        spec: { containers: [{ name: 'c', ports: [{ containerPort: 81 }] }] },
      }),
    () => api.put('services', { metadata }),
    () => api.put('nodes', { metadata: { name: node, labels: { version } } }),
    () => api.put('namespaces', { metadata: { name: namespace, labels: { version } } }),
    () => api.delete(['endpointslices', 'pods', 'services'][pick(3)], name, namespace),
    () => api.delete('nodes', node),
    () => api.disconnect(pick(2) === 0 ? 'end' : 'cut'),
    () => api.expire(),
    () => api.compact(),
    () => api.bookmark(),
    () => {
      api.failure = pick(2) === 0 ? undefined : { status: [500, 403, 429][pick(3)], body: 'no' }
      if (api.failure) api.disconnect('end')
    },
  ]
  happenings[pick(happenings.length)]()
  if (version === '14') api.failure = undefined
}

test('a server is found in the cluster, with a token that changes', async () => {
  const env: VirtualEnv = virtualEnv()
  const directory = '/var/run/secrets/kubernetes.io/serviceaccount'
  const place = { kind: 'in-cluster', host: 'k8s', port: '80', proxy: undefined } as const
  const found = collectGroups(env, kubernetesDiscoverer(env, { ...CONFIG, place, ownNamespace: true }))
  await found.look()
  assert.match(String(env.lines.at(-1)?.fields.error), /ENOENT/)
  const api = new KubernetesApi()
  await api.listen(env.http, { host: 'k8s', port: 80 })
  await env.fs.mkdir(directory)
  for (const [name, text] of Object.entries({ 'ca.crt': TEST_CERTIFICATE, token: 'one\n', namespace: 'mine\n' }))
    await env.fs.writeFile(`${directory}/${name}`, text)
  await found.look(15_000)
  assert.equal(api.requests[0], 'GET /api/v1/namespaces/mine/pods?limit=500 Bearer one')
  await env.fs.writeFile(`${directory}/token`, 'two')
  api.disconnect('cut')
  await found.look(3000)
  assert.match(api.requests.at(-1)!, / Bearer two$/)
  await found.stop()
  const lost = collectGroups(
    env,
    kubernetesDiscoverer(env, { ...CONFIG, place: { kind: 'in-cluster', host: undefined, port: undefined, proxy: undefined } }),
  )
  await lost.look()
  assert.match(String(env.lines.at(-1)?.fields.error), /^unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST/)
  await lost.stop()
})
