import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleColumns } from '../chunkenc/codec.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../model/histogram.ts'
import { compareLabels, Labels } from '../model/labels.ts'
import { Matcher, type MatchOperator } from '../model/matcher.ts'
import { isStaleMarker, STALE_MARKER } from '../model/staleness.ts'
import { divideSelection } from './label-range.ts'
import type { MemorySeries } from './memory-source.ts'
import { unlimitedContext } from './query-context.ts'
import { readSamples } from './read-samples.ts'
import type { LabelRange, LabelRequest, QueryContext, SelectHints, SeriesSource } from './series-source.ts'
import { SERIES_BATCH } from './series-source.ts'

// What every SeriesSource must do. An implementation's test calls `seriesSourceContract` with a way to fill it.

export interface SourceUnderTest {
  readonly source: SeriesSource
  close(): Promise<void>
}

type Written = readonly [name: string, operator: MatchOperator, value: string]

const hour = 3_600_000
const base = 1_700_000_000_000

function line(labels: Record<string, string>, count: number, from = base, stepMs = 15_000): MemorySeries {
  const timestamps = Array.from({ length: count }, (_, i) => from + i * stepMs)
  return { labels: Labels.of(labels), timestamps, values: timestamps.map((_, i) => i + 0.5) }
}

/** A histogram whose buckets grow, in number too, and are reset now and then. */
function histogramOf(i: number, isFloat: boolean): Histogram {
  const age = i % 97
  const positiveBuckets = Float64Array.from(
    { length: 3 + Math.floor(age / 20) },
    (_, bucket) => (age + 1) * (bucket + 1) * (isFloat ? 0.5 : 1),
  )
  const count = positiveBuckets.reduce((a, b) => a + b, 2)
  return {
    isFloat,
    counterResetHint: CounterResetHint.unknown,
    schema: 3,
    zeroThreshold: 2 ** -128,
    zeroCount: 2,
    count,
    sum: count / 7,
    positiveSpans: Int32Array.of(-3, 2, 1, positiveBuckets.length - 2),
    negativeSpans: NO_SPANS,
    positiveBuckets,
    negativeBuckets: NO_BUCKETS,
    customValues: NO_BUCKETS,
  }
}

/** The same data, but for buckets with nothing in them, which a chunk may add. */
export function assertSameHistogram(got: Histogram, want: Histogram, what: string): void {
  assert.deepEqual(plain(got), plain(want), what)
}

function plain({ isFloat, schema, zeroThreshold, zeroCount, count, sum, customValues, ...sides }: Histogram) {
  return {
    ...{ isFloat, schema, zeroThreshold, zeroCount, count, sum },
    bounds: [...customValues],
    positive: filledBuckets(sides.positiveSpans, sides.positiveBuckets),
    negative: filledBuckets(sides.negativeSpans, sides.negativeBuckets),
  }
}

function filledBuckets(spans: Int32Array, buckets: Float64Array): [index: number, count: number][] {
  const filled: [number, number][] = []
  let index = 0
  let at = 0
  for (let i = 0; i < spans.length; i += 2) {
    index += spans[i]
    for (let left = spans[i + 1]; left > 0; left--) {
      if (buckets[at] !== 0) filled.push([index, buckets[at]])
      index++
      at++
    }
  }
  return filled
}

/** Every series of a select with its samples, chunk bytes read before the next batch is asked for. */
export async function readAll(
  source: SeriesSource,
  minTime: number,
  maxTime: number,
  matchers: readonly Matcher[],
  ctx: QueryContext = unlimitedContext(),
): Promise<MemorySeries[]> {
  const series: MemorySeries[] = []
  const columns = new SampleColumns()
  for await (const batch of source.select({ minTime, maxTime, matchers }, ctx)) {
    assert.ok(batch.length > 0, 'a batch is not empty')
    assert.ok(batch.length <= 2 * SERIES_BATCH, 'a batch is about 128 series')
    for (const one of batch) {
      for (let i = 1; i < one.chunks.length; i++) assert.ok(one.chunks[i].minTime > one.chunks[i - 1].maxTime, 'chunks in time order')
      columns.clear()
      readSamples(one, minTime, maxTime, columns)
      series.push({
        labels: one.labels,
        timestamps: columns.timestamps.slice(0, columns.length),
        values: columns.values.slice(0, columns.length),
        histograms: columns.histograms?.slice(0, columns.length),
        startTimes: columns.startTimes?.slice(0, columns.length),
      })
    }
  }
  for (let i = 1; i < series.length; i++) assert.ok(compareLabels(series[i - 1].labels, series[i].labels) < 0, 'label order, each once')
  return series
}

