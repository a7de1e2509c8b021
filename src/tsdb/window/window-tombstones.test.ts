import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Breather } from '../../base/breather.ts'
import { realClock } from '../../base/real/clock.ts'
import { Labels } from '../../model/labels.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { isAllDeleted, isDeletedAt, isPartDeleted } from '../block/tombstones.ts'
import { SlabPool } from './slab-pool.ts'
import { Window } from './window.ts'
import { selectFromWindows } from './window-reader.ts'
import { WindowTombstones } from './window-tombstones.ts'

test('intervals that touch are one, and a sample that comes later is taken out of them', () => {
  const tombstones = new WindowTombstones()
  assert.ok(tombstones.isEmpty)
  tombstones.add(3, 10, 20)
  tombstones.add(3, 21, 30)
  tombstones.add(3, 50, 60)
  tombstones.add(4, 5, 5)
  const check = (want: readonly (readonly [number, number])[] | undefined) =>
    assert.deepEqual(
      tombstones.of(3),
      want?.map(([minTime, maxTime]) => ({ minTime, maxTime })),
    )
  check([
    [10, 30],
    [50, 60],
  ])
  for (const t of [9, 10, 20, 40, 60]) tombstones.keep(3, t)
  check([
    [11, 19],
    [21, 30],
    [50, 59],
  ])
  tombstones.keep(4, 5)
  tombstones.keep(5, 5)
  assert.equal(tombstones.of(4), undefined)

  const copy = new WindowTombstones(structuredClone(tombstones.state()))
  assert.deepEqual(copy.of(3), tombstones.of(3))
  assert.equal(tombstones.state(copy.state()).intervals, undefined, 'who has them is not sent them again')
  copy.refresh(tombstones.state(copy.state()))
  assert.deepEqual(copy.of(3), tombstones.of(3))
  tombstones.add(7, 1, 2)
  copy.refresh(tombstones.state(copy.state()))
  assert.deepEqual(copy.of(7), [{ minTime: 1, maxTime: 2 }])
})

test('whatever is deleted and kept, what is deleted at a time is known', () => {
  const times = fc.integer({ min: 0, max: 40 })
  const act = fc.record({
    series: fc.integer({ min: 0, max: 2 }),
    isKept: fc.boolean(),
    from: times,
    length: fc.integer({ min: 0, max: 12 }),
  })
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const tombstones = new WindowTombstones()
      const plain = [0, 1, 2].map(() => new Set<number>())
      for (const { series, isKept, from, length } of acts) {
        if (isKept) {
          tombstones.keep(series, from)
          plain[series].delete(from)
        } else {
          tombstones.add(series, from, from + length)
          for (let t = from; t <= from + length; t++) plain[series].add(t)
        }
      }
      const copy = new WindowTombstones(tombstones.state())
      for (const [series, deleted] of plain.entries()) {
        assert.equal(tombstones.of(series) === undefined, deleted.size === 0)
        const intervals = tombstones.of(series) ?? []
        assert.deepEqual(copy.of(series) ?? [], intervals)
        for (let i = 1; i < intervals.length; i++) assert.ok(intervals[i].minTime > intervals[i - 1].maxTime + 1)
        for (let t = -1; t < 55; t++) assert.equal(isDeletedAt(intervals, t), deleted.has(t))
        for (let from = -1; from < 55; from += 5) {
          const within = Array.from({ length: 6 }, (_, i) => deleted.has(from + i))
          assert.equal(isAllDeleted(intervals, from, from + 5), within.every(Boolean))
          assert.equal(isPartDeleted(intervals, from, from + 5), within.some(Boolean))
        }
      }
    }),
  )
})

test('a window of another thread and one that comes back leave out what was deleted, also what was deleted later', async () => {
  const window = new Window(new SlabPool(), 1, 0, 1e9)
  const [a, b] = ['a', 'b'].map((name) => window.add(Labels.of({ __name__: name })))
  for (let t = 0; t < 300; t++) for (const series of [a, b]) window.append(series, t, t)
  window.tombstones.add(a, 0, 150)
  const first = structuredClone(window.state())
  const reader = Window.reader(first, async () => {})
  const counts = async (of: Window) => {
    const found: Record<string, number> = {}
    const everything = { minTime: 0, maxTime: 1e9, matchers: [] }
    for await (const batch of selectFromWindows([of], everything, unlimitedContext(), new Breather(realClock)))
      for (const { labels, chunks } of batch) found[labels.toString()] = chunks.reduce((sum, { sampleCount }) => sum + sampleCount, 0)
    return found
  }
  assert.deepEqual(await counts(reader), { a: 149, b: 300 })
  window.tombstones.add(b, 0, 299)
  reader.refresh(window.state(first))
  assert.deepEqual(await counts(reader), { a: 149 })
  assert.deepEqual(await counts(Window.restore(new SlabPool(), window.state())), { a: 149 })
})
