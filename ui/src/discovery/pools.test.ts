import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActiveTarget, TargetsData } from '../../../src/api/types/targets.ts'
import { labelChanges, toDiscoveryPools } from './pools.ts'

const active = (scrapePool: string, address: string) =>
  ({ scrapePool, discoveredLabels: { __address__: address }, labels: { instance: address } }) as unknown as ActiveTarget
const data: TargetsData = {
  activeTargets: [active('b', 'x:1'), active('a', 'y:1')],
  droppedTargets: [{ scrapePool: 'b', discoveredLabels: { __address__: 'z:1', __meta_zone: 'West' } }],
  droppedTargetCounts: { a: 0, b: 5 },
}

test('what was found is listed by pool, what was dropped among it', () => {
  const all = toDiscoveryPools(data, { fate: 'all', text: '' })
  assert.deepEqual(
    all.map(({ name, found, activeCount, droppedCount }) => [name, found.length, activeCount, droppedCount]),
    [
      ['a', 1, 1, 0],
      ['b', 2, 1, 5],
    ],
  )
  const found = (fate: 'active' | 'dropped' | 'all', text: string) =>
    toDiscoveryPools(data, { fate, text }).flatMap((pool) => pool.found.map((target) => target.discoveredLabels['__address__']))
  assert.deepEqual(found('dropped', ''), ['z:1'])
  assert.deepEqual(found('active', ''), ['y:1', 'x:1'])
  assert.deepEqual(found('all', 'ZONE west'), ['z:1'])
})

test('labels that differ', () => {
  assert.deepEqual(labelChanges({ a: '1', b: '2', c: '3' }, { a: '1', b: '4', d: '5' }), [
    { name: 'b', before: '2', after: '4' },
    { name: 'c', before: '3', after: undefined },
    { name: 'd', before: undefined, after: '5' },
  ])
})
