import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Breather } from '../../base/breather.ts'
import type { Clock } from '../../base/env.ts'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { STALE_MARKER } from '../../model/staleness.ts'
import { AppendStatus } from '../../storage/appender.ts'
import type { Deletion } from '../deletion.ts'
import { ExemplarRing } from '../exemplars/exemplar-ring.ts'
import { digest, digestHistogram } from '../histogram-digest.ts'
import { BatchPool } from '../sample-batch.ts'
import {
  decodeDeletionsRecord,
  decodeHistogramsRecord,
  decodeSamplesFromRecord,
  decodeSamplesRecord,
  decodeSeriesRecord,
} from '../wal/decode.ts'
import { LogWriter } from '../wal/log-writer.ts'
import { RecordType } from '../wal/record.ts'
import { listSegments } from '../wal/replay.ts'
import { scanSegment } from '../wal/scan-segment.ts'
import { segmentPath } from '../wal/segment.ts'
import { histogramKind } from '../window/sample-kind.ts'
import { SlabPool } from '../window/slab-pool.ts'
import { Window } from '../window/window.ts'
import { WindowSet } from '../window-set.ts'
import { recover } from './recover.ts'
import type { UnappliedSamples } from './unapplied-samples.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)
const DIR = '/data'
const RANGE = 60_000
const PAGE = 12
const PAGES = 4

/** What comes to a log: scrapes of pages of series, what is late, twice, of other kinds, and deletions; and where a batch ends. */
const event = fc.oneof(
  { weight: 30, arbitrary: fc.tuple(fc.constant('scrape' as const), fc.nat(PAGES - 1), fc.nat(1500)) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('part of a scrape' as const), fc.nat(PAGES - 1), fc.nat(1500)) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('anywhere' as const), fc.nat(PAGES * PAGE - 1), fc.nat(4 * RANGE - 1)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('again' as const), fc.nat(PAGES * PAGE - 1), fc.nat(1)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('with start time' as const), fc.nat(PAGES * PAGE - 1), fc.nat(2000)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('histogram' as const), fc.nat(PAGES * PAGE - 1), fc.nat(2000)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('deletion' as const), fc.nat(PAGES * PAGE - 1), fc.nat(4 * RANGE - 1)) },
  { weight: 20, arbitrary: fc.tuple(fc.constant('end of batch' as const), fc.nat(0), fc.nat(0)) },
)

type Event = readonly [what: string, which: number, value: number]

const HISTOGRAM: Histogram = {
  isFloat: false,
  counterResetHint: CounterResetHint.unknown,
  schema: 3,
  zeroThreshold: 2 ** -128,
  zeroCount: 1,
  count: 6,
  sum: 3.5,
  positiveSpans: Int32Array.of(-2, 2),
  negativeSpans: NO_SPANS,
  positiveBuckets: Float64Array.of(2, 3),
  negativeBuckets: NO_BUCKETS,
  customValues: NO_BUCKETS,
}

async function write(env: VirtualEnv, events: readonly Event[], segmentBytes: number, hasDeletions: boolean): Promise<void> {
  await env.fs.mkdir(`${DIR}/log`)
  const writer = new LogWriter({
    fs: env.fs,
    clock: env.clock,
    log: env.log,
    dir: `${DIR}/log`,
    fsync: 'interval',
    segmentBefore: 0,
    onSync: () => {},
    onFailure: () => {},
    segmentBytes,
  })
  const { encoder } = writer
  const names = new Window(new SlabPool(), 1, 0, RANGE)
  const numbers: number[] = []
  const last = new Array<[number, number]>(PAGES * PAGE).fill([0, 0])
  let clock = 0
  const numberOf = (series: number, t: number) =>
    (numbers[series] ??= encoder.series(names, names.add(Labels.of({ __name__: 'm', i: String(series) })), t))
  const sample = (series: number, t: number, v: number) => {
    encoder.sample(numberOf(series, t), t, v)
    last[series] = [t, v]
  }
  if (writer.beginBatch()) numbers.length = 0
  for (const [n, [what, which, value]] of events.entries()) {
    if (what.endsWith('scrape') || what === 'with start time' || what === 'histogram') clock = Math.min(clock + value, 4 * RANGE - 1)
    if (what === 'scrape' || what === 'part of a scrape') {
      const from = what === 'scrape' ? 0 : value % PAGE
      for (let i = from; i < PAGE; i++) numberOf(which * PAGE + i, clock)
      for (let i = from; i < PAGE; i++) sample(which * PAGE + i, clock, (n + i) % 41 === 0 ? STALE_MARKER : n % 3 === 0 ? 1 : (n * i) / 8)
    } else if (what === 'anywhere') sample(which, value, n)
    else if (what === 'again') sample(which, last[which][0], last[which][1] + value)
    else if (what === 'with start time') encoder.sampleFrom(numberOf(which, clock), clock, n, n % 2 === 0 ? 0 : clock / 2)
    else if (what === 'histogram') encoder.histogram(numberOf(which, clock), clock, false, n % 2 === 0 ? undefined : HISTOGRAM, 0)
    else if (what === 'deletion' && hasDeletions)
      encoder.deletion({ minTime: value - 10_000, maxTime: value, matchers: [new Matcher('=', 'i', String(which))] })
    else if (what === 'end of batch') {
      await writer.writeBatch(clock)
      if (writer.beginBatch()) numbers.length = 0
    }
  }
  await writer.writeBatch(clock)
  await writer.close()
}

