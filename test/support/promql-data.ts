// Random series of every kind that an engine meets, the same for the same seed.
import { seededRandom } from '../../src/base/virtual/random.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { Labels } from '../../src/model/labels.ts'
import { STALE_MARKER } from '../../src/model/staleness.ts'
import type { MemorySeries } from '../../src/storage/memory-source.ts'

/** Label names and values that matchers of random queries pick from. */
export const DATA_LABELS = {
  job: ['x', 'y'],
  instance: ['0', '1'],
  le: ['0.1', '+Inf'],
  group: ['g', ''],
  'dotted.name': ['é', ''],
  data: ['x'],
}

type Next = (before: Sample | undefined, i: number) => Sample

type Sample = number | Histogram

/** Metric names that queries pick from, and what their samples are. */
const METRICS: Readonly<Record<string, (random: Dice) => Next>> = {
  a: (dice) => () => [0, 1, -1, 2.5, 100, dice.below(1000) / 8 - 50, dice.below(20)][dice.below(7)],
  odd: (dice) => () => [Number.NaN, Infinity, -Infinity, -0, 1e-300, 1e300, dice.below(10)][dice.below(7)],
  b_total: (dice) => (before) => (dice.below(30) === 0 ? dice.below(5) : Number(before ?? 0) + dice.below(20)),
  'c:rule': (dice) => () => dice.below(4),
  lat_bucket: (dice) => (before) => Number(before ?? 0) + dice.below(4),
  'metric.é': (dice) => () => dice.below(100),
  h: (dice) => (before, i) => grown(dice, before, i < 40 ? 2 : 1),
  h_total: (dice) => (before) => grown(dice, dice.below(25) === 0 ? undefined : before, 0),
  gauge: (dice) => () => grown(dice, undefined, dice.below(3) - 1, CounterResetHint.gauge),
  custom: (dice) => (before, i) => grown(dice, dice.below(25) === 0 ? undefined : before, CUSTOM_BUCKETS_SCHEMA, undefined, i < 70 ? 3 : 2),
  mixed: (dice) => (before) => {
    const kind = dice.below(8)
    if (kind < 3) return dice.below(50)
    return grown(dice, before, kind === 3 ? CUSTOM_BUCKETS_SCHEMA : 1, kind === 4 ? CounterResetHint.gauge : undefined)
  },
  target_info: () => () => 1,
  build_info: () => () => 1,
}

export const DATA_METRICS: readonly string[] = Object.keys(METRICS)

/** Up to `sampleCount` samples every ten seconds from 0, of some series of each metric. */
export function randomSeries(seed: number, sampleCount = 80): readonly MemorySeries[] {
  const dice = new Dice(seed)
  const all: MemorySeries[] = []
  for (const [name, open] of Object.entries(METRICS)) {
    const isInfo = name.endsWith('_info')
    for (const job of DATA_LABELS.job) {
      for (const instance of DATA_LABELS.instance) {
        if (dice.below(12) === 0) continue
        const labels: Record<string, string> = { __name__: name, job, instance }
        if (isInfo) labels.data = dice.below(2) === 0 ? 'x' : 'y'
        else if (dice.below(2) === 0) labels.group = 'g'
        if (!isInfo && dice.below(4) === 0) labels['dotted.name'] = 'é'
        const bounds = name === 'lat_bucket' ? ['0.1', '1', '+Inf'] : [undefined]
        for (const le of bounds) all.push(column(dice, le === undefined ? labels : { ...labels, le }, open(dice), sampleCount))
      }
    }
  }
  return all
}

/** Whole numbers by a seed. */
class Dice {
  readonly #random: ReturnType<typeof seededRandom>

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  below(limit: number): number {
    return Math.floor(this.#random.next() * limit)
  }
}

/** One series, with gaps, endings, samples off the grid, and sometimes the times when its counting began. */
function column(dice: Dice, labels: Record<string, string>, next: Next, sampleCount: number): MemorySeries {
  const timestamps: number[] = []
  const values = new Float64Array(sampleCount)
  const histograms: (Histogram | undefined)[] = []
  const startTimes: number[] = []
  const knowsStart = dice.below(4) === 0
  const gapAt = dice.below(sampleCount)
  let start = -30_000
  let before: Sample | undefined
  for (let i = 0; i < sampleCount; i++) {
    if (dice.below(12) === 0 || (i >= gapAt && i < gapAt + 9)) continue
    const isStale = dice.below(25) === 0
    const sample = next(before, i)
    before = sample
    values[timestamps.length] = isStale ? STALE_MARKER : typeof sample === 'number' ? sample : sample.sum
    histograms.push(isStale || typeof sample === 'number' ? undefined : sample)
    if (dice.below(20) === 0) start = i * 10_000 - 1 - dice.below(20_000)
    startTimes.push(knowsStart && dice.below(10) !== 0 ? start : 0)
    timestamps.push(i * 10_000 + (dice.below(5) === 0 ? dice.below(4000) : 0))
  }
  const isMixed = histograms.some((histogram) => histogram !== undefined)
  return {
    labels: Labels.of(labels),
    timestamps,
    values: values.slice(0, timestamps.length),
    ...(isMixed ? { histograms } : {}),
    ...(knowsStart ? { startTimes } : {}),
  }
}

function grown(
  dice: Dice,
  before: Sample | undefined,
  schema: number,
  hint: CounterResetHint = CounterResetHint.unknown,
  bounds = 3,
): Histogram {
  const custom = schema === CUSTOM_BUCKETS_SCHEMA
  const length = custom ? bounds + 1 : 4
  const last = before !== undefined && typeof before !== 'number' && before.schema === schema ? before : undefined
  const sides = (old: Float64Array | undefined, size: number) =>
    Float64Array.from({ length: size }, (_, i) => (old?.length === size ? old[i] : 0) + dice.below(4))
  const positiveBuckets = sides(last?.positiveBuckets, length)
  const negativeBuckets = custom || dice.below(2) === 0 ? NO_BUCKETS : sides(last?.negativeBuckets, 2)
  const zeroCount = custom ? 0 : (last?.zeroCount ?? 0) + dice.below(2)
  return {
    isFloat: true,
    counterResetHint: hint,
    schema,
    zeroThreshold: custom ? 0 : [0.001, 0.001, 0.25][dice.below(3)],
    zeroCount,
    count: [...positiveBuckets, ...negativeBuckets].reduce((sum, count) => sum + count, zeroCount),
    sum: (last?.sum ?? 0) + dice.below(100) / 4,
    positiveSpans: Int32Array.of(0, 2, custom ? 0 : 1, length - 2),
    positiveBuckets,
    negativeSpans: negativeBuckets.length === 0 ? NO_SPANS : Int32Array.of(1, 2),
    negativeBuckets,
    customValues: custom ? Float64Array.from([1, 2.5, 10].slice(0, bounds)) : NO_BUCKETS,
  }
}
