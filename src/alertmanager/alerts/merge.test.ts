import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Alert } from '../../model/alert.ts'
import { Labels } from '../../model/labels.ts'
import { afterNews, mergeAlerts } from './merge.ts'

const NOW = 1_000_000
const MINUTE = 60_000

/** Times in minutes from now. */
function alert(starts: number, ends: number, updated: number, hasTimeout = false): Alert {
  return {
    labels: Labels.of({ foo: 'bar' }),
    annotations: Labels.empty,
    startsAt: NOW + starts * MINUTE,
    endsAt: NOW + ends * MINUTE,
    generatorUrl: '',
    updatedAt: NOW + updated * MINUTE,
    hasTimeout,
  }
}

// Source of the cases: Alertmanager types/types_test.go, TestAlertMerge.
test('the younger story goes before the older one', () => {
  const check = (a: Alert, b: Alert, starts: number, ends: number) => {
    for (const merged of [mergeAlerts(a, b, NOW), mergeAlerts(b, a, NOW)]) {
      assert.deepEqual([(merged.startsAt - NOW) / MINUTE, (merged.endsAt - NOW) / MINUTE], [starts, ends])
    }
  }
  // Both firing with a timeout: the younger one's end.
  check(alert(-1, 2, 0, true), alert(-1, 3, 1, true), -1, 3)
  // An end that was told, and is later, goes before a timeout.
  check(alert(-1, 3, 0), alert(-1, 2, 1, true), -1, 3)
  check(alert(-1, 3, 0, true), alert(-1, 2, 1), -1, 2)
  // Resolved now: it is over when it says so.
  check(alert(-3, 5, -1), alert(-3, 0, 0), -3, 0)
  // Both resolved: the later end, the earlier start.
  check(alert(-3, -1, -1), alert(-4, -2, 0), -4, -1)
})

test('news of another time replace what was known', () => {
  const known = alert(-10, -5, -5)
  assert.equal(afterNews(known, alert(-1, 5, 0), NOW).startsAt, NOW - MINUTE)
  const running = alert(-10, 5, -5)
  assert.equal(afterNews(running, alert(-1, 6, 0), NOW).startsAt, NOW - 10 * MINUTE)
})
