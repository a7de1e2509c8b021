import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breather } from '../../base/breather.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import { SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import { histogram } from '../../chunkenc/samples.fixture.ts'
import { Labels } from '../../model/labels.ts'
import { isStaleMarker, STALE_MARKER } from '../../model/staleness.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { digest, digestHistogram } from '../histogram-digest.ts'
import { SlabPool } from './slab-pool.ts'
import { Window } from './window.ts'
import { selectFromWindows } from './window-reader.ts'

const RANGE = 7_200_000

/** A sample of any kind, and what stands for it. */
interface Sample {
  readonly t: number
  readonly text: string
  insert(window: Window, series: number): void
}

function anySample(t: number, below: (limit: number) => number, kinds: number): Sample {
  const startTime = kinds > 1 && below(3) === 0 ? 1 + below(2) : 0
  const n = below(50)
  if (below(10) === 0 && kinds < 3)
    return { t, text: `${t} stale from ${startTime}`, insert: (window, series) => window.insert(series, t, STALE_MARKER, startTime) }
  if (below(kinds) < 2)
    return { t, text: `${t} ${n} from ${startTime}`, insert: (window, series) => window.insert(series, t, n, startTime) }
  const h = histogram({ isFloat: n % 2 === 0, schema: 2, spans: [n % 3, 3], buckets: [n, n + 1, n + 2], sum: n })
  return {
    t,
    text: `${t} histogram ${h.sum} of ${h.count} from ${startTime}`,
    insert(window, series) {
      digestHistogram(h)
      window.insertHistogram(series, t, h.isFloat, h, startTime, digest.high, digest.low)
    },
  }
}

async function read(window: Window, minTime: number, maxTime: number): Promise<string[]> {
  const lines: string[] = []
  const request = { minTime, maxTime, matchers: [] }
  for await (const batch of selectFromWindows([window], request, unlimitedContext(), new Breather(virtualEnv().clock))) {
    for (const { labels, chunks } of batch) {
      const columns = new SampleColumns()
      for (const chunk of chunks) decodeChunk(chunk, minTime, maxTime, columns)
      for (let i = 0; i < columns.length; i++) {
        // One by one: a tuple may lose the payload of the marker.
        const value = columns.values[i]
        const h = columns.histograms?.[i]
        const what = h !== undefined ? `histogram ${h.sum} of ${h.count}` : isStaleMarker(value) ? 'stale' : value
        lines.push(`${labels.get('i')}: ${columns.timestamps[i]} ${what} from ${columns.startTimes?.[i] ?? 0}`)
      }
    }
  }
  return lines
}

test('samples in any order are read in theirs', async (t) => {
  const seed = Math.floor(Math.random() * 1e9)
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random.next() * limit)
  for (let round = 0; round < 30; round++) {
    const kinds = 1 + below(4)
    const window = Window.late(new SlabPool(), 1, 0, RANGE)
    const all: { readonly i: number; readonly sample: Sample }[] = []
    for (let i = 0; i < 3; i++) {
      const times = new Set(Array.from({ length: 1 + below(400) }, () => below(round % 2 === 0 ? 1000 : RANGE)))
      const samples = [...times].map((time) => anySample(time, below, kinds))
      // In order, shuffled, and shuffled by parts.
      if (round % 3 > 0) samples.sort((a, b) => a.t - b.t)
      if (round % 3 === 2) for (let k = 0; k + 20 < samples.length; k += 10) samples.splice(k, 0, ...samples.splice(k + below(20), 1))
      all.push(...samples.map((sample) => ({ i, sample })))
    }
    const series = [0, 1, 2].map((i) => window.add(Labels.of({ i: String(i) })))
    for (const { i, sample } of all) sample.insert(window, series[i])
    assert.equal(window.sampleCount, all.length)
    assert.equal(window.histogramCount, all.filter(({ sample }) => sample.text.includes('histogram')).length)
    const minTime = below(RANGE) - RANGE / 2
    for (const [from, to] of [
      [0, RANGE],
      [minTime, minTime + below(RANGE)],
    ]) {
      const want = all
        .filter(({ sample }) => sample.t >= from && sample.t <= to)
        .sort((a, b) => a.i - b.i || a.sample.t - b.sample.t)
        .map(({ i, sample }) => `${i}: ${sample.text}`)
      assert.deepEqual(await read(window, from, to), want, `seed ${seed}, round ${round}`)
    }
  }
})

test('writing a chunk again leaves no memory behind, unless a reader may have the old one', () => {
  const inserted = (pins: number) => {
    const window = Window.late(new SlabPool(), 1, 0, RANGE)
    window.pins = pins
    const series = window.add(Labels.of({ i: '1' }))
    for (let i = 0; i < 20; i++) for (let k = 119; k >= 0; k--) window.insert(series, 1000 * k + i, k * i, 0)
    assert.equal(window.chunkCount, 20)
    return window.cells.count
  }
  assert.ok(inserted(0) < 600, `${inserted(0)} cells`)
  assert.ok(inserted(1) > 5000, `${inserted(1)} cells`)
})

test('a window that comes back with a chunk which was written again while it was captured keeps its chunks apart', async () => {
  const window = Window.late(new SlabPool(), 1, 0, RANGE)
  const copies = (buffers: readonly Uint8Array[]) =>
    buffers.map((buffer) => {
      const copy = new Uint8Array(new SharedArrayBuffer(buffer.length))
      copy.set(buffer)
      return copy
    })
  const series = [0, 1].map((i) => window.add(Labels.of({ i: String(i) })))
  const times: number[][] = [[], []]
  const insert = (into: Window, i: number, t: number) => {
    into.insert(series[i], t, t % 97, 0)
    times[i].push(t)
  }
  for (let k = 30; k > 0; k--) insert(window, 0, 1000 * k)
  const state = window.state()
  window.pins++
  const rows = copies(state.rows.buffers)
  // After the rows were captured: what the captured row has goes to the list of free cells, and its last cell links on into it.
  window.insert(series[0], 15_500, 1, 0)
  window.insert(series[0], 14_500, 1, 0)
  const cells = window.cells.state()
  const restored = Window.restore(new SlabPool(), {
    ...state,
    rows: { ...state.rows, buffers: rows },
    lists: { ...state.lists, buffers: copies(state.lists.buffers) },
    cells: { ...cells, buffers: copies(cells.buffers), retired: state.cells.retired },
  })
  for (let k = 0; k < 60; k++) {
    insert(restored, 0, 1000 * k + 500)
    insert(restored, 1, 100_000 - 1000 * k)
  }
  const want = times.flatMap((all, i) => all.sort((a, b) => a - b).map((t) => `${i}: ${t} ${t % 97} from 0`))
  assert.deepEqual(await read(restored, 0, RANGE), want)
})
