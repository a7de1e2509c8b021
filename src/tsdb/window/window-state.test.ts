import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Breather } from '../../base/breather.ts'
import { realClock } from '../../base/real/clock.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import { ChunkEncoding } from '../../chunkenc/codec.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { AppendStatus } from '../../storage/appender.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { digest, digestHistogram } from '../histogram-digest.ts'
import { matchSeries } from './match.ts'
import { SlabPool } from './slab-pool.ts'
import { Window, type WindowState } from './window.ts'
import { selectFromWindows } from './window-reader.ts'
import { checkedCount, type FromReader, sampleValue, type ToReader, timeOf } from './window-state.fixture.ts'

const END = 1e9

/** A histogram whose buckets become more with time, so that open chunks are written again. */
function histogramOf(i: number): Histogram {
  const bucketCount = 1 + Math.floor((i % 500) / 30)
  return {
    isFloat: false,
    counterResetHint: CounterResetHint.unknown,
    schema: 3,
    zeroThreshold: 0,
    zeroCount: 0,
    count: bucketCount * (i + 1),
    sum: sampleValue(i),
    positiveSpans: Int32Array.of(-2, bucketCount),
    negativeSpans: new Int32Array(0),
    positiveBuckets: new Float64Array(bucketCount).fill(i + 1),
    negativeBuckets: NO_BUCKETS,
    customValues: NO_BUCKETS,
  }
}

/** Series of all kinds of chunks; sample `i` of each is at `timeOf(i)`. */
class Writer {
  readonly window: Window
  readonly counts: number[] = []

  constructor(window: Window) {
    this.window = window
  }

  addSeries(): void {
    const series = this.window.add(labelsOf(this.counts.length))
    assert.equal(series, this.counts.length)
    this.counts.push(0)
  }

  append(series: number): void {
    const i = this.counts[series]++
    const { window } = this
    let status: AppendStatus
    if (series % 50 === 7) {
      const histogram = histogramOf(i)
      digestHistogram(histogram)
      status = window.appendHistogram(series, timeOf(i), false, histogram, 0, digest.high, digest.low)
    } else status = window.append(series, timeOf(i), sampleValue(i), series % 10 === 3 && i % 200 > 100 ? 500 : 0)
    assert.equal(status, AppendStatus.ok)
  }
}

function labelsOf(series: number): Labels {
  return Labels.of({ __name__: `m${series % 3}`, group: String(series % 10), number: String(series) })
}

/** Samples of a series, by its chunks. */
function sampleCount(window: Window, series: number): number {
  let count = 0
  const chunk = (_minTime: number, _maxTime: number, samples: number) => {
    count += samples
  }
  assert.ok(window.visitChunks(series, 0, END, { chunk }))
  return count
}

const breather = () => new Breather(realClock)

