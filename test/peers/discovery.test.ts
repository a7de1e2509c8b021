import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Http } from '../../src/base/env.ts'
import { KubernetesApi } from '../support/kubernetes-api.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'

/** Listens as the virtual network does, on a real port. */
async function listening(start: (http: Pick<Http, 'listen'>) => Promise<unknown>) {
  const server = createServer()
  await start({
    async listen(_options, handler) {
      server.on('request', handler)
      return { host: '', port: 0, close: async () => {} }
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** What a server has discovered, a line a target. All are dropped, so that none is scraped. */
async function discovered(server: Program): Promise<readonly string[]> {
  const { droppedTargets } = await server.api<{ droppedTargets: { discoveredLabels: Record<string, string> }[] }>('targets')
  return droppedTargets.map(({ discoveredLabels }) => JSON.stringify(Object.entries(discoveredLabels).sort())).sort()
}

const container = (name: string, ...ports: number[]) => ({
  name,
  image: `${name}:1`,
  ports: ports.map((containerPort) => ({ name: `p${containerPort}`, containerPort, protocol: 'TCP' })),
})

function fill(api: KubernetesApi): void {
  const labels = { app: 'web', 'app.kubernetes.io/part-of': 'x', 'ünï-cødé': 'y' }
  for (const node of ['n1', 'n2']) {
    api.put('nodes', {
      metadata: { name: node, labels: { zone: node }, annotations: { 'a.b/c': 'd' } },
      spec: { providerID: `aws:///${node}` },
      status: {
        addresses: [
          { type: 'Hostname', address: node },
          { type: 'InternalIP', address: `10.0.0.${node[1]}` },
          { type: 'InternalIP', address: 'fd00::1' },
        ],
        daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      },
    })
  }
  for (const [index, namespace] of ['a', 'b', 'a', 'b', 'c'].entries()) {
    api.put('pods', {
      metadata: {
        name: `p${index}`,
        namespace,
        uid: `u${index}`,
        labels,
        annotations: { note: '' },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'r', controller: index % 2 === 0 }],
      },
      spec: {
        nodeName: `n${(index % 2) + 1}`,
        containers: [container('web', 80, 81), container('quiet')],
        initContainers: [container('side', 9090)],
      },
      status: {
        podIP: index === 3 ? '' : `10.1.0.${index}`,
        hostIP: '10.0.0.1',
        phase: 'Running',
        conditions: index === 1 ? [] : [{ type: 'Ready', status: index === 2 ? 'False' : 'True' }],
        containerStatuses: [{ name: 'web', containerID: `docker://${index}` }],
      },
    })
  }
  for (const type of ['ClusterIP', 'ExternalName', 'LoadBalancer']) {
    const metadata = { name: type.toLowerCase(), namespace: 'a', labels }
    const spec = { type, clusterIP: '10.9.0.1', externalName: 'x.y', loadBalancerIP: '1.2.3.4' }
    api.put('services', {
      metadata,
      spec: {
        ...spec,
        ports: [
          { name: 'web', port: 80, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      },
    })
  }
  const pod = (index: number, namespace: string) => ({ kind: 'Pod', name: `p${index}`, namespace })
  api.put('endpoints', {
    metadata: { name: 'clusterip', namespace: 'a', labels },
    subsets: [
      {
        addresses: [
          { ip: '10.1.0.0', nodeName: 'n1', targetRef: pod(0, 'a') },
          { ip: '10.1.0.9', hostname: 'h', targetRef: { kind: 'Node', name: 'n2' } },
        ],
        notReadyAddresses: [{ ip: '10.1.0.2', nodeName: 'gone', targetRef: pod(2, 'a') }],
        ports: [
          { name: 'web', port: 80, protocol: 'TCP' },
          { name: 'side', port: 9090, protocol: 'UDP' },
        ],
      },
      { addresses: [{ ip: 'fd00::5' }], ports: [{ port: 1 }] },
    ],
  })
  api.put('endpointslices', {
    metadata: { name: 'slice', namespace: 'a', labels: { 'kubernetes.io/service-name': 'clusterip' } },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.1.0.0', '10.1.0.99'],
        conditions: { ready: true, serving: false },
        nodeName: 'n1',
        zone: 'z',
        hostname: 'h',
        targetRef: pod(0, 'a'),
      },
      { addresses: ['10.1.0.3'], conditions: {}, targetRef: pod(3, 'b'), deprecatedTopology: { 'x/y': 'z' } },
      { addresses: ['10.1.0.4'], conditions: { terminating: true }, targetRef: { kind: 'Node', name: 'n2' } },
    ],
    ports: [{ name: 'web', port: 80, protocol: 'TCP', appProtocol: 'http' }, { port: 9090 }, {}],
  })
  api.put('ingresses', {
    metadata: { name: 'i', namespace: 'b', labels },
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['a.x', '*.wild.x'] }],
      rules: [
        { host: 'a.x', http: { paths: [{ path: '/p' }, {}] } },
        { host: 'b.wild.x' },
        { host: 'c.b.wild.x', http: { paths: [{ path: '/' }] } },
        { host: '*.wild.x' },
      ],
    },
  })
}

