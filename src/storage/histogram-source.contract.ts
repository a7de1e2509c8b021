import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../model/histogram.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { isStaleMarker, STALE_MARKER } from '../model/staleness.ts'
import type { MemorySeries } from './memory-source.ts'
import { assertSameHistogram, readAll, type SourceUnderTest } from './series-source.contract.ts'

const hour = 3_600_000
const base = 1_700_000_000_000

/** The part of the contract of a SeriesSource that is about native histograms. */
export function histogramSourceContract(kind: string, open: (series: readonly MemorySeries[]) => Promise<SourceUnderTest>): void {
  const name = Labels.of({ __name__: 'h' })
  const everything = new Matcher('=~', '__name__', '.+')
  const read = async (series: MemorySeries, minTime = base, maxTime = base + 100 * hour): Promise<MemorySeries> => {
    const opened = await open([series])
    try {
      const found = await readAll(opened.source, minTime, maxTime, [everything])
      assert.equal(found.length, 1)
      return found[0]
    } finally {
      await opened.close()
    }
  }
  const made = (count: number, make: (i: number) => Histogram | undefined): MemorySeries => {
    const histograms = Array.from({ length: count }, (_, i) => make(i))
    const values = Float64Array.from(histograms, (one) => one?.sum ?? Number.NaN)
    histograms.forEach((one, i) => {
      if (one === undefined) values[i] = STALE_MARKER
    })
    return { labels: name, timestamps: histograms.map((_, i) => base + i * 15_000), values, histograms }
  }
  const check = (found: MemorySeries, want: MemorySeries) => {
    assert.deepEqual([...(found.timestamps as Float64Array)], want.timestamps)
    for (let i = 0; i < want.timestamps.length; i++) {
      const [histogram, wanted] = [found.histograms?.[i], want.histograms?.[i]]
      assert.equal(histogram === undefined, wanted === undefined, `sample ${i}`)
      if (wanted === undefined)
        assert.ok(Object.is(found.values[i], want.values[i]) && isStaleMarker(found.values[i]) === isStaleMarker(want.values[i]))
      else assertSameHistogram(histogram!, wanted, `sample ${i}`)
    }
  }
  const counter = (i: number, isFloat = false): Histogram => {
    const scale = isFloat ? 1.5 : 1
    const buckets = Float64Array.of(i * scale, 3 * i * scale, i * i * scale)
    const negative = Float64Array.of(7 * i * scale)
    return {
      isFloat,
      counterResetHint: CounterResetHint.unknown,
      schema: 2,
      zeroThreshold: 2 ** -128,
      zeroCount: 2 * i * scale,
      count: (2 * i + i + 3 * i + i * i + 7 * i) * scale,
      sum: i * 1.25,
      positiveSpans: Int32Array.of(-3, 2, 4, 1),
      negativeSpans: Int32Array.of(1, 1),
      positiveBuckets: buckets,
      negativeBuckets: negative,
      customValues: NO_BUCKETS,
    }
  }

  for (const isFloat of [false, true]) {
    const sort = isFloat ? 'float histograms' : 'integer histograms'
    test(`${kind}: ${sort} come back as they went in, across chunks and hours`, async () => {
      const series = made(1200, (i) => counter(i % 500, isFloat))
      check(await read(series), series)
      const part = await read(series, base + 300_000, base + 330_000)
      assert.equal(part.histograms?.length, 3)
      assertSameHistogram(part.histograms![0]!, counter(20, isFloat), 'sample 20')
    })

    test(`${kind}: ${sort} whose buckets appear, whose schema changes, that go stale and come back`, async () => {
      const appear = (i: number): Histogram => {
        const positiveBuckets = Float64Array.from({ length: 1 + i }, () => 1 + i)
        return {
          ...counter(0, isFloat),
          count: (1 + i) * (1 + i),
          negativeSpans: NO_SPANS,
          negativeBuckets: NO_BUCKETS,
          positiveSpans: Int32Array.of(-i, 1 + i),
          positiveBuckets,
        }
      }
      const series = made(40, (i) => {
        if (i === 12 || i === 13 || i === 30) return undefined
        return i < 20 ? appear(i) : { ...counter(i, isFloat), schema: i < 25 ? 2 : 1, zeroThreshold: i < 35 ? 1 : 2 }
      })
      check(await read(series), series)
    })

    test(`${kind}: gauges of ${sort}`, async () => {
      const gauge = (i: number): Histogram => ({ ...counter((i * 7) % 5, isFloat), counterResetHint: CounterResetHint.gauge })
      const series = made(20, gauge)
      const found = await read(series)
      check(found, series)
      for (let i = 0; i < 20; i++) assert.equal(found.histograms![i]!.counterResetHint, CounterResetHint.gauge)
    })

    test(`${kind}: ${sort} with custom bounds`, async () => {
      const series = made(20, (i) => {
        const customValues = Float64Array.of(0.5, i < 10 ? 1 : 1.5, 1e9)
        return {
          ...counter(0, isFloat),
          schema: CUSTOM_BUCKETS_SCHEMA,
          zeroThreshold: 0,
          count: 4 * i,
          negativeSpans: NO_SPANS,
          negativeBuckets: NO_BUCKETS,
          positiveSpans: Int32Array.of(0, 2, 1, 1),
          positiveBuckets: Float64Array.of(i, i, 2 * i),
          customValues,
        }
      })
      check(await read(series), series)
    })
  }

  test(`${kind}: a hint says no reset only where there was none`, async () => {
    const series = made(300, (i) => counter(i % 50))
    const found = await read(series)
    for (let i = 0; i < 300; i++) {
      const hint = found.histograms![i]!.counterResetHint
      assert.ok(
        hint === CounterResetHint.unknown ||
          (hint === CounterResetHint.notReset && i % 50 !== 0) ||
          (hint === CounterResetHint.reset && i % 50 === 0),
        `sample ${i}: ${hint}`,
      )
    }
  })
}
