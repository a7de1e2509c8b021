// Clusters of ours in simulation, a few seeds; `npm run prove alert-cluster` has many.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AlertCluster } from './support/alert-cluster.ts'
import { ALL_TOLD_MS, judge } from './support/alert-cluster-judge.ts'
import { FAIL_OVER_MS_MAX, failsOver, survives } from './support/alert-cluster-runs.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)

test('members that are killed, restarted and cut off lose no alert and no silence, and tell nothing twice without a cause', async () => {
  for (let seed = SEED; seed < SEED + 2; seed++) {
    const { notifications, kills, partitions } = await survives(seed)
    assert.ok(notifications > 50 && kills + partitions > 0, `seed ${seed}`)
  }
})

test('who told again what another told, and was down when the others met after a partition, counts it', async () => {
  const { twiceInPartition, counted } = await survives(52093)
  assert.ok(twiceInPartition > 0 && counted >= twiceInPartition)
})

test('whoever dies before notifying is stood in for within half a minute', async () => {
  for (let seed = SEED; seed < SEED + 2; seed++) assert.ok((await failsOver(seed)) <= FAIL_OVER_MS_MAX)
})

test('members that come to notify at the same moment notify once', async () => {
  const cluster = await AlertCluster.start(SEED)
  const { clock } = cluster.world
  // Just after the server sent what there was: the next time is half a minute on.
  await clock.advance(30_001)
  for (let group = 0; group < 20; group++) cluster.fire(`alert-${group}`, `group-${group}`)
  // The second member has them 15 seconds before the first, and the third 30: all waits end at once.
  cluster.send([2])
  await clock.advance(15_000)
  cluster.send([1])
  await clock.advance(14_998)
  cluster.send([0])
  await clock.advance(60_000)
  assert.deepEqual(cluster.heard.map(({ group }) => group).sort(), Array.from({ length: 20 }, (_, group) => `group-${group}`).sort())
})

test('a receiver that takes its time is told once, though other members come to notify meanwhile', async () => {
  const cluster = await AlertCluster.start(SEED)
  const { clock } = cluster.world
  await clock.advance(30_001)
  cluster.receiverLatencyMs = 25_000
  cluster.fire('slow', 'group')
  cluster.send()
  await clock.advance(120_000)
  assert.deepEqual(
    cluster.heard.map(({ from }) => from),
    [0],
  )
})

test('a member that is stopped while it notifies leaves nothing to be told again', async () => {
  const cluster = await AlertCluster.start(SEED)
  const { clock } = cluster.world
  await clock.advance(30_001)
  cluster.receiverLatencyMs = 2000
  cluster.fire('alert', 'group')
  cluster.send()
  const stopped: Promise<void>[] = []
  cluster.onHeard = ({ from }) => void stopped.push(cluster.members[from]!.stop())
  await clock.advance(60_000)
  await Promise.all(stopped)
  assert.equal(stopped.length, 1)
  await cluster.startMember(0)
  await clock.advance(120_000)
  assert.deepEqual(
    cluster.heard.map(({ from }) => from),
    [0],
  )
})

test('who tells what a member that died was about to tell says that it may come twice', async () => {
  const cluster = await AlertCluster.start(SEED)
  const { clock } = cluster.world
  await clock.advance(30_001)
  cluster.fire('alert', 'group')
  cluster.send()
  cluster.onHeard = ({ from }) => {
    cluster.onHeard = () => {}
    cluster.kill(from, { losesPower: true })
  }
  await clock.advance(120_000)
  assert.equal(cluster.heard.length, 2)
  assert.deepEqual(await cluster.duplicatesCounted(), { known: 0, possible: 1 })
  assert.equal(cluster.members[1]!.manager.history.find({ limit: 1 })[0].mayBeDuplicate, true)
})

test('who died between the answer and its log, and is back before the others take over, says that it may tell again', async () => {
  const cluster = await AlertCluster.start(SEED)
  const { clock } = cluster.world
  await clock.advance(12_000)
  cluster.onHeard = ({ from }) => {
    cluster.onHeard = () => {}
    clock.setTimer(5, () => cluster.kill(from, { losesPower: true }))
  }
  cluster.fire('alert', 'group')
  cluster.send()
  while (cluster.living.length === 3) await clock.advance(100)
  await clock.advance(1000)
  const [first] = cluster.heard
  await cluster.startMember(first.from)
  cluster.send()
  await clock.advance(ALL_TOLD_MS)
  assert.deepEqual(
    cluster.heard.map(({ from, idempotencyKey }) => [from, idempotencyKey]),
    [
      [first.from, first.idempotencyKey],
      [first.from, first.idempotencyKey],
    ],
  )
  assert.deepEqual(await cluster.duplicatesCounted(), { known: 0, possible: 1 })
  const { unnoticed, unknowable } = judge(cluster, new Set())
  assert.deepEqual([unnoticed, unknowable], [[], 0])
})

test('who was alone and died between the answer and its log tells again, under the same key, and the judge counts it', async () => {
  const cluster = await AlertCluster.start(SEED)
  const { clock } = cluster.world
  await clock.advance(12_000)
  for (const i of [1, 2]) cluster.kill(i, { losesPower: false })
  await clock.advance(60_000)
  cluster.onHeard = () => {
    cluster.onHeard = () => {}
    clock.setTimer(5, () => cluster.kill(0, { losesPower: true }))
  }
  cluster.fire('alert', 'group')
  cluster.send()
  await clock.advance(120_000)
  assert.deepEqual([cluster.heard.length, cluster.living.length], [1, 0])
  await cluster.startMember(0)
  cluster.send()
  await clock.advance(ALL_TOLD_MS)
  const { duplicates, unnoticed, unknowable, honouredTwice } = judge(cluster, new Set())
  assert.deepEqual(
    duplicates.map(({ cause, hasSameKey, first }) => [cause, hasSameKey, first.witnesses.length]),
    [['sender died', true, 0]],
  )
  assert.deepEqual([unnoticed, unknowable, honouredTwice], [[], 1, 0])
})
