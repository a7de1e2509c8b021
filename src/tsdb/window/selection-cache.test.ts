import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breather } from '../../base/breather.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import { SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher, type MatchOperator } from '../../model/matcher.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import type { SelectRequest } from '../../storage/series-source.ts'
import { SelectionCache, selectionKey } from './selection-cache.ts'
import { SlabPool } from './slab-pool.ts'
import { Window } from './window.ts'
import { selectFromWindows } from './window-reader.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)
const RANGE = 7_200_000
const { clock } = virtualEnv()

/** The series that are found and their samples, as text. Labels by which nobody asked may be there or not. */
async function read(windows: readonly Window[], request: SelectRequest, cache?: SelectionCache): Promise<string[]> {
  const { minTime, maxTime, hints } = request
  const lines: string[] = []
  for await (const batch of selectFromWindows(windows, request, unlimitedContext(), new Breather(clock), cache)) {
    for (const { labels, chunks } of batch) {
      const columns = new SampleColumns()
      for (const chunk of chunks) decodeChunk(chunk, minTime, maxTime, columns)
      const from = hints?.newestOnly === true ? Math.max(columns.length - 1, 0) : 0
      const samples = [...columns.timestamps.subarray(from, columns.length)].map((t, i) => `${t}=${columns.values[from + i]}`)
      if (samples.length > 0 || hints?.func === 'series')
        lines.push(`${hints?.labelNames ? labels.only(hints.labelNames) : labels} ${samples}`)
    }
  }
  return hints?.anyOrder === true ? lines.sort() : lines
}

const NAMES = ['__name__', 'group', 'pod', 'side']

test('what is selected with a cache is what is selected without one, while series and samples come and go', async () => {
  const random = seededRandom(SEED)
  const below = (limit: number) => Math.floor(random.next() * limit)
  const pool = new SlabPool()
  const windows = [new Window(pool, 1, 0, RANGE), new Window(pool, 2, RANGE, 2 * RANGE)]
  const cache = new SelectionCache(64 * 1024)
  const times = new Map<string, number>()
  const anyLabels = () =>
    Labels.of({ __name__: `m${below(2)}`, group: `${below(4)}`, pod: `${below(40)}`, ...(below(3) === 0 && { side: 'l' }) })
  const grow = () => {
    for (let i = below(60); i > 0; i--) {
      const labels = anyLabels()
      const window = windows[below(4) === 0 ? 1 : 0]
      const series = window.add(labels)
      // Some have no samples yet.
      if (below(8) === 0) continue
      const key = `${window.ordinal} ${labels}`
      const t = (times.get(key) ?? window.start) + 1 + below(100_000)
      if (t >= window.end) continue
      times.set(key, t)
      window.append(series, t, below(1000))
    }
  }
  const matchers: readonly (readonly [MatchOperator, string, string])[] = [
    ['=', 'group', '2'],
    ['!=', 'group', '1'],
    ['=~', 'pod', '1.*'],
    ['!~', 'pod', '.*3'],
    ['=', 'side', ''],
    ['=~', 'side', 'l|r'],
  ]
  let hits = 0
  for (let round = 0; round < 200; round++) {
    if (below(3) > 0) grow()
    if (below(40) === 0) windows[below(2)].tombstones.add(below(10), 0, below(2 * RANGE))
    const minTime = below(2 * RANGE)
    const hints = {
      ...(below(3) === 0 && { newestOnly: true }),
      ...(below(4) === 0 && { func: 'series' }),
      ...(below(2) === 0 && { labelNames: NAMES.filter(() => below(2) === 0), anyOrder: below(2) === 0 }),
    }
    const [from, to] = [anyLabels().pairs, below(2) === 0 ? anyLabels().pairs : undefined]
    const request: SelectRequest = {
      minTime: below(2) === 0 ? 0 : minTime,
      maxTime: minTime + below(RANGE),
      matchers: [new Matcher('=', '__name__', 'm1'), ...(below(2) === 0 ? [new Matcher(...matchers[below(matchers.length)])] : [])],
      hints,
      labelRange: below(4) === 0 ? { from, to } : undefined,
    }
    const some = below(3) === 0 ? [windows[below(2)]] : windows
    const want = await read(some, request)
    assert.deepEqual(await read(some, request, cache), want, `round ${round}, seed ${SEED}`)
    if (cache.find(selectionKey(some, request), some) !== undefined) hits++
    assert.deepEqual(await read(some, request, cache), want, `round ${round} again, seed ${SEED}`)
    assert.ok(cache.bytes <= 64 * 1024)
  }
  assert.ok(hits > 50, `${hits} selections were kept`)
})

