import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HurriedClock } from '../../test/support/hurried-clock.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import type { TargetGroup } from './discoverer.ts'
import { GroupChanges } from './group-changes.ts'

const group = (source: string, ...addresses: string[]): TargetGroup => ({
  source,
  targets: addresses.map((address) => Labels.of({ __address__: address })),
  labels: Labels.empty,
})
const shown = (groups: readonly TargetGroup[]) =>
  groups.map(({ source, targets }) => `${source}:${targets.map((labels) => labels.get('__address__'))}`).join(' ')

test('what is new, changed or gone is told, and nothing else', async () => {
  const { clock } = virtualEnv()
  const changes = new GroupChanges()
  const replace = async (...groups: TargetGroup[]) => shown(await changes.replace(clock, groups))
  assert.equal(await replace(group('a', '1'), group('b', '2')), 'a:1 b:2')
  assert.equal(await replace(group('a', '1'), group('b', '2')), '')
  assert.equal(await replace(group('b', '3'), group('a', '1')), 'b:3')
  assert.equal(await replace(group('a', '1')), 'b:')
  assert.equal(await replace(group('c', '1')), 'c:1 a:')
  assert.equal(shown(await changes.mergeInTurns(clock, [group('d', '4')])), 'd:4')
  assert.equal(shown(changes.merge([group('d', '4'), group('c', '5'), group('c', '6')])), 'c:6')
  assert.equal(await replace(), 'c: d:')
})

test('many groups are compared in turns', async () => {
  const { clock } = virtualEnv()
  const hurried = new HurriedClock(clock)
  const many = Array.from({ length: 10_000 }, (_, i) => group(String(i), String(i)))
  const changed = new GroupChanges().mergeInTurns(hurried, many)
  await clock.advance(10_000)
  assert.equal((await changed).length, 10_000)
  assert.ok(hurried.restCount > 3, `${hurried.restCount} rests`)
})
