import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { estimateRead } from './estimate-read.ts'
import { SlabPool } from './window/slab-pool.ts'
import { Window } from './window/window.ts'

const END = 7_200_000

/** 1,000 series of 10 samples: `m` of 100 instances and 10 paths. */
function windowOf(): Window {
  const window = new Window(new SlabPool(), 1, 0, END)
  for (let s = 0; s < 1000; s++) {
    const series = window.add(
      Labels.of({
        __name__: 'm',
        instance: String(s % 100),
        path: String(Math.floor(s / 100)),
        one: s === 7 ? 'yes' : 'no',
        fifth: String(s % 5),
      }),
    )
    for (let k = 0; k < 10; k++) window.append(series, k * 60_000, k)
  }
  return window
}

const found = (labels: Record<string, string>) =>
  estimateRead([windowOf()], [], {
    matchers: Object.entries(labels).map(([name, value]) => new Matcher('=', name, value)),
    minTime: 0,
    maxTime: END,
  })

test('of few series those that have all pairs are counted', () => {
  assert.deepEqual(found({ __name__: 'm', instance: '3', path: '2' }), { seriesCount: 1, sampleCount: 10, blockCount: 0 })
  assert.deepEqual(found({ instance: '3', one: 'yes' }), { seriesCount: 0, sampleCount: 0, blockCount: 0 })
  assert.deepEqual(found({ instance: '7', one: 'yes', path: '0' }), { seriesCount: 1, sampleCount: 10, blockCount: 0 })
})

test('of some hundred series some are looked at', () => {
  for (const fifth of ['0', '1', '2', '3', '4']) {
    const { seriesCount, sampleCount } = found({ path: '2', fifth })
    assert.ok(seriesCount >= 10 && seriesCount <= 40, `${seriesCount} of 20`)
    assert.ok(Math.abs(sampleCount - 10 * seriesCount) < 1e-6)
  }
  // None of them has both; of some hundred that is not sure.
  const { seriesCount } = found({ path: '2', instance: '3', fifth: '1' })
  assert.equal(seriesCount, 0)
})

test('of many series, and of a pair that is not there, the rarest pair says how many', () => {
  assert.deepEqual(found({ __name__: 'm', one: 'no' }), { seriesCount: 999, sampleCount: 9990, blockCount: 0 })
  assert.deepEqual(found({ __name__: 'm', one: 'perhaps' }), { seriesCount: 0, sampleCount: 0, blockCount: 0 })
})
