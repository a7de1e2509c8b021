import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SHARD_UPDATE_MS, ShardCount } from './shard-count.ts'

const BOUNDS = { minShards: 1, maxShards: 50 }
const SECONDS = SHARD_UPDATE_MS / 1000

/** The number of shards after some time of the same: per second, samples read, sent and dropped; seconds a sample. */
function settled(start: number, rates: { read: number; sent?: number; dropped?: number; perSample: number; behind?: number }): number {
  const shards = new ShardCount()
  let count = start
  for (let i = 0; i < 30; i++) {
    const sent = rates.sent ?? Math.min(rates.read, count / rates.perSample)
    shards.read.add(rates.read * SECONDS)
    shards.sent.add(sent * SECONDS)
    shards.dropped.add((rates.dropped ?? 0) * SECONDS)
    shards.seconds.add(sent * SECONDS * rates.perSample)
    count = shards.next(count, rates.behind ?? 0, BOUNDS).count
  }
  return count
}

test('shards are as many as sending takes, within the bounds', () => {
  assert.equal(settled(1, { read: 1000, perSample: 0.0001 }), 1)
  // 10,000 samples a second at a millisecond each are ten shards' work.
  const ten = settled(1, { read: 10_000, perSample: 0.001, behind: 60 })
  assert.ok(ten >= 10 && ten <= 50, `${ten} shards`)
  assert.equal(settled(1, { read: 1e6, perSample: 0.01, behind: 600 }), 50)
})

test('shards stay when nothing is sent, when the number is nearly right, and when it is far behind', () => {
  assert.equal(settled(7, { read: 1000, sent: 0, perSample: 0.001 }), 7)
  // 8 wanted of 10: within three tenths.
  assert.equal(settled(10, { read: 8000, sent: 8000, perSample: 0.001 }), 10)
  assert.equal(settled(20, { read: 2000, sent: 2000, perSample: 0.001, behind: 11 }), 20)
  assert.equal(settled(20, { read: 2000, sent: 2000, perSample: 0.001, behind: 1 }), 3)
})

test('what is dropped needs no shards', () => {
  assert.equal(settled(10, { read: 10_000, sent: 1000, dropped: 9000, perSample: 0.001 }), 1)
})
