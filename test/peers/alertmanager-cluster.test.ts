// Members of ours in clusters with upstream's Alertmanagers: who is there, what is said, over UDP and TLS.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { realEnv } from '../../src/base/env-real.ts'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { Cluster, type ClusterOptions } from '../../src/cluster/cluster.ts'
import type { ReplicatedState } from '../../src/cluster/replicated-state.ts'
import {
  clusterStatus,
  membersOf,
  type RunningAlertmanager,
  sendAlert,
  silence,
  silenceComments,
  startAlertmanager,
  startRecorder,
} from '../support/alertmanagers.ts'
import { peer } from '../support/peers.ts'
import { delay, freePort, until } from '../support/program.ts'
import { GOOD, GOOD_KEY, SERVER_CA } from '../support/server-certificates.ts'

const CONFIG = 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n'

/** In less than members take to tell each other everything: it was gossip that brought it. */
const GOSSIP_MS = 30_000

/** Keeps what comes, as it came. */
class Kept implements ReplicatedState {
  readonly key = 'sil'
  readonly came: Buffer[] = []

  snapshot(): Uint8Array {
    return Buffer.concat(this.came)
  }

  merge(remote: Uint8Array): Uint8Array | null {
    const isNews = !this.came.some((bytes) => bytes.equals(remote))
    if (isNews) this.came.push(Buffer.from(remote))
    return isNews ? remote : null
  }

  has(text: string): boolean {
    return this.came.some((bytes) => bytes.includes(text))
  }
}

async function startOurs(peers: readonly number[], changes: Partial<ClusterOptions> = {}) {
  const port = changes.listen?.port ?? (await freePort())
  const cluster = new Cluster(realEnv(virtualEnv().log), {
    name: 'ours',
    listen: { host: '127.0.0.1', port },
    allowsPublicAdvertise: false,
    peers: peers.map((one) => `127.0.0.1:${one}`),
    label: '',
    peersResolveTimeoutMs: 15_000,
    gossipIntervalMs: 200,
    pushPullIntervalMs: 60_000,
    tcpTimeoutMs: 10_000,
    probeTimeoutMs: 500,
    probeIntervalMs: 1000,
    settleTimeoutMs: 60_000,
    reconnectIntervalMs: 1000,
    reconnectTimeoutMs: 6 * 3600_000,
    ...changes,
  })
  const kept = new Kept()
  const channel = cluster.addState(kept)
  const controller = new AbortController()
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  const done = cluster.run(controller.signal, resolve)
  await Promise.race([ready, done])
  const stop = () => {
    controller.abort()
    return done
  }
  return { cluster, kept, channel, port, stop }
}

function place(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'alertmanager-cluster-'))
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
  return directory
}

function killedAfter(t: TestContext, one: RunningAlertmanager): RunningAlertmanager {
  t.after(() => one.program.stop('SIGKILL'))
  return one
}

const count = async (urls: readonly string[]) => (await Promise.all(urls.map(membersOf))).map((members) => members.length).join()

test('one of 0.25, one of 0.33 and one of ours are one cluster, miss who dies, and take back who returns', async (t) => {
  const [older, newer] = [peer(t, 'alertmanager 0.25'), peer(t, 'alertmanager 0.33')]
  if (older === undefined || newer === undefined) return
  const directory = place(t)
  const a = killedAfter(t, await startAlertmanager({ command: older, directory, config: CONFIG, peers: [] }))
  await a.program.ready('/-/healthy')
  const ports = { web: await freePort(), cluster: await freePort() }
  const startB = () => startAlertmanager({ command: newer, directory, config: CONFIG, peers: [a.clusterPort], ports })
  let b = killedAfter(t, await startB())
  await b.program.ready('/-/healthy')
  const ours = await startOurs([a.clusterPort])
  const urls = [a.program.url, b.program.url]
  const ourCount = () => ours.cluster.status().peers.length
  await until('three members everywhere', 60_000, async () => ourCount() === 3 && (await count(urls)) === '3,3')
  const listed = await membersOf(a.program.url)
  assert.deepEqual(
    listed.find(({ name }) => name === 'ours'),
    { name: 'ours', address: `127.0.0.1:${ours.port}` },
  )

  // News goes everywhere, and what is large as well.
  await silence(a.program.url, 'from 0.25', { name: 'job', value: 'a' })
  await silence(b.program.url, 'from 0.33', { name: 'job', value: 'b' })
  await silence(b.program.url, `large ${'x'.repeat(3000)}`, { name: 'job', value: 'c' })
  await until('silences', GOSSIP_MS, async () => ours.kept.has('from 0.25') && ours.kept.has('from 0.33') && ours.kept.has('xxxxxxxx'))

  await b.program.stop('SIGKILL')
  await until('two members', 60_000, async () => ourCount() === 2 && (await count([a.program.url])) === '2')
  b = killedAfter(t, await startB())
  await until('three members again', 60_000, async () => ourCount() === 3 && (await count(urls)) === '3,3')

  // What a member of ours has, one of theirs gets by a full exchange when it joins.
  await ours.stop()
  await until('two members without ours', 60_000, async () => (await count(urls)) === '2,2')
  const again = await startOurs([b.clusterPort], { listen: { host: '127.0.0.1', port: ours.port } })
  await until('ours is back', 60_000, async () => (await count(urls)) === '3,3' && again.kept.has('from 0.33'))
  await again.stop()
})

