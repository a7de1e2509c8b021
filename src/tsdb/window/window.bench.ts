// What a sample costs in a window: node src/tsdb/window/window.bench.ts
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import { digest, digestHistogram } from '../histogram-digest.ts'
import { SlabPool } from './slab-pool.ts'
import { Window } from './window.ts'

const BASE = 1_700_000_000_000 - (1_700_000_000_000 % 7_200_000)
const STEP_MS = 15_000
const SAMPLES = 120
const ROUNDS = 7

/** The best of some rounds of 120 samples for each of `seriesCount` series. */
function measure(what: string, seriesCount: number, append: (window: Window, series: number, i: number, t: number) => void): void {
  let best = Number.POSITIVE_INFINITY
  let bytes = 0
  for (let round = 0; round < ROUNDS; round++) {
    const pool = new SlabPool()
    const window = new Window(pool, 1, BASE, BASE + 7_200_000)
    for (let series = 0; series < seriesCount; series++) window.add(Labels.of({ i: String(series) }))
    const empty = pool.usedBytes
    const start = performance.now()
    for (let i = 0; i < SAMPLES; i++) for (let series = 0; series < seriesCount; series++) append(window, series, i, BASE + i * STEP_MS)
    best = Math.min(best, performance.now() - start)
    bytes = pool.usedBytes - empty
  }
  const count = seriesCount * SAMPLES
  console.log(
    `${what}: ${((best * 1e6) / count).toFixed(0)} ns a sample, ${(bytes / count).toFixed(2)} bytes a sample, ${(bytes / seriesCount).toFixed(0)} a series`,
  )
}

measure('counter', 20_000, (window, series, i, t) => window.append(series, t, 1000 + i * (10 + (series % 7)), 0))
measure('gauge', 20_000, (window, series, i, t) => window.append(series, t, Math.sin(series + i / 10) * 100, 0))
measure('counter with start time', 20_000, (window, series, i, t) => window.append(series, t, 1000 + i * (10 + (series % 7)), BASE - 1000))

const spans = Int32Array.of(-10, 8, 2, 12)
function histogramOf(i: number, isFloat: boolean): Histogram {
  const positiveBuckets = Float64Array.from({ length: 20 }, (_, bucket) => (i + 1) * (1 + ((bucket * 7) % 5)) + ((i * bucket) % 3))
  const count = positiveBuckets.reduce((a, b) => a + b, 0)
  return {
    isFloat,
    counterResetHint: CounterResetHint.unknown,
    schema: 3,
    zeroThreshold: 2 ** -128,
    zeroCount: 0,
    count,
    sum: count * 0.37,
    positiveSpans: spans,
    negativeSpans: NO_SPANS,
    positiveBuckets,
    negativeBuckets: NO_BUCKETS,
    customValues: NO_BUCKETS,
  }
}
for (const isFloat of [false, true]) {
  const histograms = Array.from({ length: SAMPLES }, (_, i) => histogramOf(i, isFloat))
  measure(`${isFloat ? 'float ' : ''}histogram of 20 buckets`, 2_000, (window, series, i, t) => {
    digestHistogram(histograms[i])
    window.appendHistogram(series, t, isFloat, histograms[i], 0, digest.high, digest.low)
  })
}
