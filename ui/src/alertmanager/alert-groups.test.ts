import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GettableAlert } from '../../../src/api/types/alertmanager.ts'
import { decodeShown, encodeShown, ownLabels, reasonsOf } from './alert-groups.ts'

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

test('an alert has a reason for each that suppresses it', () => {
  assert.deepEqual(reasonsOf(alert('loud')), [])
  assert.deepEqual(reasonsOf(alert('both', { silencedBy: ['id'], inhibitedBy: ['fp'] })), ['silenced', 'inhibited'])
  assert.deepEqual(reasonsOf(alert('muted', { mutedBy: ['weekends'] })), ['muted'])
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
