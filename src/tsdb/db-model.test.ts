import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { seededRandom } from '../base/virtual/random.ts'
import { histogram } from '../chunkenc/samples.fixture.ts'
import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import { Labels } from '../model/labels.ts'
import { isStaleMarker, STALE_MARKER } from '../model/staleness.ts'
import { type Appender, AppendStatus, ExemplarStatus, type SeriesRef } from '../storage/appender.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { type RunningDb, runDb } from './db.fixture.ts'
import type { Db } from './db.ts'
import { restarted } from './ending-disk.fixture.ts'
import { slowFor } from './slow-disk.fixture.ts'

// The database against a plain model of it: random batches of samples of all kinds over random series and times, exemplars and metadata,
// batches rolled back or not written, several open at once, late samples, jumps over windows, windows that become blocks, restarts
// from the log and from checkpoints, after orderly ends and others.

const HOUR = 3_600_000
const RANGE = 2 * HOUR
const ROUNDS = 120
/** How late a sample may be. */
const SPANS_MS = [0, 10 * 60_000, 3 * HOUR]
const EXEMPLARS_MAX = 25

/** A sample as text, and when its counting began. */
interface Stored {
  readonly kind: 'float' | 'histogram' | 'float histogram'
  readonly value: string
  readonly startTime: number
}

interface Model {
  /** What can be read: by series, by time. */
  readonly stored: Map<string, Map<number, Stored>>
  /** Oldest first. */
  readonly exemplars: [key: string, exemplar: Exemplar][]
  /** All that ever could be read, oldest first. */
  readonly everyExemplar: [key: string, exemplar: Exemplar][]
  /** What was ever said of a metric. */
  readonly said: Map<string, Set<string>>
  maxTime: number
}

const labelsOf = (i: number) => Labels.of({ __name__: `m${i % 5}`, i: String(i), ...(i % 3 === 0 ? { zone: `z${i % 4}` } : {}) })

/** Buckets come and go from one to the next, and a smaller number is a reset. */
function histogramOf(n: number, isFloat: boolean): Histogram {
  const buckets = Array.from({ length: 1 + (n % 3) }, (_, i) => n + i)
  return histogram({ isFloat, schema: 2, spans: [n % 2, buckets.length], buckets, sum: n / 2, zeroThreshold: n % 7 === 0 ? 1 : 0.5 })
}

function textOf(value: number, h: Histogram | undefined): string {
  if (h === undefined) return isStaleMarker(value) ? 'stale' : String(value)
  return `count ${h.count} sum ${h.sum} zero ${h.zeroThreshold} [${h.positiveBuckets.filter((count) => count !== 0)}]`
}