/** A record after the other, and each sample by itself. */
async function replayOneByOne(env: VirtualEnv, windows: WindowSet) {
  const { slots, cutTime } = windows
  const counts = { samples: 0, samplesLost: 0 }
  for (const number of await listSegments(env, `${DIR}/log`)) {
    const refs: number[] = []
    const slotOf = (index: number, t: number) => {
      if (refs[index] === undefined) counts.samplesLost++
      else counts.samples++
      return refs[index] === undefined || t < cutTime ? -1 : slots.slotOf(refs[index])
    }
    const onSample = (index: number, t: number, v: number, startTime = 0) => {
      const slot = slotOf(index, t)
      if (slot >= 0 && windows.apply(slot, t, v, startTime) === AppendStatus.ok && t > slots.lastTime(slot)) slots.setLast(slot, t, v)
    }
    const file = await env.fs.open(segmentPath(`${DIR}/log`, number), 'read')
    const deleteAll = async (deletions: readonly Deletion[]) => {
      for (const deletion of deletions) await windows.delete(deletion, new Breather(env.clock))
    }
    const record = (type: number, bytes: Uint8Array, start: number, end: number) => {
      if (type === RecordType.series)
        decodeSeriesRecord(bytes, start, end, (index, labels, t) => {
          refs[index] = windows.series(labels, Math.max(t, cutTime), true)
        })
      else if (type === RecordType.samples) decodeSamplesRecord(bytes, start, end, onSample)
      else if (type === RecordType.samplesFrom) decodeSamplesFromRecord(bytes, start, end, onSample)
      else if (type === RecordType.histograms)
        decodeHistogramsRecord(bytes, start, end, (index, t, isFloat, histogram, startTime) => {
          const slot = slotOf(index, t)
          if (slot < 0) return
          digestHistogram(histogram)
          const { high, low } = digest
          if (windows.applyHistogram(slot, t, isFloat, histogram, startTime, high, low) !== AppendStatus.ok) return
          if (t > slots.lastTime(slot)) slots.setLastBits(slot, t, histogramKind(isFloat), high, low)
        })
      else return deleteAll(decodeDeletionsRecord(bytes, start, end))
      return undefined
    }
    await scanSegment(file, number, { record, damage: async () => {} }, new Breather(env.clock))
    await file.close()
    windows.closeOld()
  }
  return counts
}

/** All that is to be known of it, whatever the order in which series were made. */
function contents(windows: WindowSet) {
  const { slots } = windows
  const rows = windows.all.map((window) => {
    const series: Record<string, unknown> = {}
    for (let one = 0; one < window.seriesCount; one++) {
      const chunks: unknown[] = []
      window.visitChunks(one, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, {
        chunk(minTime, maxTime, sampleCount, firstCell, byteCount, header) {
          const bytes = new Uint8Array(byteCount)
          window.cells.copy(firstCell, byteCount, bytes, 0)
          chunks.push([minTime, maxTime, sampleCount, header, bytes])
        },
      })
      const slot = window.slot(one)
      const newest = slots.isUsed(slot)
        ? [slots.lastTime(slot), slots.lastKind(slot), slots.lastLow(slot), slots.lastHigh(slot)]
        : undefined
      series[window.labels(one).toString()] = { chunks, newest, deleted: window.tombstones.of(one) }
    }
    const { start, isLate, sampleCount, histogramCount, chunkCount, minTime, maxTime, slotCount } = window
    return { start, isLate, sampleCount, histogramCount, chunkCount, minTime, maxTime, slotCount, series }
  })
  return { rows, minTime: windows.minTime, maxTime: windows.maxTime, samples: windows.samplesAppended, slots: slots.used }
}

