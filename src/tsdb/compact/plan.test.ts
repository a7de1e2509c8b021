import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BlockMeta } from '../block/block-meta.ts'
import { compactedMeta, cutTimeOf } from './compaction-meta.ts'
import { blockRanges, defaultMaxBlockMs, planCompaction } from './plan.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

/** A block from `from` to `to`, called by its times. */
function block(
  from: number,
  to: number,
  other: { tombstones?: number; failed?: boolean; hints?: readonly string[]; level?: number } = {},
): BlockMeta {
  const { tombstones = 0, failed = false, hints = [], level = 1 } = other
  const ulid = `${from}-${to}`
  return {
    ulid,
    minTime: from,
    maxTime: to,
    stats: { numSamples: 10, numFloatSamples: 10, numHistogramSamples: 0, numSeries: 10, numChunks: 10, numTombstones: tombstones },
    compaction: { level, sources: [ulid], parents: [], deletable: false, failed, hints },
    others: {},
  }
}

test('ranges grow by three, up to a tenth of the retention or 31 days', () => {
  const check = (retentionDays: number, wantHours: readonly number[]) =>
    assert.deepEqual(
      blockRanges(2 * HOUR, defaultMaxBlockMs(retentionDays * DAY)).map((ms) => ms / HOUR),
      wantHours,
    )
  check(15, [2, 6, 18])
  check(1, [2])
  check(100, [2, 6, 18, 54, 162])
  check(1000, [2, 6, 18, 54, 162, 486])
  check(0, [2, 6, 18, 54, 162, 486])
  assert.deepEqual(blockRanges(HOUR, 1), [HOUR], 'the first is always there')
  assert.equal(blockRanges(1, 1e9).length, 10)
})

test('what is compacted next', () => {
  const ranges = [20, 60, 180, 540]
  const check = (blocks: readonly BlockMeta[], want: string | undefined) => {
    const plan = planCompaction(blocks, ranges, ({ compaction }) => compaction.failed)
    assert.equal(plan && `${plan.reason}: ${plan.blocks.map(({ ulid }) => ulid).join(' ')}`, want)
  }
  const row = (from: number, to: number, step = 20) =>
    Array.from({ length: (to - from) / step }, (_, i) => block(from + i * step, from + (i + 1) * step))
  check([], undefined)
  check(row(0, 20), undefined)
  check(row(0, 60), undefined)
  check(row(0, 80), 'level: 0-20 20-40 40-60')
  check(row(0, 80).reverse(), 'level: 0-20 20-40 40-60')
  // A stretch that is not full waits until a newer block lies beyond it, not counting the newest.
  check([...row(0, 40), block(60, 80)], undefined)
  check([...row(0, 40), block(60, 80), block(80, 100)], 'level: 0-20 20-40')
  check([block(0, 20), block(40, 60), block(60, 80)], 'level: 0-20 40-60')
  // The smaller range goes before the larger.
  check([...row(0, 180, 60), ...row(180, 260)], 'level: 180-200 200-220 220-240')
  check([...row(0, 180, 60), block(180, 240), block(240, 260)], 'level: 0-60 60-120 120-180')
  // A block that reaches over an end of its stretch is no part of it.
  check([block(0, 20), block(20, 70), block(70, 80), block(80, 100), block(120, 140)], undefined)
  check([block(0, 20), block(20, 70), block(70, 80), block(80, 100), block(120, 140), block(140, 160)], 'level: 70-80 80-100')
  check([block(-60, -40), block(-40, -20), block(-20, 0), block(0, 20)], 'level: -60--40 -40--20 -20-0')
  // Overlaps go first, those of the newest block too, and only those that hang together.
  check([...row(0, 80), block(70, 90)], 'overlap: 60-80 70-90')
  check([block(0, 20), block(19, 40), block(30, 50), block(60, 80), block(70, 90)], 'overlap: 0-20 19-40 30-50')
  check([block(0, 100), block(10, 20), block(50, 60), block(100, 120)], 'overlap: 0-100 10-20 50-60')
  // What failed holds up its own stretch only.
  check([block(0, 20, { failed: true }), ...row(20, 140)], 'level: 60-80 80-100 100-120')
  check([block(0, 100), block(10, 20, { failed: true }), block(100, 120)], undefined)
  check([block(0, 100), block(10, 20, { failed: true }), block(50, 60), block(100, 120)], 'overlap: 0-100 50-60')
  // Of series that ended, blocks overlap others and are left apart from them.
  const stale = { hints: ['from-stale-series'] }
  check([block(0, 20), block(0, 20, stale), block(20, 40)], undefined)
  check([block(0, 20, stale), block(10, 30, stale), block(20, 40)], 'overlap: 0-20 10-30')
  // Deleted samples: one in twenty series of a large block, or all of a small one.
  check([block(0, 180), block(180, 360, { tombstones: 1 }), block(360, 380)], 'tombstones: 180-360')
  check([block(0, 180), block(180, 360, { tombstones: 1, failed: true }), block(360, 380)], undefined)
  check([block(0, 180, { tombstones: 1 }), block(180, 200, { tombstones: 9 }), block(200, 220)], undefined)
  check([block(0, 180), block(180, 200, { tombstones: 10 }), block(200, 220)], 'tombstones: 180-200')
  check([block(0, 180), block(180, 200, { tombstones: 10 })], undefined)
})