/** Answers how many blocks there were, over all comparisons. */
async function check(seed: number): Promise<number> {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random.next() * limit)
  let env = virtualEnv({ seed })
  let lateSpanMs = SPANS_MS[seed % SPANS_MS.length]
  // Every other time there are checkpoints, which are under way while batches come.
  const disk = seededRandom(seed)
  const checkpoints = { logBytes: seed % 2 === 0 ? 1 : Number.POSITIVE_INFINITY, lookMs: 50 }
  const options = { segmentBytes: 3000, blockRangeMs: RANGE, exemplarsMax: EXEMPLARS_MAX, checkpoints }
  const start = () =>
    runDb(
      slowFor(env, '/checkpoint/', () => Math.floor(40 * disk.next())),
      { ...options, lateSpanMs },
    )
  let running = await start()
  const model: Model = { stored: new Map(), exemplars: [], everyExemplar: [], said: new Map(), maxTime: Number.NEGATIVE_INFINITY }
  const refs = new Map<number, number>()
  let now = 1_700_000_000_000
  let blocksSeen = 0

  /** A sample of any kind: what it is, and how it is appended. */
  const anySample = (
    i: number,
    lastKind: Stored['kind'],
  ): [sample: Stored, append: (appender: Appender, ref: SeriesRef, t: number) => AppendStatus] => {
    const startTime = i % 4 === 1 && below(8) > 0 ? 1_600_000_000_000 + below(2) : 0
    if (below(12) === 0) {
      return [{ kind: lastKind, value: 'stale', startTime }, (appender, ref, t) => appender.append(ref, t, STALE_MARKER, startTime)]
    }
    if (i % 4 < 2 ? below(20) > 0 : below(6) === 0) {
      const v = below(3)
      return [{ kind: 'float', value: textOf(v, undefined), startTime }, (appender, ref, t) => appender.append(ref, t, v, startTime)]
    }
    const h = histogramOf(below(20), i % 3 === 0)
    const kind = h.isFloat ? 'float histogram' : 'histogram'
    return [{ kind, value: textOf(h.sum, h), startTime }, (appender, ref, t) => appender.appendHistogram(ref, t, h, startTime)]
  }

  for (let round = 0; round < ROUNDS; round++) {
    now += below(10) === 0 ? below(5 * HOUR) : below(120_000)
    const { db } = running
    const minValid = Math.max(model.maxTime - Math.max(RANGE / 2, lateSpanMs), cutTimeOf(db))
    const appender = db.appender()
    const taken: [key: string, t: number, sample: Stored][] = []
    const exemplars: [key: string, exemplar: Exemplar][] = []
    const said: [name: string, help: string][] = []
    const last = new Map<string, [number, Stored]>()
    for (let n = below(60); n > 0; n--) {
      const i = below(40)
      const labels = labelsOf(i)
      const key = labels.toString()
      const t = now - (below(6) === 0 ? below(below(2) === 0 ? 3 * HOUR : 12 * 60_000) : 0) + below(3)
      const [lastTime, lastSample] = last.get(key) ?? newest(model.stored.get(key))
      const [sample, append] = anySample(i, lastSample.kind)
      let ref = below(4) === 0 ? undefined : refs.get(i)
      ref ??= appender.series(labels)
      let status = append(appender, ref, t)
      if (status === AppendStatus.unknownSeries) {
        ref = appender.series(labels)
        status = append(appender, ref, t)
      }
      refs.set(i, ref)
      const other = t === lastTime ? lastSample : t < lastTime ? model.stored.get(key)?.get(t) : undefined
      const isOther = other !== undefined && (sample.kind !== other.kind || sample.value !== other.value)
      let want: AppendStatus = isOther ? AppendStatus.duplicateTimestamp : AppendStatus.ok
      if (t < lastTime && t < model.maxTime - lateSpanMs) want = AppendStatus.tooLate
      if (t < minValid) want = AppendStatus.tooLate
      if (lateSpanMs === 0 && t < lastTime) want = AppendStatus.outOfOrder
      if (lateSpanMs === 0 && t < minValid) want = AppendStatus.tooOld
      assert.equal(status, want, `seed ${seed}, round ${round}: ${key} at ${t}: ${sample.kind} ${sample.value}`)
      if (below(10) === 0) {
        const exemplar = {
          labels: Labels.of({ id: String(below(3)) }),
          value: below(3),
          timestamp: now - below(100),
          hasTimestamp: below(2) === 0,
        }
        const answer = appender.appendExemplar(ref, exemplar)
        assert.equal(answer, exemplarAnswer(model.exemplars, key, exemplar), `seed ${seed}, round ${round}: exemplar of ${key}`)
        if (answer === ExemplarStatus.ok) exemplars.push([key, exemplar])
      }
      if (below(20) === 0) {
        const help = `help ${below(3)}`
        appender.setMetadata(ref, { type: 'counter', unit: '', help })
        said.push([labels.get('__name__'), help])
      }
      if (status !== AppendStatus.ok) continue
      if (t >= lastTime) last.set(key, [t, sample])
      taken.push([key, t, sample])
    }
    const fate = below(10)
    if (fate === 0) appender.rollback()
    else if (fate === 1 && taken.length > 0) {
      env.fs.failing.write = 'EIO'
      // Metadata that was known already is no reason to write.
      const mayWrite = said.length > 0
      const mustWrite = exemplars.length > 0 || taken.some(([key, t]) => !model.stored.get(key)?.has(t))
      const failure = await appender.commit().then(
        () => undefined,
        (error: Error) => error,
      )
      if (mustWrite || failure !== undefined) assert.match(String(failure), /EIO/)
      assert.ok(failure === undefined || mustWrite || mayWrite)
      env.fs.failing = {}
      await env.clock.advance(1000)
    } else {
      await appender.commit()
      for (const [key, t, sample] of taken) {
        if (!model.stored.has(key)) model.stored.set(key, new Map())
        const samples = model.stored.get(key)!
        // The first one stays, with its start time.
        if (!samples.has(t)) samples.set(t, sample)
        model.maxTime = Math.max(model.maxTime, t)
      }
      for (const [key, exemplar] of exemplars) {
        if (exemplarAnswer(model.exemplars, key, exemplar) !== ExemplarStatus.ok) continue
        model.exemplars.push([key, exemplar])
        model.everyExemplar.push([key, exemplar])
        if (model.exemplars.length > EXEMPLARS_MAX) model.exemplars.shift()
      }
      for (const [name, help] of said) model.said.set(name, (model.said.get(name) ?? new Set()).add(help))
    }
    if (checkpoints.logBytes === 1) await env.clock.advance(below(60))
    if (below(15) === 0) {
      if (checkpoints.logBytes === 1 && below(2) === 0) {
        // What a failed write left is put right by then, and the process ends without a word.
        await env.clock.advance(3000)
        env = restarted(env)
      } else await closed(running, env)
      env.metrics.clear()
      if (below(3) === 0) lateSpanMs = SPANS_MS[below(SPANS_MS.length)]
      running = await start()
      refs.clear()
      assert.equal(running.db.replayReport()!.damages.length, 0)
      // The log of what is in blocks may be gone, and exemplars are in no block; a checkpoint may have older ones in their place.
      const left = new Map((await exemplarTexts(running.db)).map(([key, texts]) => [key, new Set(texts)]))
      const kept = model.everyExemplar.filter(([key, one]) => left.get(key)?.has(exemplarText(one)))
      model.exemplars.splice(0, model.exemplars.length, ...kept)
    }
    if (round % 20 !== 19) continue
    // A window that is becoming a block is one by then.
    await env.clock.advance(0)
    await compare(running.db, model, `seed ${seed}, round ${round}`)
    blocksSeen += running.db.blockMetas().length
  }
  await env.clock.advance(0)
  await compare(running.db, model, `seed ${seed}, end`)
  assert.ok(running.db.stats().activeSeries <= 40)
  await closed(running, env)
  return blocksSeen
}

