import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualProcess, VirtualWorld } from '../base/env-virtual.ts'
import { seededRandom } from '../base/virtual/random.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import type { Channel, ReplicatedState } from './replicated-state.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)

/** Words that are only added to. */
class Words implements ReplicatedState {
  readonly key = 'words'
  readonly all = new Set<string>()
  snapshots = 0

  snapshot(): Uint8Array {
    this.snapshots++
    return Buffer.from([...this.all].join('\n'))
  }

  merge(remote: Uint8Array): Uint8Array | null {
    const fresh = Buffer.from(remote)
      .toString()
      .split('\n')
      .filter((word) => word !== '' && !this.all.has(word))
    for (const word of fresh) this.all.add(word)
    return fresh.length === 0 ? null : Buffer.from(fresh.join('\n'))
  }
}

interface Node {
  readonly process: VirtualProcess
  readonly cluster: Cluster
  readonly words: Words
  readonly channel: Channel
  readonly stop: () => Promise<void>
}

const PORT = 9094
const hostOf = (i: number) => `10.0.0.${i}`

function startNode(world: VirtualWorld, i: number, changes: Partial<ClusterOptions> = {}): Node {
  const process = world.start(hostOf(i))
  const cluster = new Cluster(process.env, {
    name: `member-${i}`,
    listen: { host: '0.0.0.0', port: PORT },
    allowsPublicAdvertise: false,
    peers: [`${hostOf(1)}:${PORT}`],
    label: '',
    peersResolveTimeoutMs: 15_000,
    gossipIntervalMs: 200,
    pushPullIntervalMs: 60_000,
    tcpTimeoutMs: 10_000,
    probeTimeoutMs: 500,
    probeIntervalMs: 1000,
    settleTimeoutMs: 60_000,
    reconnectIntervalMs: 10_000,
    reconnectTimeoutMs: 6 * 3600_000,
    ...changes,
  })
  const words = new Words()
  const channel = cluster.addState(words)
  const controller = new AbortController()
  const done = cluster.run(controller.signal, () => {})
  const stop = () => {
    controller.abort()
    return done
  }
  return { process, cluster, words, channel, stop }
}

function say(node: Node, word: string): void {
  node.words.all.add(word)
  node.channel.broadcast(Buffer.from(word))
}

const names = (node: Node) =>
  node.cluster
    .status()
    .peers.map(({ name }) => name)
    .sort()
const metric = async (node: Node, name: string) => {
  const found = await node.process.env.metrics.getSingleMetric(name)?.get()
  return found?.values.reduce((sum, { value }) => sum + value, 0)
}
const ALL = ['member-1', 'member-2', 'member-3']

async function threeMembers(seed = SEED, changes: Partial<ClusterOptions> = {}) {
  const world = new VirtualWorld({ seed })
  world.network.latencyMs = 1
  world.network.datagramJitterMs = 5
  const nodes = [1, 2, 3].map((i) => startNode(world, i, changes))
  await world.clock.advance(15_000)
  return { world, nodes }
}

test('members that know one of them become a cluster, settle, and stand in order of their names', async () => {
  const { nodes } = await threeMembers()
  for (const [i, node] of nodes.entries()) {
    assert.deepEqual(names(node), ALL)
    assert.equal(node.cluster.position(), i)
    assert.deepEqual([node.cluster.isSettled(), node.cluster.status().status], [true, 'ready'])
    assert.equal(await metric(node, 'alertmanager_cluster_members'), 3)
    assert.equal(await metric(node, 'alertmanager_cluster_failed_peers'), 0)
    assert.equal(await metric(node, 'alertmanager_cluster_health_score'), 0)
  }
  assert.equal(nodes[1].cluster.status().peers.find(({ name }) => name === 'member-1')?.address, '10.0.0.1:9094')
})

test('what one says all have within a second, though one datagram in five is lost, comes twice, or late', async () => {
  const { world, nodes } = await threeMembers()
  world.network.datagramLoss = 0.2
  world.network.datagramTwice = 0.2
  world.network.datagramJitterMs = 100
  for (const [i, node] of nodes.entries()) for (let k = 0; k < 20; k++) say(node, `${i}-${k}`)
  await world.clock.advance(1000)
  for (const node of nodes) assert.equal(node.words.all.size, 60)
  say(nodes[0], 'large'.repeat(1000))
  await world.clock.advance(100)
  for (const node of nodes) assert.equal(node.words.all.size, 61)
  assert.equal(await metric(nodes[0], 'alertmanager_oversized_gossip_message_sent_total'), 2)
})