export function seriesSourceContract(kind: string, open: (series: readonly MemorySeries[]) => Promise<SourceUnderTest>): void {
  const within = async (series: readonly MemorySeries[], run: (source: SeriesSource) => Promise<void>) => {
    const opened = await open(series)
    try {
      await run(opened.source)
    } finally {
      await opened.close()
    }
  }
  const everything = new Matcher('=~', '__name__', '.+')
  const request = (part: Partial<LabelRequest> = {}): LabelRequest => ({
    minTime: base - 100 * hour,
    maxTime: base + 100 * hour,
    matcherSets: [],
    limit: 0,
    ...part,
  })

  test(`${kind}: an empty source answers with nothing`, () =>
    within([], async (source) => {
      assert.deepEqual(await readAll(source, 0, base, [everything]), [])
      assert.deepEqual(await source.labelNames(request(), unlimitedContext()), [])
      assert.deepEqual(await source.labelValues('job', request(), unlimitedContext()), [])
      const { minTime, maxTime } = source.coverage()
      assert.ok(minTime > maxTime)
    }))

  test(`${kind}: what the asker will not look at may be left out, and nothing else`, () =>
    within(
      Array.from({ length: 300 }, (_, i) => ({
        ...line(
          { __name__: 'm', job: `j${i % 3}`, zone: i % 2 === 0 ? '' : `z${i % 5}`, instance: `i${(i * 7919) % 1000}` },
          i % 11 === 0 ? 1 : 500,
        ),
      })),
      async (source) => {
        const all = { minTime: base, maxTime: base + 2 * hour, matchers: [new Matcher('=', '__name__', 'm')] }
        const whole = await readAll(source, all.minTime, all.maxTime, all.matchers)
        for (const maxTime of [base, base + 1, base + 1_799_999, base + 2 * hour]) {
          const newest: string[] = []
          for await (const batch of source.select({ ...all, maxTime, hints: { newestOnly: true } }, unlimitedContext())) {
            for (const series of batch) {
              const columns = new SampleColumns()
              readSamples(series, Number.NEGATIVE_INFINITY, maxTime, columns)
              const last = columns.length - 1
              if (last >= 0) newest.push(`${series.labels} ${columns.timestamps[last]} ${columns.values[last]}`)
            }
          }
          const want = whole.map(({ labels, timestamps, values }) => {
            const last = Array.from(timestamps).findLastIndex((time) => time <= maxTime)
            return `${labels} ${timestamps[last]} ${values[last]}`
          })
          assert.deepEqual(newest, want, `newest up to ${maxTime}`)
        }
        for (const labelNames of [[], ['job'], ['zone', '__name__'], ['nothing', 'zone', 'instance', 'job']]) {
          const partsWith = async (hints: SelectHints) => {
            const parts: string[] = []
            for await (const batch of source.select({ ...all, hints }, unlimitedContext())) {
              for (const series of batch) {
                const columns = new SampleColumns()
                readSamples(series, all.minTime, all.maxTime, columns)
                parts.push(`${series.labels.only(labelNames)} ${columns.length} ${columns.values[columns.length - 1]}`)
              }
            }
            return parts
          }
          const want = whole.map(({ labels, values }) => `${labels.only(labelNames)} ${values.length} ${values[values.length - 1]}`)
          assert.deepEqual(await partsWith({ labelNames }), want, `labels ${labelNames}`)
          const inAnyOrder = await partsWith({ labelNames, anyOrder: true })
          assert.deepEqual(inAnyOrder.sort(), want.sort(), `labels ${labelNames} in any order`)
        }
      },
    ))

  test(`${kind}: ranges of the label order divide a selection`, () =>
    within(
      Array.from({ length: 400 }, (_, i) => {
        const labels = { __name__: 'm', A: i % 7 === 0 ? 'a' : '', job: `j${i % 3}`, instance: `i${(i * 7919) % 1000}` }
        return line(labels, i % 11 === 0 ? 1 : 300)
      }),
      async (source) => {
        const asked = { minTime: base, maxTime: base + 2 * hour, matchers: [new Matcher('!=', 'job', 'j1')] }
        const select = async (labelRange?: LabelRange, hints?: SelectHints) => {
          const found: string[] = []
          for await (const batch of source.select({ ...asked, labelRange, hints }, unlimitedContext())) {
            for (const series of batch) {
              const columns = new SampleColumns()
              readSamples(series, asked.minTime, asked.maxTime, columns)
              found.push(`${hints === undefined ? series.labels : series.labels.only(['job'])} ${columns.values.slice(0, columns.length)}`)
            }
          }
          return found
        }
        const whole = await select()
        assert.ok(whole.length > 200)
        const samples = await source.sampleLabels(asked, unlimitedContext())
        assert.ok(samples.length > 10)
        for (const count of [2, 3, 7]) {
          const ranges = await divideSelection(source, asked, count, unlimitedContext())
          assert.equal(ranges.length, count)
          for (const hints of [undefined, { labelNames: ['job'] }]) {
            const parts: string[][] = []
            for (const range of ranges) parts.push(await select(range, hints))
            assert.deepEqual(parts.flat(), await select(undefined, hints), `${count} parts`)
            for (const part of parts) assert.ok(part.length > whole.length / count / 3, 'parts are about as large')
          }
        }
        // Bounds that are no label set of a series.
        const [from, to] = [
          ['__name__', 'm', 'instance', 'i5'],
          ['__name__', 'm', 'instance', 'i7', 'job', ''],
        ]
        const parts = [
          { from: undefined, to: from },
          { from, to },
          { from: to, to: undefined },
        ].map((range) => select(range))
        assert.deepEqual((await Promise.all(parts)).flat(), whole)
      },
    ))

  test(`${kind}: every kind of matcher`, () =>
    within(
      [
        line({ __name__: 'up', job: 'a', instance: 'x:1' }, 2),
        line({ __name__: 'up', job: 'b', instance: 'x:2' }, 2),
        line({ __name__: 'up', job: 'b', instance: 'y:1', zone: 'süd' }, 2),
        line({ __name__: 'down', job: 'a' }, 2),
        line({ __name__: 'down' }, 2),
      ],
      async (source) => {
        const check = async (matchers: Written[], want: string[]) => {
          const found = await readAll(
            source,
            base,
            base + hour,
            matchers.map(([name, operator, value]) => new Matcher(operator, name, value)),
          )
          assert.deepEqual(
            found.map(({ labels }) => labels.toString()),
            want,
            matchers.map((matcher) => matcher.join('')).join(),
          )
        }
        const [down, downA, upA, upB, upZone] = [
          'down',
          'down{job="a"}',
          'up{instance="x:1", job="a"}',
          'up{instance="x:2", job="b"}',
          'up{instance="y:1", job="b", zone="süd"}',
        ]
        await check([['__name__', '=', 'up']], [upA, upB, upZone])
        await check([['__name__', '=', 'none']], [])
        await check([['nothing', '=', 'up']], [])
        await check(
          [
            ['job', '=', 'b'],
            ['instance', '=', 'x:2'],
          ],
          [upB],
        )
        await check(
          [
            ['__name__', '=~', 'up|down'],
            ['job', '=', 'a'],
          ],
          [downA, upA],
        )
        await check([['__name__', '=~', 'up|none']], [upA, upB, upZone])
        await check([['instance', '=~', 'x:.*']], [upA, upB])
        await check([['instance', '=~', '.*:1']], [upA, upZone])
        await check([['zone', '=', 'süd']], [upZone])
        await check(
          [
            ['__name__', '=', 'down'],
            ['job', '!=', 'a'],
          ],
          [down],
        )
        await check(
          [
            ['__name__', '=', 'up'],
            ['instance', '!~', 'x.*'],
          ],
          [upZone],
        )
        await check(
          [
            ['__name__', '=~', '.+'],
            ['job', '=', ''],
          ],
          [down],
        )
        await check(
          [
            ['__name__', '=~', '.+'],
            ['job', '!=', ''],
          ],
          [downA, upA, upB, upZone],
        )
        await check(
          [
            ['__name__', '=~', '.+'],
            ['zone', '=~', '|süd'],
          ],
          [down, downA, upA, upB, upZone],
        )
        await check(
          [
            ['__name__', '=~', '.+'],
            ['zone', '!~', '|süd'],
          ],
          [],
        )
        await check(
          [
            ['__name__', '=~', '.+'],
            ['zone', '=~', ''],
          ],
          [down, downA, upA, upB],
        )
        await check([['zone', '=', '']], [down, downA, upA, upB])
        await check([['job', '!=', 'a']], [down, upB, upZone])
        await check([['job', '=~', '.*']], [down, downA, upA, upB, upZone])
        await check([['job', '!~', '.+']], [down])
        await check([], [down, downA, upA, upB, upZone])
        await check(
          [
            ['job', '=', 'a'],
            ['job', '=', 'b'],
          ],
          [],
        )
      },
    ))

  test(`${kind}: samples come back as they went in, clipped by the reader, across chunks and hours`, () =>
    within([line({ __name__: 'long' }, 3000), line({ __name__: 'one' }, 1, base + hour)], async (source) => {
      const check = async (minTime: number, maxTime: number, want: [string, number, number][]) => {
        const found = await readAll(source, minTime, maxTime, [everything])
        const got = found
          .filter(({ timestamps }) => timestamps.length > 0)
          .map(({ labels, timestamps, values }) => [labels.toString(), timestamps.length, values[0]])
        assert.deepEqual(got, want)
      }
      await check(base, base + 100 * hour, [
        ['long', 3000, 0.5],
        ['one', 1, 0.5],
      ])
      await check(base + 15_000, base + 45_000, [['long', 3, 1.5]])
      await check(base + hour, base + hour, [
        ['long', 1, 240.5],
        ['one', 1, 0.5],
      ])
      await check(base + 2999 * 15_000, base + 100 * hour, [['long', 1, 2999.5]])
      await check(base - hour, base - 1, [])
      await check(base + 3000 * 15_000, base + 100 * hour, [])
      assert.deepEqual([source.coverage().minTime, source.coverage().maxTime], [base, base + 2999 * 15_000])
    }))

  test(`${kind}: markers, NaN, infinities and negative zero`, () => {
    const values = [STALE_MARKER, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 5e-324]
    const timestamps = values.map((_, i) => base + i)
    return within([{ labels: Labels.of({ __name__: 'odd' }), timestamps, values }], async (source) => {
      const [found] = await readAll(source, base, base + hour, [everything])
      // By index: Array.from and spread put another NaN in the marker's place.
      assert.ok(isStaleMarker(found.values[0]))
      assert.ok(!isStaleMarker(found.values[1]))
      for (let i = 1; i < values.length; i++) assert.ok(Object.is(found.values[i], values[i]), `value ${i}`)
    })
  })

  test(`${kind}: histograms of both kinds, floats and staleness by turns`, () => {
    const histograms: (Histogram | undefined)[] = []
    const values: number[] = []
    const stale = new Set<number>()
    for (let i = 0; i < 600; i++) {
      const isHistogram = i % 200 < 150
      const one = isHistogram && i % 50 !== 49 ? histogramOf(i, i % 300 >= 150) : undefined
      // A marker follows a histogram or a float.
      if (i % 50 === 49) stale.add(i)
      histograms.push(one)
      values.push(stale.has(i) ? 0 : (one?.sum ?? i))
    }
    const column = Float64Array.from(values)
    for (const i of stale) column[i] = STALE_MARKER
    const timestamps = values.map((_, i) => base + i * 15_000)
    const mixed = { labels: Labels.of({ __name__: 'mixed' }), timestamps, values: column, histograms }
    return within([line({ __name__: 'float' }, 3), mixed], async (source) => {
      const check = async (minTime: number, maxTime: number, from: number, to: number) => {
        const found = await readAll(source, minTime, maxTime, [new Matcher('=', '__name__', 'mixed')])
        const { timestamps: times, values: got, histograms: gotHistograms } = found[0]
        assert.deepEqual([...(times as Float64Array)], timestamps.slice(from, to))
        for (let i = from; i < to; i++) {
          const [want, one] = [histograms[i], gotHistograms?.[i - from]]
          assert.equal(one === undefined, want === undefined, `sample ${i}`)
          if (want !== undefined && one !== undefined) assertSameHistogram(one, want, `sample ${i}`)
          else if (stale.has(i)) assert.ok(isStaleMarker(got[i - from]), `sample ${i}`)
          else assert.equal(got[i - from], i)
        }
      }
      await check(base, base + 100 * hour, 0, 600)
      await check(base + 40 * 15_000, base + 260 * 15_000, 40, 261)
      await check(base + 155 * 15_000, base + 160 * 15_000, 155, 161)
    })
  })

  test(`${kind}: start times, where there are any`, () => {
    const timestamps = Array.from({ length: 400 }, (_, i) => base + i * 15_000)
    const floats = { labels: Labels.of({ __name__: 'float' }), timestamps, values: timestamps.map((_, i) => i) }
    const startTimes = timestamps.map((_, i) => base - 1000 + Math.floor(i / 130) * 130 * 15_000)
    const histograms = timestamps.map((_, i) => histogramOf(i, false))
    const counted = { labels: Labels.of({ __name__: 'counted' }), timestamps, values: floats.values, startTimes }
    const histogram = {
      labels: Labels.of({ __name__: 'histogram' }),
      timestamps,
      values: histograms.map(({ sum }) => sum),
      histograms,
      startTimes,
    }
    return within([floats, counted, histogram], async (source) => {
      const found = await readAll(source, base, base + 100 * hour, [everything])
      assert.deepEqual(
        found.map(({ labels, startTimes: got }) => [labels.toString(), got === undefined ? undefined : Array.from(got)]),
        [
          ['counted', startTimes],
          ['float', undefined],
          ['histogram', startTimes],
        ],
      )
      assert.deepEqual(Array.from(found[0].values), floats.values)
    })
  })

  test(`${kind}: hundreds of series in label order, also where UTF-16 and UTF-8 disagree`, () => {
    const series = Array.from({ length: 300 }, (_, i) => line({ __name__: `m${i % 7}`, i: String((i * 7919) % 300) }, 2))
    series.push(line({ __name__: 'm0', i: '\u{1f600}' }, 1), line({ __name__: 'm0', i: '\uffee' }, 1), line({ __name__: 'm0' }, 1))
    return within(series, async (source) => {
      const found = await readAll(source, base, base + hour, [everything])
      assert.equal(found.length, 303)
      assert.equal(found[0].labels.toString(), 'm0')
    })
  })

  test(`${kind}: label names and values`, () =>
    within(
      [
        line({ __name__: 'up', job: 'b', z: '1' }, 2),
        line({ __name__: 'up', job: 'a' }, 2),
        line({ __name__: 'old', job: 'c', y: '1' }, 2, base - 50 * hour),
      ],
      async (source) => {
        const ctx = unlimitedContext()
        const up = [new Matcher('=', '__name__', 'up')]
        assert.deepEqual(await source.labelNames(request(), ctx), ['__name__', 'job', 'y', 'z'])
        assert.deepEqual(await source.labelNames(request({ limit: 2 }), ctx), ['__name__', 'job'])
        assert.deepEqual(await source.labelNames(request({ matcherSets: [up] }), ctx), ['__name__', 'job', 'z'])
        const isOfRange = async (found: Promise<readonly string[]>, least: readonly string[], most: readonly string[]) => {
          const got = await found
          assert.deepEqual(
            got,
            most.filter((text) => least.includes(text) || got.includes(text)),
          )
        }
        // What is kept in one piece may be answered from its index.
        await isOfRange(source.labelNames(request({ minTime: base - hour }), ctx), ['__name__', 'job', 'z'], ['__name__', 'job', 'y', 'z'])
        assert.deepEqual(await source.labelNames(request({ minTime: base - hour, matcherSets: [up] }), ctx), ['__name__', 'job', 'z'])
        assert.deepEqual(await source.labelValues('job', request(), ctx), ['a', 'b', 'c'])
        assert.deepEqual(await source.labelValues('job', request({ limit: 1 }), ctx), ['a'])
        assert.deepEqual(await source.labelValues('job', request({ matcherSets: [up] }), ctx), ['a', 'b'])
        assert.deepEqual(await source.labelValues('job', request({ matcherSets: [up, [new Matcher('=', 'y', '1')]] }), ctx), [
          'a',
          'b',
          'c',
        ])
        await isOfRange(source.labelValues('job', request({ maxTime: base - hour }), ctx), ['c'], ['a', 'b', 'c'])
        const all = [[new Matcher('=~', '__name__', '.+')]]
        assert.deepEqual(await source.labelValues('job', request({ maxTime: base - hour, matcherSets: all }), ctx), ['c'])
        assert.deepEqual(await source.labelValues('job', request({ maxTime: base - 60 * hour }), ctx), [])
        assert.deepEqual(await source.labelValues('none', request(), ctx), [])
      },
    ))

  test(`${kind}: an aborted select throws the reason of its signal`, () =>
    within(
      Array.from({ length: 400 }, (_, i) => line({ __name__: 'm', i: String(i) }, 2)),
      async (source) => {
        const controller = new AbortController()
        const reason = new Error('gone')
        const read = async () => {
          for await (const _ of source.select(
            { minTime: 0, maxTime: base + hour, matchers: [everything] },
            unlimitedContext(controller.signal),
          ))
            controller.abort(reason)
        }
        await assert.rejects(read, reason)
      },
    ))
}