function cutTimeOf(db: Db): number {
  return Math.max(...db.blockMetas().map(({ maxTime }) => maxTime))
}

/** Ends a database whose disk takes its time. */
async function closed({ close }: RunningDb, { clock }: VirtualEnv): Promise<void> {
  let isOver = false
  const closing = close().finally(() => {
    isOver = true
  })
  while (!isOver) await clock.advance(40)
  await closing
}

function newest(samples: ReadonlyMap<number, Stored> | undefined): [number, Stored] {
  if (samples === undefined) return [Number.NEGATIVE_INFINITY, { kind: 'float', value: '', startTime: 0 }]
  const time = Math.max(...samples.keys())
  return [time, samples.get(time)!]
}

/** What is to be said to an exemplar, by the newest one of its series. */
function exemplarAnswer(exemplars: Model['exemplars'], key: string, { labels, value, timestamp, hasTimestamp }: Exemplar): ExemplarStatus {
  const last = exemplars.findLast(([other]) => other === key)?.[1]
  if (last === undefined) return ExemplarStatus.ok
  const [id, lastId] = [labels.get('id'), last.labels.get('id')]
  const isSameTime = hasTimestamp === last.hasTimestamp && (!hasTimestamp || timestamp === last.timestamp)
  if (id === lastId && value === last.value && isSameTime) return ExemplarStatus.duplicate
  const order = timestamp - last.timestamp || value - last.value || Number(id) - Number(lastId)
  return order < 0 ? ExemplarStatus.outOfOrder : ExemplarStatus.ok
}

async function compare(db: Db, model: Model, what: string): Promise<void> {
  const found = await readAll(db, -Infinity, Infinity, [])
  const got = found.map(({ labels, timestamps, values, histograms, startTimes }) => {
    const samples = Array.from(timestamps, (t, i) => `${t} ${textOf(values[i], histograms?.[i])} from ${startTimes?.[i] ?? 0}`)
    return [labels.toString(), samples] as const
  })
  // Blocks have no start times.
  const cutTime = cutTimeOf(db)
  const want = [...model.stored].map(([key, samples]) => {
    return [
      key,
      Array.from(
        [...samples].sort(([a], [b]) => a - b),
        ([t, { value, startTime }]) => `${t} ${value} from ${t < cutTime ? 0 : startTime}`,
      ),
    ] as const
  })
  assert.deepEqual(new Map(got), new Map(want), what)

  const gotExemplars = await exemplarTexts(db)
  const wantExemplars = new Map<string, string[]>()
  for (const [key, exemplar] of model.exemplars) wantExemplars.set(key, [...(wantExemplars.get(key) ?? []), exemplarText(exemplar)])
  assert.deepEqual(new Map(gotExemplars), wantExemplars, what)
  for (const [name, { help }] of db.metricMetadata()) assert.ok(model.said.get(name)?.has(help), `${what}: ${name}`)
}

async function exemplarTexts(db: Db): Promise<readonly (readonly [key: string, texts: readonly string[]])[]> {
  const all = await db.exemplars({ minTime: -Infinity, maxTime: Infinity, matcherSets: [[]] }, unlimitedContext())
  return all.map(({ labels, exemplars }) => [labels.toString(), exemplars.map(exemplarText)] as const)
}

function exemplarText({ labels, value, timestamp, hasTimestamp }: Exemplar): string {
  return `${labels} ${value} ${timestamp} ${hasTimestamp}`
}

test('random batches, failures and restarts leave what a plain model says', async (t) => {
  // 965730460 found what a checkpoint had of exemplars that came while it was written.
  const seed = Number(process.env.PROMONTORY_SEED ?? 965730460)
  t.diagnostic(`seed ${seed}`)
  let blocksSeen = 0
  for (let i = 0; i < 9; i++) blocksSeen += await check(seed + i)
  // A series that was made, with a slot used before, and moved while a checkpoint was written.
  await check(1008)
  assert.ok(blocksSeen > 8, `${blocksSeen} blocks`)
})
