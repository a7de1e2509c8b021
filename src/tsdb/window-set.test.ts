import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breather } from '../base/breather.ts'
import { VirtualClock } from '../base/virtual/clock.ts'
import { Labels } from '../model/labels.ts'
import { AppendStatus } from '../storage/appender.ts'
import { BatchPool } from './sample-batch.ts'
import { WindowSet } from './window-set.ts'

const RANGE = 7_200_000
const SERIES = 100_000
const labelsOf = (i: number) => Labels.of({ __name__: 'm', i: String(i) })

/** Series that have ended in the first window; one goes on in the third. */
function ended(): WindowSet {
  const windows = new WindowSet(RANGE, new BatchPool())
  for (let i = 0; i < SERIES; i++) assert.equal(apply(windows, i, 1000, i), AppendStatus.ok)
  assert.equal(apply(windows, 0, 2 * RANGE + 1000, 1), AppendStatus.ok)
  return windows
}

function apply(windows: WindowSet, i: number, t: number, v: number): AppendStatus {
  return windows.apply(windows.slots.slotOf(windows.series(labelsOf(i), t)), t, v, 0)
}

test('series that have ended are let go a part at a time, after each commit and before a window becomes a block', async () => {
  const windows = ended()
  windows.closeSome()
  const some = windows.seriesRemoved
  assert.ok(some > 0 && some < SERIES / 2, `${some} at once`)
  // A clock that goes on with every look at it: each turn is over at once.
  const clock = new VirtualClock(0)
  clock.monotonic = () => clock.now() + 10
  const breather = new Breather(clock)
  let turns = 0
  breather.isDue = () => true
  breather.rest = async () => {
    turns++
    // Meanwhile a series goes on, and another one comes again.
    if (turns === 1) for (const i of [SERIES - 1, 5]) assert.equal(apply(windows, i, 2 * RANGE + 2000, 2), AppendStatus.ok)
  }
  const window = await windows.nextClosed(breather)
  assert.equal(window?.start, 0)
  assert.equal(window.slotCount, 0)
  assert.ok(turns >= 2, `${turns} turns`)
  assert.equal(windows.seriesRemoved, SERIES - 2)
  assert.equal(windows.slots.used, 3)
  windows.remove(window)
  assert.equal(await windows.nextClosed(breather), undefined)
})

test('a window is not closed while a batch has a sample of one of its series, and the series is let go then', async () => {
  const batches = new BatchPool()
  const windows = new WindowSet(RANGE, batches)
  for (let i = 0; i < 10; i++) apply(windows, i, 1000, i)
  const batch = batches.take(2 * RANGE)
  batch.push(windows.slots.slotOf(windows.series(labelsOf(3), 2 * RANGE)), 2 * RANGE, 1)
  apply(windows, 0, 2 * RANGE + 1000, 1)
  const breather = new Breather(new VirtualClock(0))
  assert.equal(await windows.nextClosed(breather), undefined)
  assert.equal(windows.seriesRemoved, 8)
  batches.giveBack(batch)
  assert.equal((await windows.nextClosed(breather))?.start, 0)
  assert.equal(windows.seriesRemoved, 9)
})