test('a selection is kept until a series comes that belongs to it, or one of its windows has gone', async () => {
  const window = new Window(new SlabPool(), 7, 0, RANGE)
  const add = (name: string, pod: number) => window.append(window.add(Labels.of({ __name__: name, pod: `${pod}` })), 1000, pod)
  for (let pod = 0; pod < 10; pod++) add('m', pod)
  const cache = new SelectionCache(100_000)
  const request = { minTime: 0, maxTime: RANGE, matchers: [new Matcher('=', '__name__', 'm')] }
  const key = selectionKey([window], request)
  const isKnown = () => cache.find(key, [window]) !== undefined
  assert.ok(!isKnown())
  await read([window], request, cache)
  assert.ok(isKnown())
  const { bytes } = cache
  assert.ok(bytes > 0)

  add('other', 1)
  assert.ok(isKnown())
  add('m', 10)
  assert.ok(!isKnown())
  assert.equal(cache.bytes, 0)
  assert.equal((await read([window], request, cache)).length, 11)
  assert.ok(isKnown())

  cache.keepWindows([7, 8])
  assert.ok(isKnown())
  cache.keepWindows([8])
  assert.ok(!isKnown())
  assert.equal(cache.bytes, 0)
})

test('what was asked for longest is forgotten, and what is too much is not kept', async () => {
  const window = new Window(new SlabPool(), 1, 0, RANGE)
  for (let pod = 0; pod < 100; pod++) window.append(window.add(Labels.of({ __name__: 'm', pod: `${pod}` })), 1000, pod)
  const asks = (names: readonly string[]) => ({
    minTime: 0,
    maxTime: RANGE,
    matchers: [new Matcher('=', '__name__', 'm')],
    hints: { labelNames: names },
  })
  const cache = new SelectionCache(9999)
  const isKnown = (names: readonly string[]) => cache.find(selectionKey([window], asks(names)), [window]) !== undefined
  for (const name of ['a', 'b', 'c']) await read([window], asks([name]), cache)
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => isKnown([name])),
    [true, true, true],
  )
  // Asked for now, as `b` and `c` were before it.
  assert.ok(isKnown(['a']))
  await read([window], asks(['d']), cache)
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => isKnown([name])),
    [true, false, true, true],
  )
  await read([window], asks(['pod']), cache)
  assert.ok(!isKnown(['pod']))
  assert.ok(cache.bytes <= 9999)
})

test('what finds nothing takes room as well', async () => {
  const window = new Window(new SlabPool(), 1, 0, RANGE)
  window.append(window.add(Labels.of({ __name__: 'm' })), 1000, 1)
  const cache = new SelectionCache(50_000)
  const asks = (name: string) => ({ minTime: 0, maxTime: RANGE, matchers: [new Matcher('=', '__name__', name)] })
  const isKnown = (name: string) => cache.find(selectionKey([window], asks(name)), [window]) !== undefined
  for (let i = 0; i < 500; i++) await read([window], asks(`none_${i}`), cache)
  assert.ok(isKnown('none_499'))
  assert.ok(!isKnown('none_0'))
  assert.ok(cache.bytes <= 50_000)
})