test('a reader finds what was there when the state was taken, also while tables grow', async () => {
  const pool = new SlabPool()
  const window = new Window(pool, 1, 0, END)
  const writer = new Writer(window)
  for (let i = 0; i < 10; i++) writer.addSeries()
  for (let i = 0; i < 10; i++) writer.append(i)
  const reader = Window.reader(structuredClone(window.state()), async () => {})
  window.pins++
  // Twice as many as the first tables have room for.
  for (let i = 10; i < 60_000; i++) writer.addSeries()
  for (let i = 10; i < 60_000; i++) writer.append(i)
  const matched = async (...matchers: Matcher[]) => [...(await matchSeries(reader, matchers, 0, END, breather()))]
  assert.deepEqual(await matched(new Matcher('=~', 'group', '3|4')), [3, 4])
  assert.deepEqual(await matched(new Matcher('=', '__name__', 'm1'), new Matcher('!=', 'group', '4')), [1, 7])
  assert.deepEqual(await matched(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.deepEqual(await matched(new Matcher('=', 'number', '11')), [])
  assert.equal(reader.find(labelsOf(4)), 4)
  assert.equal(reader.find(labelsOf(12)), -1)
  assert.equal(reader.symbols.find('59999'), -1)
  assert.deepEqual([...reader.pairs.names()].map((name) => reader.symbols.text(name)).sort(), ['__name__', 'group', 'number'])
  assert.equal(reader.labels(9).toString(), labelsOf(9).toString())
  window.pins--
})

test('a reader gets only slabs that it does not have', () => {
  const window = new Window(new SlabPool(), 1, 0, END)
  const writer = new Writer(window)
  for (let i = 0; i < 5000; i++) writer.addSeries()
  for (let i = 0; i < 5000; i++) writer.append(i)
  const buffersIn = (state: WindowState) =>
    [state.cells, state.rows, state.lists, state.index, state.symbols.rows, state.symbols.text, state.symbols.index]
      .concat(state.pairs.rows, state.pairs.index)
      .reduce((sum, { buffers }) => sum + buffers.length, 0)
  const first = window.state()
  const reader = Window.reader(first, async () => {})
  assert.ok(buffersIn(first) > 15)
  const second = window.state(first)
  assert.equal(buffersIn(second), 0)
  reader.refresh(second)
  for (let i = 5000; i < 6500; i++) writer.addSeries()
  for (let i = 5000; i < 6500; i++) writer.append(i)
  const third = window.state(second)
  assert.ok(buffersIn(third) > 0 && buffersIn(third) < buffersIn(first))
  reader.refresh(third)
  for (let i = 0; i < 6500; i++) assert.equal(reader.labels(i).toString(), labelsOf(i).toString())
  assert.equal(reader.find(labelsOf(6499)), 6499)
})

test('chunks that went on in a slab of later are shown once the reader has caught up', () => {
  const window = new Window(new SlabPool(), 1, 0, END)
  const writer = new Writer(window)
  for (let i = 0; i < 60; i++) writer.addSeries()
  for (let round = 0; round < 10; round++) for (let i = 0; i < 60; i++) writer.append(i)
  const first = window.state()
  const reader = Window.reader(first, async () => {})
  window.pins++
  for (let round = 0; round < 2000; round++) for (let i = 0; i < 60; i++) writer.append(i)
  const chunk = () => assert.fail('a chunk was shown')
  for (let i = 0; i < 60; i++) assert.equal(reader.visitChunks(i, 0, END, { chunk }), false)
  reader.refresh(window.state(first))
  for (let i = 0; i < 60; i++) assert.equal(sampleCount(reader, i), 2010)
  window.pins--
})

test('what growth replaced is used again only when nobody reads', () => {
  const pool = new SlabPool()
  const window = new Window(pool, 1, 0, END)
  const writer = new Writer(window)
  window.pins++
  for (let i = 0; i < 13_000; i++) writer.addSeries()
  const pinned = pool.usedBytes
  window.pins--
  assert.ok(pool.usedBytes < pinned)
  for (let i = 13_000; i < 50_000; i++) writer.addSeries()
  const before = pool.usedBytes
  window.pins++
  window.pins--
  assert.equal(pool.usedBytes, before)
  window.release()
  assert.equal(pool.usedBytes, 0)
})

test('a window that was copied a slab at a time while it was written comes back whole', async () => {
  const random = seededRandom(Number(process.env.PROMONTORY_SEED ?? 1))
  const below = (limit: number) => Math.floor(random.next() * limit)
  for (let run = 0; run < 3; run++) {
    const window = new Window(new SlabPool(), 7, 0, END)
    const writer = new Writer(window)
    for (let i = 0; i < 2200 + run * 800; i++) writer.addSeries()
    for (let round = 0; round < 40; round++) for (let i = 0; i < writer.counts.length; i++) if (below(3) > 0) writer.append(i)
    const atFirst = [...writer.counts]
    const state = copied(window, () => {
      for (let i = below(30); i > 0; i--) writer.addSeries()
      for (let i = below(4000); i > 0; i--) writer.append(below(writer.counts.length))
    })
    const wanted = [...writer.counts]

    const pool = new SlabPool()
    const restored = Window.restore(pool, state)
    assert.equal(restored.seriesCount, atFirst.length)
    const counts = await samplesOf(restored)
    const again = new Writer(restored)
    for (let series = 0; series < atFirst.length; series++) {
      const count = counts.get(labelsOf(series).toString()) ?? 0
      assert.ok(count >= atFirst[series] && count <= wanted[series], `${count} samples of series ${series}`)
      assert.equal(restored.find(labelsOf(series)), series)
      again.counts.push(count)
    }
    assert.equal(restored.find(labelsOf(atFirst.length)), -1)
    // What a log brings after it, series in another order among it.
    while (again.counts.length < wanted.length + 500) again.addSeries()
    for (let series = 0; series < again.counts.length; series++) {
      while (again.counts[series] < (wanted[series] ?? 0) + 3) again.append(series)
    }
    const whole = await samplesOf(restored)
    assert.equal(whole.size, again.counts.length)
    for (let series = 0; series < again.counts.length; series++)
      assert.equal(whole.get(labelsOf(series).toString()), (wanted[series] ?? 0) + 3)
    const threes = await matchSeries(restored, [new Matcher('=', 'group', '3')], 0, END, breather())
    assert.deepEqual(
      [...threes],
      [...again.counts.keys()].filter((series) => series % 10 === 3),
    )
    restored.release()
    assert.equal(pool.usedBytes, 0)
  }
})

/** A state with copies of the slabs, in the order in which a checkpoint takes them. */
function copied(window: Window, between: () => void): WindowState {
  window.pins++
  const state = window.state()
  const copy = (buffers: readonly Uint8Array[]) =>
    buffers.map((buffer) => {
      between()
      const bytes = new Uint8Array(new SharedArrayBuffer(buffer.length))
      bytes.set(buffer)
      return bytes
    })
  const rows = { from: 0, buffers: copy(state.rows.buffers) }
  const pairRows = { from: 0, buffers: copy(state.pairs.rows.buffers) }
  const { buffers, count } = window.cells.state()
  const cells = { from: 0, buffers: copy(buffers), count, retired: state.cells.retired }
  const { symbols, pairs } = state
  const copies = {
    rows,
    cells,
    lists: { from: 0, buffers: copy(state.lists.buffers) },
    index: { ...state.index, buffers: copy(state.index.buffers) },
    pairs: { ...pairs, rows: pairRows, index: { ...pairs.index, buffers: copy(pairs.index.buffers) } },
    symbols: {
      ...symbols,
      rows: { from: 0, buffers: copy(symbols.rows.buffers) },
      text: { from: 0, buffers: copy(symbols.text.buffers) },
      index: { ...symbols.index, buffers: copy(symbols.index.buffers) },
    },
  }
  window.pins--
  const { sampleCount, histogramCount, chunkCount, minTime, maxTime } = window
  return { ...state, ...copies, sampleCount, histogramCount, chunkCount, minTime, maxTime }
}

/** How many samples each series has, by its labels; they must be those that `Writer` appends, from the first on. */
async function samplesOf(window: Window): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  const request = { minTime: 0, maxTime: END, matchers: [] }
  const signal = new AbortController().signal
  for await (const batch of selectFromWindows([window], request, unlimitedContext(signal), breather())) {
    for (const { labels, chunks } of batch) found.set(labels.toString(), checkedCount(chunks))
  }
  return found
}

test('another thread reads whole series while a million samples are appended and series come', async () => {
  const window = new Window(new SlabPool(), 1, 0, END)
  const writer = new Writer(window)
  for (let i = 0; i < 2000; i++) writer.addSeries()
  for (let i = 0; i < 2000; i++) writer.append(i)
  const thread = new Worker(new URL('./window-state.fixture.ts', import.meta.url))
  const post = (message: ToReader) => thread.postMessage(message)
  let last: WindowState | undefined
  let seenAtLeast: number[] = []
  let readCount = 0
  let failure: unknown
  const isOver = () => failure !== undefined || (window.sampleCount >= 1_000_000 && readCount > 2)
  const read = () => {
    window.pins++
    seenAtLeast = [...writer.counts]
    last = window.state(last)
    post({ kind: 'read', state: last })
  }
  thread.on('message', (message: FromReader) => {
    if (message.kind === 'catchUp') {
      last = window.state(last)
      post({ kind: 'refresh', state: last })
      return
    }
    window.pins--
    readCount++
    try {
      const counts = new Map(message.series.map(([labels, count]) => [labels, count]))
      for (const [labels, , wrong] of message.series) assert.equal(wrong, '', labels)
      assert.deepEqual(message.newestWrong, [])
      const wanted = seenAtLeast.flatMap((count, series) => (series % 10 < 5 && count > 0 ? [series] : []))
      assert.equal(counts.size, wanted.length)
      for (const series of wanted) assert.ok(counts.get(labelsOf(series).toString())! >= seenAtLeast[series])
    } catch (error) {
      failure ??= error
    }
    if (!isOver()) read()
    else post({ kind: 'end' })
  })
  const ended = new Promise((resolve, reject) => thread.on('exit', resolve).on('error', reject))
  read()
  while (!isOver()) {
    // Not before the thread is there.
    if (readCount > 0 && window.sampleCount < 1_000_000) {
      for (let i = 0; i < 10; i++) writer.addSeries()
      for (let i = 0; i < writer.counts.length; i++) writer.append(i)
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  await ended
  assert.ifError(failure)
  assert.equal(window.pins, 0)
  const kinds = new Set<number>()
  for (let i = 0; i < 100; i++)
    window.visitChunks(i, 0, END, { chunk: (_min, _max, _samples, _cell, _bytes, header) => void kinds.add(header & 0xff) })
  assert.deepEqual([...kinds].sort(), [ChunkEncoding.xor, ChunkEncoding.histogram, ChunkEncoding.xor2].sort())
})
