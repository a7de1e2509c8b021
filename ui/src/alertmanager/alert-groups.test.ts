import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlertGroupJson, GettableAlert } from '../../../src/api/types/alertmanager.ts'
import { countAlerts, decodeShown, encodeShown, ownLabels, reasonsOf, shownGroups } from './alert-groups.ts'

const alert = (fingerprint: string, by: Partial<GettableAlert['status']> = {}): GettableAlert => ({
  fingerprint,
  annotations: {},
  labels: { alertname: fingerprint },
  startsAt: '2026-01-01T00:00:00.000Z',
  endsAt: '2026-01-01T01:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  receivers: [{ name: 'team' }],
  status: { state: 'active', silencedBy: [], inhibitedBy: [], mutedBy: [], ...by },
})

const group = (name: string, ...alerts: GettableAlert[]): AlertGroupJson => ({ labels: { name }, receiver: { name: 'team' }, alerts })

const loud = alert('loud')
const silenced = alert('silenced', { silencedBy: ['id'] })
const both = alert('both', { silencedBy: ['id'], inhibitedBy: ['fp'] })
const muted = alert('muted', { mutedBy: ['weekends'] })
const groups = [group('a', loud, silenced), group('b', both, muted), group('c', loud)]

const names = (search: Record<string, string>) =>
  shownGroups(groups, decodeShown(search)).map(({ labels, alerts }) =>
    [labels['name'], ...alerts.map(({ fingerprint }) => fingerprint)].join(' '),
  )

test('what is suppressed is hidden until it is asked for', () => {
  assert.deepEqual(names({}), ['a loud', 'c loud'])
  assert.deepEqual(names({ silenced: 'true' }), ['a loud silenced', 'c loud'])
  assert.deepEqual(names({ silenced: 'true', inhibited: 'true', active: 'false' }), ['a silenced', 'b both'])
  assert.deepEqual(names({ muted: 'true', active: 'false' }), ['b muted'])
})

test('an alert of two groups counts once', () => {
  assert.deepEqual(countAlerts(groups), { active: 1, silenced: 2, inhibited: 1, muted: 1 })
  assert.deepEqual(reasonsOf(both), ['silenced', 'inhibited'])
})

test('the address has what differs from the defaults', () => {
  assert.deepEqual(encodeShown(decodeShown({})), {})
  const search = { active: 'false', silenced: 'true', muted: 'true' }
  assert.deepEqual(encodeShown(decodeShown(search)), search)
})

test('labels that the group does not have come in order, the name first', () => {
  assert.deepEqual(Object.keys(ownLabels({ zone: 'a', alertname: 'x', env: 'b', job: 'c' }, { job: 'c', env: 'other' })), [
    'alertname',
    'env',
    'zone',
  ])
})
