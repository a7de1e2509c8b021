import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../model/histogram.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import { histogram } from './samples.fixture.ts'

// Series whose chunks, as Prometheus writes them, stand in testdata/chunks.json. test/peers/chunks.test.ts asks Prometheus again.

/** One sample: a float, a histogram, or a marker of staleness (`stale` in a series of histograms). */
export interface GoldenSample {
  readonly t: number
  readonly value: number | Histogram | 'stale'
}

export interface GoldenSeries {
  readonly name: string
  readonly samples: readonly GoldenSample[]
}

const base = 1_700_000_000_000

/** Steps of 15 s that now and then slip, and once by more. */
const times = (count: number) => Array.from({ length: count }, (_, i) => base + i * 15_000 + (i % 5 === 3 ? i : 0) + (i > 17 ? 70_000 : 0))

function series(name: string, values: readonly (number | Histogram | 'stale')[]): GoldenSeries {
  const at = times(values.length)
  return { name, samples: values.map((value, i) => ({ t: at[i], value })) }
}

type Part = Parameters<typeof histogram>[0]
type Make = (i: number) => Part

/** The same histograms as integers and as floats, whose counts have fractions. */
function both(name: string, count: number, make: (i: number) => Part | 'stale'): GoldenSeries[] {
  const as = (isFloat: boolean) =>
    Array.from({ length: count }, (_, i) => {
      const part = make(i)
      if (part === 'stale') return part
      const scale = isFloat ? 1.37 : 1
      const scaled = (counts: readonly number[] = []) => counts.map((one) => one * scale)
      const { zeroCount = 0, buckets, negativeBuckets } = part
      return histogram({
        ...part,
        isFloat,
        zeroCount: zeroCount * scale,
        buckets: scaled(buckets),
        negativeBuckets: scaled(negativeBuckets),
      })
    })
  return [series(`${name}, integers`, as(false)), series(`${name}, floats`, as(true))]
}

const steady: Make = (i) => ({
  schema: 3,
  zeroThreshold: 2 ** -128,
  zeroCount: 2 * i,
  sum: 18.4 * (i + 1),
  spans: [-2, 2, 1, 3],
  buckets: [5 + i, 7 + 3 * i, 2, 11 * i * i, i],
  negativeSpans: [4, 1, 0, 1],
  negativeBuckets: [1 + i, 900 * i],
})

/** Another bucket every third sample, at either end and in the gap. */
const appearing: Make = (i) => {
  const indices = [-2, -1, 1, 2, 3]
  if (i >= 3) indices.push(9)
  if (i >= 6) indices.unshift(-7)
  if (i >= 9) indices.splice(3, 0, 0)
  // A bucket that is empty is left out again: it stays in the chunk.
  const shown = i === 5 ? indices.filter((index) => index !== 9) : indices
  const spans: number[] = []
  shown.forEach((index, at) => {
    if (at > 0 && index === shown[at - 1] + 1) spans[spans.length - 1]++
    else spans.push(at === 0 ? index : index - shown[at - 1] - 1, 1)
  })
  return {
    schema: 0,
    zeroThreshold: 0.001,
    zeroCount: i,
    sum: i / 3,
    spans,
    buckets: shown.map((index) => (index === 9 && i < 6 ? 0 : 10 + i + index)),
  }
}

const wide: Make = (i) => ({
  schema: 8,
  zeroThreshold: 2 ** -243,
  sum: Math.sin(i) * 1e6,
  spans: [-80, 160],
  buckets: Array.from({ length: 160 }, (_, k) => Math.floor(i * (1 + (k % 7)) + (k * i * i) / 40)),
})

export const GOLDEN: readonly GoldenSeries[] = [
  series('floats', [
    1,
    1,
    2,
    3.5,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
    1e-300,
    STALE_MARKER,
    5,
    5,
    5.1,
    1e9,
    0.1,
    0.1,
    7,
    7,
    8,
  ]),
  ...both('steady', 25, steady),
  ...both('one sample', 1, steady),
  ...both('nothing in it', 5, () => ({ zeroThreshold: 2 ** 10 })),
  ...both('buckets appear', 14, appearing),
  ...both('counter is reset', 12, (i) => steady(i % 7)),
  ...both('a bucket falls', 4, (i) => ({ zeroCount: 10 * i, spans: [0, 2], buckets: [i === 2 ? 1 : 3 + i, 5] })),
  ...both('a bucket is gone', 4, (i) =>
    i < 2 ? { zeroCount: i, spans: [0, 2], buckets: [1, 5] } : { zeroCount: 9, spans: [0, 1], buckets: [1] },
  ),
  ...both('explicit reset', 4, (i) => ({ ...steady(i), hint: i === 2 ? CounterResetHint.reset : CounterResetHint.unknown })),
  ...both('schema changes', 6, (i) => ({ ...steady(i), schema: i < 3 ? 3 : 2 })),
  ...both('zero threshold changes', 6, (i) => ({ ...steady(i), zeroThreshold: [0, 1, 2 ** -244, 2 ** 11, 0.3, 2 ** -10][i] })),
  ...both('goes stale and comes back', 8, (i) => (i === 3 || i === 4 ? 'stale' : steady(i))),
  ...both('stale from the start', 3, (i) => (i === 0 ? 'stale' : steady(i))),
  ...both('gauge', 9, (i) => ({ ...steady([3, 1, 4, 1, 5, 9, 2, 6, 5][i]), hint: CounterResetHint.gauge })),
  ...both('gauge whose buckets come and go', 8, (i) => ({
    hint: CounterResetHint.gauge,
    sum: -i,
    spans: [
      [0, 2],
      [1, 2],
      [-3, 1],
      [0, 1, 4, 2],
      [5, 1],
      [0, 2],
      [-3, 1, 2, 9],
      [0, 1],
    ][i],
    buckets: [[1, 2], [3, 4], [5], [6, 7, 8], [9], [1, 1], Array.from({ length: 10 }, (_, k) => k), [4]][i],
    negativeSpans: i % 2 === 0 ? [] : [i, 1],
    negativeBuckets: i % 2 === 0 ? [] : [i],
  })),
  ...both('gauge after counter', 4, (i) => ({ ...steady(i), hint: i < 2 ? CounterResetHint.unknown : CounterResetHint.gauge })),
  ...both('empty spans', 6, (i) => ({ spans: [2, 0, 1, 2, 3, 0, 0, 1, 5, 0], buckets: [i, 2 * i, 3 * i] })),
  ...both('custom buckets', 10, (i) => ({
    schema: CUSTOM_BUCKETS_SCHEMA,
    sum: i * 2.5,
    customValues: [-5, 0, 0.0005, 0.25, 33554.43, 33554.431, 1e9],
    spans: i < 4 ? [1, 2] : [0, 3, 4, 1],
    buckets: i < 4 ? [i, 2 * i] : [0, i, 2 * i, i],
  })),
  ...both('custom bounds change', 4, (i) => ({
    schema: CUSTOM_BUCKETS_SCHEMA,
    customValues: i < 2 ? [1, 2] : [1, 3],
    spans: [0, 2],
    buckets: [i, i],
  })),
  ...both('160 buckets', 8, wide),
  ...both('large counts', 7, (i) => ({
    zeroCount: [0, 0, 1e5, 1e7, 1e12, 2 ** 49, 2 ** 49 + 1][i],
    spans: [0, 3],
    buckets: [0, [0, 7e4, 2e7, 2e9, 1e13, 1e14, 2e14][i], 2 ** i],
  })),
]