test('a member that dies is missed, and is back with all it missed when it starts again', async () => {
  const { world, nodes } = await threeMembers()
  nodes[2].process.kill()
  await world.clock.advance(15_000)
  assert.deepEqual(names(nodes[0]), ALL.slice(0, 2))
  assert.equal(await metric(nodes[0], 'alertmanager_cluster_failed_peers'), 1)
  say(nodes[0], 'meanwhile')
  const again = startNode(world, 3)
  await world.clock.advance(2000)
  for (const node of [nodes[0], nodes[1], again]) assert.deepEqual(names(node), ALL)
  assert.ok(again.words.all.has('meanwhile'))
  assert.equal(await metric(nodes[0], 'alertmanager_cluster_failed_peers'), 0)
})

test('a member that leaves says so, and nobody tries to reach it', async () => {
  const { world, nodes } = await threeMembers()
  const stopped = nodes[1].stop()
  await world.clock.advance(1500)
  assert.deepEqual(names(nodes[0]), ['member-1', 'member-3'])
  assert.equal(await metric(nodes[2], 'alertmanager_cluster_failed_peers'), 0)
  await world.clock.advance(10_000)
  await stopped
})

test('both sides of a partition go on, and merge when it heals, with few full exchanges', async () => {
  const { world, nodes } = await threeMembers()
  world.network.swallows = (from, to) => (from === hostOf(1)) !== (to === hostOf(1))
  await world.clock.advance(30_000)
  assert.deepEqual(nodes.map(names), [['member-1'], ['member-2', 'member-3'], ['member-2', 'member-3']])
  for (const node of nodes)
    for (let k = 0; k < 50; k++) say(node, `${node.cluster.position()} ${names(node).length} ${'x'.repeat(20)} ${k}`)
  await world.clock.advance(60_000)
  const before = nodes.reduce((sum, { words }) => sum + words.snapshots, 0)
  world.network.swallows = () => false
  await world.clock.advance(25_000)
  for (const node of nodes) {
    assert.deepEqual(names(node), ALL)
    assert.equal(node.words.all.size, 150)
  }
  const exchanged = nodes.reduce((sum, { words }) => sum + words.snapshots, 0) - before
  assert.ok(exchanged <= 16, `${exchanged} full states were sent`)
})

test('where no datagram arrives the members stay, by connections', async () => {
  const { world, nodes } = await threeMembers()
  world.network.datagramLoss = 1
  await world.clock.advance(60_000)
  for (const node of nodes) assert.deepEqual(names(node), ALL)
  say(nodes[0], 'by exchange')
  await world.clock.advance(240_000)
  for (const node of nodes) assert.ok(node.words.all.has('by exchange'))
})

test('a member cut off in one direction is probed by way of the others', async () => {
  const { world, nodes } = await threeMembers()
  world.network.swallows = (from, to) => from === hostOf(1) && to === hostOf(2)
  await world.clock.advance(60_000)
  assert.deepEqual(names(nodes[2]), ALL)
})

test('members with another label are none of ours', async () => {
  const world = new VirtualWorld({ seed: SEED })
  const nodes = [startNode(world, 1, { label: 'blue' }), startNode(world, 2, { label: 'blue' }), startNode(world, 3)]
  await world.clock.advance(30_000)
  assert.deepEqual(nodes.map(names), [['member-1', 'member-2'], ['member-1', 'member-2'], ['member-3']])
})

test('names of peers are asked for again', async () => {
  const world = new VirtualWorld({ seed: SEED })
  const address = (i: number) => ({ type: 'A', address: hostOf(i) }) as const
  world.dns.set('peers.example', address(1))
  const nodes = [1, 2].map((i) => startNode(world, i, { peers: ['peers.example:9094'] }))
  await world.clock.advance(5000)
  assert.deepEqual(names(nodes[1]), ALL.slice(0, 2))
  // One that nobody told of the others, and that they find.
  const third = startNode(world, 3, { peers: [] })
  await world.clock.advance(5000)
  assert.deepEqual(names(third), ['member-3'])
  world.dns.set('peers.example', address(1), address(3))
  await world.clock.advance(20_000)
  assert.deepEqual(names(third), ALL)
  assert.ok(
    ((await metric(nodes[1], 'alertmanager_cluster_refresh_join_total')) ?? 0) +
      ((await metric(nodes[0], 'alertmanager_cluster_refresh_join_total')) ?? 0) >=
      1,
  )
})

