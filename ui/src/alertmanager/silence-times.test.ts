import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GettableSilence } from '../../../src/api/types/alertmanager.ts'
import { silenceTiming } from './silence-times.ts'

test('what is ahead of a silence, or behind it', () => {
  const now = Date.UTC(2026, 0, 1, 12)
  const timing = (state: GettableSilence['status']['state'], startsIn: number, endsIn: number) =>
    silenceTiming(
      {
        id: 'a',
        status: { state },
        updatedAt: '',
        comment: '',
        createdBy: '',
        matchers: [],
        startsAt: new Date(now + startsIn).toISOString(),
        endsAt: new Date(now + endsIn).toISOString(),
      },
      now,
    )
  assert.equal(timing('active', -1000, 4_800_000), 'ends in 1h 20m')
  assert.equal(timing('pending', 250_000, 4_800_000), 'begins in 4m 10s')
  assert.equal(timing('expired', -9e8, -266_400_000), 'ended 3d 2h ago')
  // Before the next answer says that it is over.
  assert.equal(timing('active', -1000, -500), 'ends in 0.0s')
})