test('what is discovered is what Prometheus 3.5 discovers, at first and after changes', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-discovery-'))
  const api = new KubernetesApi()
  fill(api)
  let groups: unknown = [
    { targets: ['a:1', 'b:2'], labels: { team: 'red', __meta_x: 'y', empty: '' } },
    { targets: [], labels: { none: 'x' } },
    { targets: ['[::1]:3'] },
    { labels: { lonely: 'x' } },
  ]
  const kubernetes = await listening((http) => api.listen(http as Http, { host: '', port: 0 }))
  const lists = await listening((http) =>
    http.listen({ host: '', port: 0 }, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(groups))
    }),
  )
  const drop = [{ action: 'drop' }]
  const kubernetesJob = (role: string, more: object) => ({
    job_name: `kubernetes-${role}-${JSON.stringify(more)}`,
    kubernetes_sd_configs: [{ role, api_server: kubernetes.url, ...more }],
    relabel_configs: drop,
  })
  const config = {
    scrape_configs: [
      { job_name: 'http', http_sd_configs: [{ url: `${lists.url}/list?a=b`, refresh_interval: '1s' }], relabel_configs: drop },
      ...['node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress'].flatMap((role) => [
        kubernetesJob(role, {}),
        kubernetesJob(role, { attach_metadata: { node: true } }),
        kubernetesJob(role, { namespaces: { names: ['a', 'c'] } }),
        kubernetesJob(role, { selectors: [{ role, label: role === 'node' ? 'zone!=n2' : 'app=web', field: 'metadata.name!=p1' }] }),
      ]),
      ...['endpoints', 'endpointslice'].map((role) =>
        kubernetesJob(role, {
          selectors: [
            { role: 'pod', field: 'spec.nodeName=n1' },
            { role: 'service', label: 'app=none' },
          ],
        }),
      ),
    ],
  }
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, JSON.stringify(config))
  const port = await freePort()
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours') })
  const theirs = new Program(
    binary,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`],
    `http://127.0.0.1:${port}`,
  )
  /** Both look at changes every few seconds: waits until they agree and `settled` says that this is the end of it. */
  const agree = async (settled: (lines: readonly string[]) => boolean) => {
    let [a, b]: (readonly string[])[] = [[], []]
    await until('agreement', 60_000, async () => {
      ;[a, b] = [await discovered(ours), await discovered(theirs)]
      return settled(b) && a.join('\n') === b.join('\n')
    }).catch(() =>
      assert.fail(
        [
          ...a.filter((line) => !b.includes(line)).map((line) => `only ours: ${line}`),
          ...b.filter((line) => !a.includes(line)).map((line) => `only theirs: ${line}`),
        ]
          .slice(0, 20)
          .join('\n'),
      ),
    )
    assert.ok(settled(a), 'what they agree on is not what is waited for')
    return a
  }
  try {
    await theirs.ready()
    const first = await agree((lines) => lines.some((line) => line.includes('ingress')) && lines.some((line) => line.includes('pod_uid')))
    assert.ok(first.length > 100, `${first.length} targets`)

    groups = [{ targets: ['c:1'] }]
    api.put('nodes', { metadata: { name: 'n1', labels: { zone: 'moved' } }, status: { addresses: [{ type: 'Hostname', address: 'n1' }] } })
    api.delete('nodes', 'n2')
    api.delete('pods', 'p0', 'a')
    api.delete('services', 'clusterip', 'a')
    // Upstream does not look at endpoints again when a pod of theirs goes: the cluster changes them, too.
    for (const resource of ['endpoints', 'endpointslices']) for (const object of api.objects(resource)) api.put(resource, object)
    api.expire()
    api.put('pods', {
      metadata: { name: 'p9', namespace: 'c' },
      spec: { containers: [container('late', 7)] },
      status: { podIP: '10.1.0.77' },
    })
    await agree((lines) => lines.some((line) => line.includes('10.1.0.77:7')) && !lines.some((line) => line.includes('"a:1"')))
  } finally {
    await Promise.all([ours.stop(), theirs.stop()])
    await Promise.all([kubernetes.close(), lists.close()])
    rmSync(directory, { recursive: true, force: true })
  }
})
