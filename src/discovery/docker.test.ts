import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { collectGroups } from '../../test/support/discovered-groups.ts'
import { realEnv } from '../base/env-real.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { createLog } from '../base/log-lines.ts'
import { PLAIN_HTTP_CLIENT } from '../http-client/client-config.ts'
import { type DockerSdConfig, dockerDiscoverer, dockerSdConfigsSchema, toDockerSdConfig } from './docker.ts'

const NETWORKS = [
  { Id: 'n1', Name: 'bridge', Scope: 'local', Internal: false, Ingress: false, Labels: { 'com.x': 'y' } },
  { Id: 'n2', Name: 'apps', Scope: 'swarm', Internal: true, Ingress: true, Labels: null },
]

function container(id: string, changes: object = {}) {
  return {
    Id: id,
    Names: [`/${id}`],
    Labels: {},
    Ports: [],
    HostConfig: { NetworkMode: 'bridge' },
    NetworkSettings: { Networks: { bridge: { NetworkID: 'n1', IPAddress: '10.0.0.1' } } },
    ...changes,
  }
}

function watching(changes: Partial<DockerSdConfig> = {}) {
  const env = virtualEnv()
  const urls: string[] = []
  let containers: unknown = []
  let status = 200
  void env.http.listen({ host: 'docker', port: 2375 }, (request, response) => {
    urls.push(decodeURIComponent(request.url!))
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(request.url!.startsWith('/networks') ? NETWORKS : containers))
  })
  const config = { ...toDockerSdConfig({ host: 'tcp://docker:2375' }, PLAIN_HTTP_CLIENT), ...changes }
  const found = collectGroups(env, dockerDiscoverer(env, config, 'j'))
  return {
    urls,
    stop: found.stop,
    env,
    async look(next: unknown, nextStatus = 200) {
      containers = next
      status = nextStatus
      await found.look(60_000)
      return [...(found.groups.get('Docker')?.targets ?? [])].map(String)
    },
  }
}

test('a target for each TCP port, else one on the port of the section', async () => {
  const { look, stop } = watching()
  const [web, quiet] = await look([
    container('web', {
      Labels: { 'app.name': 'shop' },
      Ports: [
        { Type: 'tcp', PrivatePort: 8080, PublicPort: 80, IP: '0.0.0.0' },
        { Type: 'udp', PrivatePort: 53 },
      ],
    }),
    container('quiet', { Ports: null, Labels: null }),
    container('nameless', { Names: [] }),
  ])
  const network =
    '__meta_docker_network_id="n1", __meta_docker_network_ingress="false", __meta_docker_network_internal="false", __meta_docker_network_ip="10.0.0.1", __meta_docker_network_label_com_x="y", __meta_docker_network_name="bridge", __meta_docker_network_scope="local"'
  assert.equal(
    web,
    `{__address__="10.0.0.1:8080", __meta_docker_container_id="web", __meta_docker_container_label_app_name="shop", __meta_docker_container_name="/web", __meta_docker_container_network_mode="bridge", ${network}, __meta_docker_port_private="8080", __meta_docker_port_public="80", __meta_docker_port_public_ip="0.0.0.0"}`,
  )
  assert.equal(
    quiet,
    `{__address__="10.0.0.1:80", __meta_docker_container_id="quiet", __meta_docker_container_name="/quiet", __meta_docker_container_network_mode="bridge", ${network}}`,
  )
  await stop()
})

const addresses = (targets: readonly string[]) => targets.map((target) => /__address__="([^"]*)"/.exec(target)![1])

test('networks: the first or all, those of another container, that of the host', async () => {
  const two = { b: { NetworkID: 'n1', IPAddress: '10.0.0.2' }, a: { NetworkID: 'n2', IPAddress: 'fd00::1' }, none: null }
  const containers = [
    container('two', { NetworkSettings: { Networks: two } }),
    container('guest', {
      NetworkSettings: { Networks: {} },
      HostConfig: { NetworkMode: 'container:two' },
      Ports: [{ Type: 'tcp', PrivatePort: 9 }],
    }),
    container('circle', { NetworkSettings: { Networks: {} }, HostConfig: { NetworkMode: 'container:circle' } }),
    container('host', { HostConfig: { NetworkMode: 'host' }, NetworkSettings: { Networks: { host: { NetworkID: 'n9', IPAddress: '' } } } }),
  ]
  const first = watching()
  assert.deepEqual(addresses(await first.look(containers)), ['[fd00::1]:80', '[fd00::1]:9', 'localhost'])
  await first.stop()
  const all = watching({ matchFirstNetwork: false, hostNetworkingHost: 'this', port: 81 })
  assert.deepEqual(addresses(await all.look(containers)), ['[fd00::1]:81', '10.0.0.2:81', '[fd00::1]:9', '10.0.0.2:9', 'this'])
  await all.stop()
})

test('filters are asked for, and a daemon that fails keeps what was found', async () => {
  const filters = [
    { name: 'label', values: ['a', 'b'] },
    { name: 'label', values: ['c'] },
    { name: 'status', values: ['running'] },
  ]
  const { look, urls, stop, env } = watching({ filters })
  assert.equal((await look([container('a')])).length, 1)
  assert.deepEqual(urls.slice(0, 2), [
    '/containers/json?filters={"label":{"a":true,"b":true,"c":true},"status":{"running":true}}',
    '/networks',
  ])
  assert.equal((await look({ message: 'no' }, 500)).length, 1)
  assert.match(String(env.lines.at(-1)?.fields.error), /^error while listing containers: status 500: \{"message":"no"\}$/)
  assert.equal((await look([])).length, 0)
  await stop()
})

test('a daemon is asked at its socket', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-docker-'))
  const path = join(directory, 'docker.sock')
  const server = createServer((request, response) =>
    response.end(JSON.stringify(request.url === '/networks' ? NETWORKS : [container('a')])),
  )
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const env = realEnv(createLog({ level: 'error', format: 'logfmt', now: Date.now, write: () => {} }))
  const abort = new AbortController()
  try {
    const config = toDockerSdConfig({ host: `unix://${path}` }, PLAIN_HTTP_CLIENT)
    for await (const [group] of dockerDiscoverer(env, config, 'j').watch(abort.signal)) {
      assert.deepEqual(addresses(group.targets.map(String)), ['10.0.0.1:80'])
      abort.abort()
    }
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  }
})

test('where a daemon is must be said', () => {
  const check = (config: object, message: string | undefined) => {
    const parsed = dockerSdConfigsSchema.read([config])
    assert.equal(parsed.success ? undefined : parsed.problems[0].message, message)
  }
  check({}, 'host missing')
})