/** By this clock it is time for others whenever somebody looks at it. */
const restless: Clock = {
  now: () => 0,
  monotonic: () => restlessTime++ * 10,
  setTimer: (_ms, callback) => {
    void Promise.resolve().then(callback)
    return { cancel() {} }
  },
  setTicker: () => ({ cancel() {} }),
}
let restlessTime = 0

async function afterTurns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve()
}

test('what comes back of a log series by series is what comes back record by record, whatever is in it', async () => {
  const seen = { samples: 0, lost: 0, late: 0, deleted: 0, early: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 300, size: 'max' }),
      fc.record({
        segmentBytes: fc.constantFrom(2000, 6000, 2 ** 20),
        cutWindows: fc.nat(1),
        hasDeletions: fc.boolean(),
        damageAt: fc.option(fc.nat(20_000)),
        askedFor: fc.array(fc.nat(PAGES * PAGE - 1), { maxLength: 2 * PAGE }),
        askedAgain: fc.array(fc.tuple(fc.nat(200), fc.array(fc.nat(PAGES * PAGE - 1), { maxLength: PAGE })), { maxLength: 4 }),
      }),
      async (events, { segmentBytes, cutWindows, hasDeletions, damageAt, askedFor, askedAgain }) => {
        const env = virtualEnv()
        await write(env, events, segmentBytes, hasDeletions)
        const [first] = await listSegments(env, `${DIR}/log`)
        if (damageAt !== null && first !== undefined) {
          const file = await env.fs.open(segmentPath(`${DIR}/log`, first), 'write')
          if (damageAt < (await file.size())) await file.write([Uint8Array.of(0x5a)], damageAt)
          await file.close()
        }
        const [want, got] = [new WindowSet(RANGE, new BatchPool()), new WindowSet(RANGE, new BatchPool())]
        for (const windows of [want, got]) {
          windows.lateSpanMs = RANGE
          windows.cutTime = cutWindows * RANGE
        }
        const counts = await replayOneByOne(env, want)
        want.dropCut()
        const { signal } = new AbortController()
        const looks: Promise<void>[] = []
        const onRead = (unapplied: UnappliedSamples) => {
          const look = async (slots: readonly number[]) => {
            const before = got.samplesAppended
            const isWanted = new Uint8Array(got.slots.count)
            for (const slot of slots) if (slot < isWanted.length) isWanted[slot] = 1
            if (await unapplied.bring(isWanted)) seen.early += got.samplesAppended - before
            else seen.refused++
          }
          // Two at once, another one when something was brought, and some wherever the replay pauses.
          looks.push(Promise.all([look(askedFor), look(askedFor.slice(1, 3))]).then(() => look(askedFor.map((slot) => slot + 1))))
          for (const [pauses, slots] of askedAgain) looks.push(afterTurns(pauses).then(() => look(slots)))
        }
        const options = {
          env: { ...env, clock: restless },
          dir: DIR,
          retentionMs: 0,
          until: undefined,
          signal,
          onLoaded: () => {},
          onSegment: () => {},
          onRead,
        }
        const { report } = await recover(options, got, new ExemplarRing(got.pool))
        await Promise.all(looks)
        assert.deepEqual({ samples: report.samples, samplesLost: report.samplesLost }, counts)
        assert.deepEqual(contents(got), contents(want))
        seen.samples += report.samples
        seen.lost += report.samplesLost
        for (const window of got.all) {
          if (window.isLate) seen.late += window.sampleCount
          if (!window.tombstones.isEmpty) seen.deleted++
        }
      },
    ),
    { seed: SEED, numRuns: 120 },
  )
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 2, `${what}: ${count}`)
})
