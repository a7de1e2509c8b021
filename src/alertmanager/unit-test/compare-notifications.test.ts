import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../model/labels.ts'
import type { ExpectedNotification } from './alert-test-schema.ts'
import { compareNotifications, type SentNotification } from './compare-notifications.ts'

const sent = (changes: Partial<SentNotification> = {}): SentNotification => ({
  at: 30_000,
  receiver: 'team',
  integration: 'webhook',
  group: Labels.of({ alertname: 'A' }),
  firing: [Labels.of({ alertname: 'A', i: '1' }), Labels.of({ alertname: 'A', i: '2' })],
  resolved: [],
  texts: ['two of A'],
  problem: undefined,
  ...changes,
})

test('a notification is the expected one by all that the test says of it', () => {
  const check = (wanted: Partial<ExpectedNotification>, ...want: readonly string[]) =>
    assert.deepEqual(compareNotifications([{ at: 30_000, receiver: 'team', ...wanted }], [sent()]), want)
  check({})
  check({ group: { alertname: 'A' }, firing: [{ i: '2' }, { i: '1' }], resolved: [], text: ['two', 'of A'], integration: 'webhook' })
  // The one that asks for less takes what the other leaves.
  check({ firing: [{}, { i: '1' }] })
  check({ firing: [{ i: '1' }] }, 'at 30s to team: what came has firing {alertname="A", i="1"}, {alertname="A", i="2"}')
  check({ firing: [{ i: '1' }, { i: '1' }] }, 'at 30s to team: what came has firing {alertname="A", i="1"}, {alertname="A", i="2"}')
  check({ resolved: [{}] }, 'at 30s to team: what came has resolved none')
  check({ group: {} }, 'at 30s to team: what came is of group {alertname="A"}')
  check({ text: ['three'] }, 'at 30s to team: what came does not say "three", but "two of A"')
  check({ integration: 'slack' }, 'at 30s to team: what came went to webhook')
  const other = 'at 30s to team: group {alertname="A"} with firing {alertname="A", i="1"}, {alertname="A", i="2"} came and is not expected'
  check({ at: 31_000 }, 'at 31s to team: nothing came', other)
  check({ receiver: 'other' }, 'at 30s to other: nothing came', other)
})

test('entries of a receiver that are told at once are one notification, and what cannot be made is told', () => {
  const check = (wanted: Partial<ExpectedNotification>, all: readonly SentNotification[], ...want: readonly string[]) =>
    assert.deepEqual(compareNotifications([{ at: 30_000, receiver: 'team', ...wanted }], all), want)
  const over = [Labels.of({ i: '3' })]
  const two = [sent({ resolved: over }), sent({ integration: 'email', texts: [] })]
  check({ resolved: [{ i: '3' }] }, two)
  check({ integration: 'email', resolved: [] }, two)
  check({}, [sent({ problem: 'template: no such' })], 'at 30s to team (webhook): template: no such')
  assert.deepEqual(compareNotifications([], []), [])
})