test('with a label, members of 0.33 and ours find each other, and one without is none of them', async (t) => {
  const newer = peer(t, 'alertmanager 0.33')
  if (newer === undefined) return
  const directory = place(t)
  const a = killedAfter(
    t,
    await startAlertmanager({ command: newer, directory, config: CONFIG, peers: [], flags: ['--cluster.label=blue'] }),
  )
  await a.program.ready('/-/healthy')
  const stranger = await startOurs([a.clusterPort], { name: 'stranger' })
  const ours = await startOurs([a.clusterPort], { label: 'blue' })
  await until('two members', 60_000, async () => ours.cluster.status().peers.length === 2 && (await count([a.program.url])) === '2')
  await silence(a.program.url, 'labelled', { name: 'job', value: 'a' })
  await until('silence', GOSSIP_MS, async () => ours.kept.has('labelled'))
  assert.equal(stranger.cluster.status().peers.length, 1)
  await Promise.all([ours.stop(), stranger.stop()])
})

test('over TLS members of 0.25, 0.33 and ours are one cluster', async (t) => {
  const [older, newer] = [peer(t, 'alertmanager 0.25'), peer(t, 'alertmanager 0.33')]
  if (older === undefined || newer === undefined) return
  const directory = place(t)
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  file('ca.pem', SERVER_CA)
  file('cert.pem', GOOD)
  file('key.pem', GOOD_KEY)
  const tlsConfig = file(
    'tls.yml',
    'tls_server_config: {cert_file: cert.pem, key_file: key.pem}\ntls_client_config: {ca_file: ca.pem, server_name: localhost}\n',
  )
  const flags = [`--cluster.tls-config=${tlsConfig}`]
  const a = killedAfter(t, await startAlertmanager({ command: older, directory, config: CONFIG, peers: [], flags }))
  await a.program.ready('/-/healthy')
  const b = killedAfter(t, await startAlertmanager({ command: newer, directory, config: CONFIG, peers: [a.clusterPort], flags }))
  const server = {
    context: { cert: GOOD, key: GOOD_KEY },
    clientCertificate: 'NoClientCert',
    clientAllowedSans: undefined,
  } as const
  const refused: string[] = []
  const client = { ca: SERVER_CA, servername: 'localhost' }
  const ours = await startOurs([b.clusterPort, a.clusterPort], {
    tls: { server: { options: () => server, refused: (from, reason) => void refused.push(`${from} ${reason}`) }, client: () => client },
  })
  const urls = [a.program.url, b.program.url]
  await until('three members everywhere', 60_000, async () => ours.cluster.status().peers.length === 3 && (await count(urls)) === '3,3')
  await silence(a.program.url, 'from 0.25', { name: 'job', value: 'a' })
  await silence(b.program.url, 'from 0.33', { name: 'job', value: 'b' })
  await until('silences', GOSSIP_MS, async () => ours.kept.has('from 0.25') && ours.kept.has('from 0.33'))
  assert.deepEqual(refused, [])
  await ours.stop()
  await until('ours has left', 60_000, async () => (await count(urls)) === '2,2')
})

test('in clusters of theirs and ours a silence is gossiped to all, and a group is told of once', async (t) => {
  const [older, newer] = [peer(t, 'alertmanager 0.25'), peer(t, 'alertmanager 0.33')]
  if (older === undefined || newer === undefined) return
  const check = async (commands: readonly string[]) => {
    const directory = place(t)
    const recorder = await startRecorder()
    t.after(() => recorder.close())
    const config = `route: {receiver: page, group_by: [group], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}
receivers: [{name: page, webhook_configs: [{url: '${recorder.url}'}]}]
`
    // A member waits less than upstream's 15 s for each before it, so that the test ends: its notification would come by then.
    const flags = ['--cluster.peer-timeout=4s']
    const members: RunningAlertmanager[] = []
    for (const command of commands) {
      const peers = members.map(({ clusterPort }) => clusterPort)
      members.push(killedAfter(t, await startAlertmanager({ command, directory, config, peers, flags })))
      await members[members.length - 1].program.ready('/-/healthy')
    }
    const urls = members.map(({ program }) => program.url)
    await until('three members everywhere', 60_000, async () => (await count(urls)) === '3,3,3')
    for (const [i, url] of urls.entries()) {
      await silence(url, `from ${i}`, { name: 'group', value: `silenced-${i}` })
      await until(`the silence of ${commands[i]} everywhere`, GOSSIP_MS, async () => {
        const comments = await Promise.all(urls.map(silenceComments))
        return comments.every((there) => there.includes(`from ${i}`))
      })
    }
    await until('all settled', 120_000, async () => (await Promise.all(urls.map(clusterStatus))).every((status) => status === 'ready'))
    for (let group = 0; group < 5; group++) await sendAlert(urls, { alertname: 'a', group: `told-${group}` })
    for (let i = 0; i < 3; i++) await sendAlert(urls, { alertname: 'a', group: `silenced-${i}` })
    await until('five notifications', 60_000, async () => recorder.heard.length >= 5)
    // The last would have notified by now, had it not heard of the first's.
    await delay(12_000)
    assert.deepEqual(
      recorder.heard.map(({ group }) => group).sort(),
      [0, 1, 2, 3, 4].map((group) => `{"group":"told-${group}"}`),
      commands.join(),
    )
    // The same member told of all: the first by name.
    assert.equal(new Set(recorder.heard.map(({ from }) => from)).size, 1)
    await Promise.all(members.map(({ program }) => program.stop('SIGKILL')))
  }
  // Beside each other: they wait most of the time.
  await Promise.all([check([older, newer, 'ours']), check(['ours', newer, 'ours']), check([older, 'ours', 'ours'])])
})
