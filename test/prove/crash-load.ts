import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { areHistogramsEqual } from '../../src/model/histogram-equality.ts'
import { Labels } from '../../src/model/labels.ts'
import { isStaleMarker, STALE_MARKER } from '../../src/model/staleness.ts'
import { AppendStatus, ExemplarStatus } from '../../src/storage/appender.ts'
import type { MemorySeries } from '../../src/storage/memory-source.ts'
import { unlimitedContext } from '../../src/storage/query-context.ts'
import { readAll } from '../../src/storage/series-source.contract.ts'
import type { Db } from '../../src/tsdb/db.ts'

// The load of the crash proofs: a batch is a number, and everything in it follows from the number, so a batch that was
// acknowledged can be checked by whoever knows its number. It has samples of all kinds, exemplars and metadata.

const BASE = 1_700_000_000_000
const STEP_MS = 5_000
/** Series that every batch has, and series that only some batches have, as targets that come and go. */
const STEADY = 40
const CHURNING = 10
/** Series of integer histograms, of float histograms, of custom buckets, of one kind now and another then, and of floats with start times. */
const HISTOGRAMS = ['integer', 'float', 'custom', 'mixed'] as const
const COUNTED = 5

/** Windows of so few batches become blocks all the time. */
export const SHORT_RANGE_MS = 12 * STEP_MS

/** A database for the load keeps this many exemplars: all of them. */
export const EXEMPLARS_MAX = 1_000_000

const METADATA = { type: 'gauge', unit: 'seconds', help: 'Steady.' } as const

interface Sample {
  readonly labels: Labels
  readonly t: number
  /** Of a float; undefined where the series goes stale. A marker would not be safe in an object, see model/staleness.ts. */
  readonly v: number | undefined
  readonly histogram?: Histogram | undefined
  readonly startTime?: number
}

/** Every sample of a batch. */
function batchSamples(batch: number): readonly Sample[] {
  const t = BASE + batch * STEP_MS
  const samples: Sample[] = []
  for (let i = 0; i < STEADY; i++)
    samples.push({ labels: Labels.of({ __name__: 'steady', i: String(i), job: 'crash' }), t, v: sampleValue(batch, i) })
  const generation = Math.floor(batch / 25)
  for (let i = 0; i < CHURNING; i++)
    samples.push({ labels: Labels.of({ __name__: 'churning', i: String(i), pod: `pod-${generation}` }), t, v: sampleValue(batch, i) })
  for (let i = 0; i < COUNTED; i++) {
    const startTime = BASE + Math.floor(batch / 10) * 10 * STEP_MS - 1 - i
    samples.push({ labels: Labels.of({ __name__: 'counted', i: String(i) }), t, v: batch % 10, startTime })
  }
  for (const kind of HISTOGRAMS) {
    const labels = Labels.of({ __name__: 'histogram', kind })
    if (kind === 'mixed' && batch % 3 === 0) samples.push({ labels, t, v: batch })
    else if (kind !== 'mixed' && batch % 13 === 12) samples.push({ labels, t, v: undefined })
    else {
      const histogram = histogramOf(kind, batch)
      samples.push({ labels, t, v: histogram.sum, histogram, ...(kind === 'custom' ? { startTime: BASE - 7 } : {}) })
    }
  }
  return samples
}

/** Counts rise for ten batches, and buckets are added meanwhile. */
function histogramOf(kind: (typeof HISTOGRAMS)[number], batch: number): Histogram {
  const isFloat = kind === 'float' || (kind === 'mixed' && batch % 3 === 1)
  const isCustom = kind === 'custom'
  const age = 1 + (batch % 10)
  const positiveBuckets = Float64Array.from(
    { length: isCustom ? 3 : 2 + Math.floor(age / 4) },
    (_, i) => age * (i + 1) * (isFloat ? 0.25 : 1),
  )
  return {
    isFloat,
    counterResetHint: CounterResetHint.unknown,
    schema: isCustom ? CUSTOM_BUCKETS_SCHEMA : 2,
    zeroThreshold: isCustom ? 0 : 2 ** -128,
    zeroCount: isCustom ? 0 : age,
    count: positiveBuckets.reduce((a, b) => a + b, isCustom ? 0 : age),
    sum: batch / 3,
    positiveSpans: Int32Array.of(0, positiveBuckets.length),
    negativeSpans: NO_SPANS,
    positiveBuckets,
    negativeBuckets: NO_BUCKETS,
    customValues: isCustom ? Float64Array.of(0.1, 1, 10) : NO_BUCKETS,
  }
}

function sampleValue(batch: number, i: number): number | undefined {
  const n = batch * 31 + i * 7
  return n % 11 === 0 ? undefined : n % 3 === 0 ? n : Math.sin(n)
}

