// Clusters of ours in simulation, a few seeds; `npm run prove alert-cluster` has many.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AlertCluster } from './support/alert-cluster.ts'
import { FAIL_OVER_MS_MAX, failsOver, survives } from './support/alert-cluster-runs.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)

test('members that are killed, restarted and cut off lose no alert and no silence, and tell nothing twice without a cause', async () => {
  for (let seed = SEED; seed < SEED + 2; seed++) {
    const { notifications, kills, partitions } = await survives(seed)
    assert.ok(notifications > 50 && kills + partitions > 0, `seed ${seed}`)
  }
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