test('a peer that is not there yet is tried until it is', async () => {
  const world = new VirtualWorld({ seed: SEED })
  const second = startNode(world, 2)
  await world.clock.advance(60_000)
  assert.deepEqual([names(second), second.cluster.isSettled()], [['member-2'], true])
  startNode(world, 1, { peers: [] })
  await world.clock.advance(12_000)
  assert.deepEqual(names(second), ALL.slice(0, 2))
})

test('a name that somebody else uses is told of, and does not unseat its owner', async () => {
  const { world, nodes } = await threeMembers()
  startNode(world, 4, { name: 'member-2' })
  await world.clock.advance(20_000)
  assert.equal(nodes[0].cluster.status().peers.find(({ name }) => name === 'member-2')?.address, '10.0.0.2:9094')
  assert.ok(((await metric(nodes[0], 'alertmanager_cluster_peer_name_conflicts_total')) ?? 0) > 0)
})

test('garbage, in datagrams and over connections, changes nothing', async () => {
  const { world, nodes } = await threeMembers()
  const random = seededRandom(SEED)
  const stranger = world.start('10.0.0.9').env
  const socket = await stranger.udp.bind({ host: '0.0.0.0', port: 1 }, () => {})
  let closed = 0
  for (let i = 0; i < 300; i++) {
    const bytes = random.bytes(1 + Math.floor(random.next() * 100))
    if (i % 2 === 0) bytes[0] = i % 16
    socket.send(bytes, hostOf(1), PORT)
    if (i < 20) {
      const connection = stranger.tcp.connect(
        { host: hostOf(1), port: PORT },
        { connected: () => connection.write(bytes), data: () => connection.destroy(), closed: () => closed++ },
      )
    }
    await world.clock.advance(1)
  }
  await world.clock.advance(20_000)
  assert.equal(closed, 20)
  for (const node of nodes) assert.deepEqual(names(node), ALL)
  assert.ok(((await metric(nodes[0], 'alertmanager_cluster_messages_received_total')) ?? 0) >= 0)
  assert.ok(((await metric(nodes[0], 'promontory_alertmanager_cluster_messages_refused_total')) ?? 0) > 200)
})

test('many seeds: kills, restarts and partitions end in one cluster with everything that was said', async () => {
  for (let seed = SEED; seed < SEED + 5; seed++) {
    const { world, nodes } = await threeMembers(seed)
    const random = seededRandom(seed)
    const said = new Set<string>()
    world.network.datagramLoss = 0.1
    for (let round = 0; round < 8; round++) {
      const i = Math.floor(random.next() * 3)
      const one = hostOf(i + 1)
      if (random.next() < 0.5) world.network.swallows = (from, to) => (from === one) !== (to === one)
      else {
        // Who is killed forgets; the others have it.
        nodes[i].process.kill()
        await world.clock.advance(random.next() * 10_000)
        nodes[i] = startNode(world, i + 1, { peers: [1, 2, 3].map((k) => `${hostOf(k)}:${PORT}`) })
      }
      await world.clock.advance(random.next() * 20_000)
      world.network.swallows = () => false
      await world.clock.advance(25_000)
      const word = `${seed} ${round}`
      say(nodes[Math.floor(random.next() * 3)], word)
      said.add(word)
      await world.clock.advance(5000)
    }
    await world.clock.advance(70_000)
    for (const node of nodes) {
      assert.deepEqual(names(node), ALL, `seed ${seed}`)
      assert.deepEqual(node.words.all, said, `seed ${seed}`)
    }
  }
})

test('a member that comes back at another address leaves nobody to wait for at the old one', async () => {
  const world = new VirtualWorld({ seed: SEED })
  const one = startNode(world, 1)
  const two = startNode(world, 2)
  await world.clock.advance(10_000)
  const failedPeers = async () =>
    (await one.process.env.metrics.getSingleMetric('alertmanager_cluster_failed_peers')!.get()).values[0].value
  two.process.kill()
  await world.clock.advance(60_000)
  assert.equal(await failedPeers(), 1)
  startNode(world, 7, { name: 'member-2' })
  await world.clock.advance(60_000)
  assert.deepEqual(
    one.cluster.status().peers.map(({ address }) => address),
    ['10.0.0.1:9094', '10.0.0.7:9094'],
  )
  assert.equal(await failedPeers(), 0)
})
