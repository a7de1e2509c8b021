import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breather } from '../../base/breather.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import type { Exemplar } from '../../model/exemplar.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { ExemplarStatus } from '../../storage/appender.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { SlabPool } from '../window/slab-pool.ts'
import { ExemplarRing } from './exemplar-ring.ts'

const { clock } = virtualEnv()
const { budget } = unlimitedContext()

const seriesLabels = (i: number) => Labels.of({ __name__: `m${i}`, text: 'ü'.repeat(i % 30) })
const exemplarAt = (timestamp: number, value = 1, id = 'a'): Exemplar => ({
  labels: Labels.of({ id }),
  value,
  timestamp,
  hasTimestamp: true,
})

/** What there is, as `series: time time …`. */
async function dump(ring: ExemplarRing, matcherSets: Matcher[][] = [[]]): Promise<string[]> {
  const found = await ring.select({ minTime: -Infinity, maxTime: Infinity, matcherSets }, budget, new Breather(clock))
  return found.map(({ labels, exemplars }) => `${labels.get('__name__')}: ${exemplars.map(({ timestamp }) => timestamp).join(' ')}`)
}

test('against a plain list: many series, refs that change, a ring that is resized', async (t) => {
  const seed = Math.floor(Math.random() * 1e9)
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random.next() * limit)
  const pool = new SlabPool()
  const ring = new ExemplarRing(pool)
  let max = 0
  let plain: [series: number, time: number][] = []
  let appended = 0
  for (let step = 0; step < 20_000; step++) {
    const series = below(step % 5000 < 2500 ? 10 : 2000)
    const ref = series + (below(10) === 0 ? 2 ** 32 * below(3) : 0)
    const status = ring.add(ref, () => seriesLabels(series), exemplarAt(step))
    assert.equal(status, max === 0 ? ExemplarStatus.disabled : ExemplarStatus.ok)
    if (status === ExemplarStatus.ok) {
      plain.push([series, step])
      appended++
    }
    plain = plain.slice(Math.max(0, plain.length - max))
    if (below(2000) === 0) {
      max = [0, 1, 7, 100, 1000, 3000][below(6)]
      ring.resize(max)
    }
    plain = plain.slice(Math.max(0, plain.length - max))
    assert.equal(ring.count, plain.length)
    if (step % 1000 !== 0) continue
    const want = new Map<number, number[]>()
    for (const [one, time] of plain) want.set(one, [...(want.get(one) ?? []), time])
    assert.deepEqual(
      (await dump(ring)).sort(),
      [...want].map(([one, times]) => `m${one}: ${times.join(' ')}`).sort(),
      `seed ${seed}, step ${step}`,
    )
    assert.equal(ring.seriesCount, want.size)
    assert.equal(ring.oldestTime, plain[0]?.[1])
  }
  assert.equal(ring.appended, appended)
  ring.resize(0)
  assert.deepEqual([ring.count, ring.seriesCount, ring.oldestTime], [0, 0, undefined])
})

test('what comes after the newest of a series, and what does not', () => {
  const { ok, duplicate, outOfOrder, labelsTooLong } = ExemplarStatus
  const ring = new ExemplarRing(new SlabPool())
  ring.resize(100)
  const add = (exemplar: Exemplar, want: ExemplarStatus) =>
    assert.equal(
      ring.add(1, () => seriesLabels(1), exemplar),
      want,
    )
  const withoutTime = (timestamp: number): Exemplar => ({ ...exemplarAt(timestamp), hasTimestamp: false })
  add(exemplarAt(10, 1, 'b'), ok)
  add(exemplarAt(10, 1, 'b'), duplicate)
  add(exemplarAt(9, 5, 'b'), outOfOrder)
  // Of one time: values rise, and of one value labels.
  add(exemplarAt(10, 0.5, 'c'), outOfOrder)
  add(exemplarAt(10, 1, 'a'), outOfOrder)
  add(exemplarAt(10, 1, 'c'), ok)
  add(exemplarAt(10, 2, 'a'), ok)
  // One that was given no time is the same later on.
  add(withoutTime(20), ok)
  add(withoutTime(30), duplicate)
  add({ ...exemplarAt(31), labels: Labels.of({ id: '\u{1f600}'.repeat(126) }) }, ok)
  add({ ...exemplarAt(32), labels: Labels.of({ id: '\u{1f600}'.repeat(127) }) }, labelsTooLong)
  assert.equal(ring.outOfOrder, 3)
  assert.equal(ring.count, 5)
})

test('series are found by any of the matcher sets', async () => {
  const ring = new ExemplarRing(new SlabPool())
  ring.resize(10)
  for (let i = 0; i < 5; i++) ring.add(i, () => seriesLabels(i), exemplarAt(i))
  const named = (name: string) => new Matcher('=', '__name__', name)
  assert.deepEqual(await dump(ring, [[named('m3')], [named('m1'), new Matcher('!=', 'text', '')]]), ['m1: 1', 'm3: 3'])
  assert.deepEqual(await dump(ring, [[named('m1'), named('m2')]]), [])
})