test('one range alone: nothing but overlaps and deletions', () => {
  const row = Array.from({ length: 20 }, (_, i) => block(i * 20, (i + 1) * 20))
  assert.equal(
    planCompaction(row, [20], () => false),
    undefined,
  )
  assert.equal(planCompaction([...row, block(5, 25)], [20], () => false)?.reason, 'overlap')
})

test('what becomes of what blocks were made of', () => {
  const made = compactedMeta([
    block(0, 20, { level: 2, hints: ['from-window'] }),
    block(20, 40, { hints: ['from-window', 'from-out-of-order'] }),
  ])
  assert.deepEqual(made, {
    range: { minTime: 0, maxTime: 40 },
    compaction: {
      level: 3,
      sources: ['0-20', '20-40'],
      parents: [
        { ulid: '0-20', minTime: 0, maxTime: 20 },
        { ulid: '20-40', minTime: 20, maxTime: 40 },
      ],
      deletable: false,
      failed: false,
      hints: ['from-window'],
    },
  })
  const hints = (...blocks: readonly BlockMeta[]) => compactedMeta(blocks).compaction.hints
  assert.deepEqual(hints(block(0, 20), block(20, 40)), [])
  assert.deepEqual(hints(block(0, 20, { hints: ['from-out-of-order'] }), block(5, 20, { hints: ['from-out-of-order'] })), [
    'from-out-of-order',
  ])
  assert.deepEqual(hints(block(0, 20, { hints: ['from-stale-series'] }), block(5, 20, { hints: ['from-stale-series'] })), [
    'from-stale-series',
  ])
})

test('what the log need not bring back is what came from windows, whatever it was put together with', () => {
  const fromWindow = block(0, 20, { hints: ['from-window'] })
  const foreign = block(10, 90)
  assert.deepEqual([fromWindow, foreign].map(cutTimeOf), [20, Number.NEGATIVE_INFINITY])
  const asBlock = (...parents: readonly BlockMeta[]): BlockMeta => {
    const { range, compaction } = compactedMeta(parents)
    return { ...parents[0], ...range, compaction }
  }
  const mixed = asBlock(fromWindow, foreign)
  assert.equal(mixed.maxTime, 90)
  assert.equal(cutTimeOf(mixed), 20)
  assert.equal(cutTimeOf(asBlock(mixed, block(100, 120))), 20, 'it is handed on again')
  assert.equal(cutTimeOf(asBlock(mixed, block(20, 40, { hints: ['from-window'] }))), 40)
  assert.equal(cutTimeOf(asBlock(foreign, block(100, 120))), Number.NEGATIVE_INFINITY)
  assert.equal(
    cutTimeOf(block(0, 20, { hints: ['from-window-until-', 'from-window-until-1e9', 'from-window-until-x'] })),
    Number.NEGATIVE_INFINITY,
  )
})
