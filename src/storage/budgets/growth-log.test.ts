import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { GrowthLog, type SeriesCounts } from './growth-log.ts'

test('growth is told against an hour before, what grew most first', async () => {
  const { clock } = virtualEnv()
  const start = clock.now()
  const counts: Record<keyof SeriesCounts, Map<string, number>> = {
    metrics: new Map(),
    labels: new Map(),
    jobs: new Map(),
    owners: new Map(),
  }
  const copy = (): SeriesCounts => ({
    metrics: new Map(counts.metrics),
    labels: new Map(counts.labels),
    jobs: new Map(counts.jobs),
    owners: new Map(counts.owners),
  })
  const log = new GrowthLog(clock, async () => copy())
  const controller = new AbortController()
  const done = log.run(controller.signal)
  counts.metrics.set('up', 5).set('requests', 100)
  counts.labels.set('user', 3)
  assert.equal(await log.growth(10, controller.signal), undefined)
  await clock.advance(61_000)
  counts.metrics.set('requests', 150).set('fresh', 70).set('up', 4)
  counts.labels.set('user', 1003)
  assert.deepEqual(await log.growth(10, controller.signal), {
    since: start + 60_000,
    grown: {
      metrics: [
        { name: 'fresh', count: 70, before: 0 },
        { name: 'requests', count: 150, before: 100 },
      ],
      labels: [{ name: 'user', count: 1003, before: 3 }],
      jobs: [],
      owners: [],
    },
  })
  assert.equal((await log.growth(1, controller.signal))?.grown.metrics.length, 1)
  await clock.advance(3 * 3_600_000)
  const later = await log.growth(10, controller.signal)
  assert.ok(clock.now() - later!.since >= 3_600_000 && clock.now() - later!.since <= 70 * 60_000)
  assert.deepEqual(later?.grown.metrics, [])
  controller.abort()
  await done
})
