import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActiveTarget, TargetHealthJson } from '../../../src/api/types/targets.ts'
import { countHealth, lastScrapeTime, type TargetFilter, toPools } from './pools.ts'

const target = (scrapePool: string, instance: string, health: TargetHealthJson, lastError = ''): ActiveTarget => ({
  discoveredLabels: {},
  labels: { instance, job: scrapePool },
  scrapePool,
  scrapeUrl: `http://${instance}/metrics`,
  globalUrl: `http://${instance}/metrics`,
  lastError,
  lastScrape: '2026-11-22T02:00:00.5Z',
  lastScrapeDuration: 0.01,
  health,
  scrapeInterval: '15s',
  scrapeTimeout: '10s',
})

const data = {
  activeTargets: [
    target('web', 'b:80', 'up'),
    target('web', 'a:80', 'up'),
    target('web', 'c:80', 'down', 'connection refused'),
    target('db', 'd:90', 'unknown'),
  ],
  droppedTargets: [],
  droppedTargetCounts: { web: 3, cache: 2 },
}

test('toPools sorts, counts all, shows what passes', () => {
  const show = (filter: Partial<TargetFilter>) =>
    toPools(data, { health: 'all', text: '', ...filter })
      .map((pool) => `${pool.name}:${pool.targets.map((one) => one.labels['instance'].slice(0, 1)).join('')}`)
      .join(' ')
  assert.equal(show({}), 'cache: db:d web:cab')
  assert.equal(show({ health: 'up' }), 'cache: db: web:ab')
  assert.equal(show({ text: 'REFUSED' }), 'cache: db: web:c')
  assert.equal(show({ text: 'job="web" a:80' }), 'cache: db: web:a')
  assert.equal(show({ text: 'nowhere' }), 'cache: db: web:')
})

test('counts are of all targets whatever is shown', () => {
  const web = toPools(data, { health: 'unknown', text: 'x' })[2]
  assert.deepEqual([web.counts, web.droppedCount], [{ up: 2, down: 1, unknown: 0 }, 3])
  assert.deepEqual(countHealth(data), { up: 2, down: 1, unknown: 1 })
})

test('lastScrapeTime knows never', () => {
  assert.equal(lastScrapeTime({ ...data.activeTargets[0], lastScrape: '0001-01-01T00:00:00Z' }), undefined)
  assert.equal(lastScrapeTime(data.activeTargets[0]), Date.UTC(2026, 10, 22, 2, 0, 0, 500))
})
