// Two members of ours that speak TLS to each other, over real connections, and one that has no certificate they would take.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TlsServerOptions } from '../../src/base/env.ts'
import { realEnv } from '../../src/base/env-real.ts'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { Cluster, type ClusterOptions } from '../../src/cluster/cluster.ts'
import type { ReplicatedState } from '../../src/cluster/replicated-state.ts'
import { freePort, until } from '../support/program.ts'
import { GOOD, GOOD_KEY, SERVER_CA } from '../support/server-certificates.ts'

const refused: string[] = []

async function start(name: string, peers: readonly number[], server: TlsServerOptions, withCertificate = true) {
  const port = await freePort()
  const client = { ca: SERVER_CA, servername: 'localhost', ...(withCertificate ? { cert: GOOD, key: GOOD_KEY } : {}) }
  const options: ClusterOptions = {
    name,
    listen: { host: '127.0.0.1', port },
    allowsPublicAdvertise: false,
    peers: peers.map((one) => `127.0.0.1:${one}`),
    label: 'blue',
    tls: { server: { options: () => server, refused: (_, reason) => void refused.push(reason) }, client: () => client },
    peersResolveTimeoutMs: 20_000,
    gossipIntervalMs: 50,
    pushPullIntervalMs: 0,
    tcpTimeoutMs: 20_000,
    probeTimeoutMs: 1000,
    probeIntervalMs: 2000,
    settleTimeoutMs: 5000,
    reconnectIntervalMs: 1000,
    reconnectTimeoutMs: 0,
  }
  const cluster = new Cluster(realEnv(virtualEnv().log), options)
  const heard: string[] = []
  const state: ReplicatedState = {
    key: 'words',
    snapshot: () => new Uint8Array(0),
    merge(remote) {
      heard.push(Buffer.from(remote).toString())
      return null
    },
  }
  const channel = cluster.addState(state)
  const controller = new AbortController()
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  const done = cluster.run(controller.signal, resolve)
  await Promise.race([ready, done])
  const stop = () => {
    controller.abort()
    return done
  }
  return { cluster, heard, channel, port, stop }
}

test('members speak TLS to each other, and who has no certificate is none of them', async () => {
  const context = { cert: GOOD, key: GOOD_KEY, ca: SERVER_CA }
  const server: TlsServerOptions = { context, clientCertificate: 'RequireAnyClientCert', clientAllowedSans: undefined }
  const a = await start('a', [], server)
  const b = await start('b', [a.port], server)
  const stranger = await start('stranger', [a.port], server, false)
  const count = (one: typeof a) => one.cluster.status().peers.length
  try {
    await until('two members', 60_000, async () => count(a) === 2 && count(b) === 2)
    a.channel.broadcast(Buffer.from('small'))
    b.channel.broadcast(Buffer.from('large'.repeat(500)))
    await until('news', 60_000, async () => b.heard.includes('small') && a.heard.length > 0)
    await until('a refusal', 60_000, async () => refused.length > 0)
    assert.equal(count(stranger), 1)
    await b.stop()
    await until('one member', 60_000, async () => count(a) === 1)
  } finally {
    await Promise.all([a.stop(), b.stop(), stranger.stop()])
  }
})
