import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyNotify } from './dedup.ts'
import type { NotifyReason } from './notification.ts'

// Source of the cases: Alertmanager notify/notify_test.go, TestDedupStageNeedsUpdate.
test('a receiver is told of what it was not told of', () => {
  const check = (
    previous: { firing: readonly bigint[]; resolved?: readonly bigint[]; time?: bigint } | undefined,
    now: { firing?: readonly bigint[]; resolved?: readonly bigint[]; sendResolved?: boolean },
    want: NotifyReason,
  ) => {
    const entry = previous && {
      groupKey: '',
      receiver: { name: '', integration: '', index: 0 },
      receiverData: [],
      idempotencyKey: '',
      sender: '',
      earlier: [],
      resolved: [],
      time: 100n,
      ...previous,
    }
    assert.equal(whyNotify(entry, { firing: [], resolved: [], sendResolved: true, toldBefore: 100n, ...now }), want)
  }
  check(undefined, { firing: [2n, 3n, 4n] }, 'first notification')
  check(undefined, { resolved: [2n] }, 'none')
  check({ firing: [1n, 2n, 3n] }, { firing: [2n, 3n, 4n] }, 'new alerts added')
  check({ firing: [], resolved: [1n] }, { firing: [1n] }, 'first notification')
  check({ firing: [1n, 2n, 3n] }, { firing: [1n, 2n] }, 'none')
  check({ firing: [1n], time: 99n }, { firing: [1n] }, 'repeat interval elapsed')
  check({ firing: [1n], time: 101n }, { firing: [1n] }, 'none')
  check({ firing: [1n, 2n] }, { resolved: [1n, 2n] }, 'all alerts resolved')
  check({ firing: [1n, 2n] }, { resolved: [1n, 2n], sendResolved: false }, 'all alerts resolved')
  check({ firing: [], resolved: [1n] }, { resolved: [1n, 2n] }, 'none')
  check({ firing: [1n, 2n] }, { firing: [1n], resolved: [2n] }, 'some alerts resolved')
  check({ firing: [1n, 2n] }, { firing: [1n], resolved: [2n], sendResolved: false }, 'none')
  check({ firing: [1n, 2n], resolved: [3n] }, { firing: [1n, 2n], resolved: [3n] }, 'none')
})