const EXEMPLAR_SERIES = Labels.of({ __name__: 'counted', i: '0' })

function exemplarOf(batch: number) {
  return { labels: Labels.of({ trace_id: `trace-${batch}` }), value: batch, timestamp: BASE + batch * STEP_MS - 1, hasTimestamp: true }
}

/** Appends a batch and resolves once it is acknowledged. */
export async function appendBatch(db: Db, batch: number): Promise<void> {
  const appender = db.appender()
  for (const { labels, t, v, histogram, startTime } of batchSamples(batch)) {
    const ref = appender.series(labels)
    const status =
      histogram === undefined
        ? appender.append(ref, t, v ?? STALE_MARKER, startTime)
        : appender.appendHistogram(ref, t, histogram, startTime)
    if (status !== AppendStatus.ok) throw new Error(`append ${labels} of batch ${batch}: status ${status} ${appender.refusal}, want ok`)
    if (labels.get('__name__') === 'steady') appender.setMetadata(ref, METADATA)
  }
  const status = appender.appendExemplar(appender.series(EXEMPLAR_SERIES), exemplarOf(batch))
  if (status !== ExemplarStatus.ok) throw new Error(`append exemplar of batch ${batch}: status ${status}, want ok`)
  await appender.commit()
}

/**
 * What is missing or wrong of the batches, as one line each; empty when all is there. Of what is in blocks start times are not kept, and
 * exemplars need not be there after a restart.
 */
export async function missingOf(db: Db, batches: Iterable<number>): Promise<readonly string[]> {
  const found = new Map<string, { series: MemorySeries; places: Map<number, number> }>()
  for (const series of await readAll(db, -Infinity, Infinity, [])) {
    const places = new Map<number, number>()
    for (let i = 0; i < series.timestamps.length; i++) places.set(series.timestamps[i], i)
    found.set(series.labels.toString(), { series, places })
  }
  const [shown] = await db.exemplars({ minTime: -Infinity, maxTime: Infinity, matcherSets: [[]] }, unlimitedContext())
  const exemplars = new Set(shown?.exemplars.map(({ labels, value, timestamp }) => `${labels} ${value} ${timestamp}`))
  const cutTime = Math.max(...db.blockMetas().map(({ maxTime }) => maxTime))
  const missing: string[] = []
  for (const batch of batches) {
    const isInBlock = BASE + batch * STEP_MS < cutTime
    for (const sample of batchSamples(batch)) {
      const one = found.get(sample.labels.toString())
      const problem = problemOf(sample, one?.series, one?.places.get(sample.t), isInBlock)
      if (problem !== undefined) missing.push(`batch ${batch}: ${sample.labels} at ${sample.t} ${problem}`)
    }
    const { labels, value, timestamp } = exemplarOf(batch)
    if (!isInBlock && !exemplars.has(`${labels} ${value} ${timestamp}`)) missing.push(`batch ${batch}: exemplar ${labels} is not there`)
  }
  return missing
}

/** What is wrong with what was found of a sample at `place`. */
function problemOf(sample: Sample, series: MemorySeries | undefined, place: number | undefined, isInBlock: boolean): string | undefined {
  if (series === undefined || place === undefined) return 'is not there'
  const histogram = series.histograms?.[place]
  const startTime = series.startTimes?.[place] ?? 0
  if (startTime !== (sample.startTime ?? 0) && !(isInBlock && startTime === 0))
    return `has start time ${startTime}, want ${sample.startTime ?? 0}`
  if (sample.histogram !== undefined) {
    if (histogram === undefined) return 'is no histogram'
    return areHistogramsEqual(withoutEmpty(histogram), withoutEmpty(sample.histogram))
      ? undefined
      : `has count ${histogram.count}, want ${sample.histogram.count}`
  }
  const got = series.values[place]
  if (histogram !== undefined) return 'is a histogram'
  const isSame = sample.v === undefined ? isStaleMarker(got) : got === sample.v
  return isSame ? undefined : `is ${got}, want ${sample.v ?? 'stale'}`
}

/** Without buckets at the end that have nothing in them, which a chunk may add. The load has buckets in one span only. */
function withoutEmpty(histogram: Histogram): Histogram {
  let length = histogram.positiveBuckets.length
  while (length > 0 && histogram.positiveBuckets[length - 1] === 0) length--
  return { ...histogram, positiveSpans: Int32Array.of(0, length), positiveBuckets: histogram.positiveBuckets.slice(0, length) }
}

/** Whether what was said of the load is known, as it must be once a batch is there. */
export function isMetadataKnown(db: Db): boolean {
  const known = db.metricMetadata().get('steady')
  return known?.type === METADATA.type && known.unit === METADATA.unit && known.help === METADATA.help
}
