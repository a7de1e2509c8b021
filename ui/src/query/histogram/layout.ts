import type { HistogramJson } from '../../../../src/api/types/query.ts'
import { parseSampleValue } from '../../format/number.ts'
import type { Unit } from '../../format/unit.ts'

// Where the bars of a native histogram stand, and how high. On the exponential axis buckets are about equally wide and
// height is count; zero has no place on a logarithm, so what contains it takes the width of one bucket there. On the
// linear axis area is count, height therefore density. A bucket without an end is as wide as a bucket is by the way.

export type BucketAxis = 'exponential' | 'linear'
export type BucketJson = NonNullable<HistogramJson['buckets']>[number]

/** A bucket's bar; positions and heights as shares of the drawing, from 0 to 1. */
export interface Bar {
  readonly left: number
  readonly width: number
  readonly height: number
  /** One of the bounds is infinite. */
  readonly open: boolean
  /** A difference of histograms may count less than nothing. */
  readonly negative: boolean
  readonly range: string
  readonly count: string
}

export interface Tick {
  readonly at: number
  readonly value: number
}

export interface HistogramLayout {
  readonly bars: readonly Bar[]
  readonly ticks: readonly Tick[]
  /** The largest count; what a full height means on the exponential axis. */
  readonly countMax: number
}

interface Bucket {
  readonly json: BucketJson
  readonly lower: number
  readonly upper: number
  readonly count: number
}

/** The drawing of these buckets, in the order the API lists them; ticks are round in the unit. Undefined when there are none. */
export function layoutHistogram(buckets: readonly BucketJson[], axis: BucketAxis, unit: Unit): HistogramLayout | undefined {
  if (buckets.length === 0) return undefined
  const read = buckets.map((json): Bucket => {
    return { json, lower: parseSampleValue(json[1]), upper: parseSampleValue(json[2]), count: parseSampleValue(json[3]) }
  })
  const place = axis === 'exponential' ? exponentialScale(read) : linearScale(read)
  const spans = read.map((bucket) => spanOf(bucket, place))
  const start = Math.min(...spans.map(([left]) => left))
  const end = Math.max(...spans.map(([, right]) => right))
  const length = end - start || 1
  const countMax = Math.max(...read.map(({ count }) => Math.abs(count)))
  const heights = axis === 'exponential' ? read.map(({ count }) => Math.abs(count)) : densities(read, spans)
  const heightMax = Math.max(0, ...heights.filter(Number.isFinite)) || 1
  const bars = read.map((bucket, index): Bar => {
    const [left, right] = spans[index]
    return {
      left: (left - start) / length,
      width: (right - left) / length,
      height: Math.min(1, heights[index] / heightMax),
      open: !Number.isFinite(bucket.lower) || !Number.isFinite(bucket.upper),
      negative: bucket.count < 0,
      range: bucketRange(bucket.json),
      count: bucket.json[3],
    }
  })
  const at = (value: number) => (place.of(value) - start) / length
  const ticks = axis === 'exponential' ? edgeTicks(read, at) : roundTicks(read, unit, at)
  return { bars, ticks, countMax }
}

/** `(0.25, 0.5]`, with the brackets that say which bounds belong to the bucket. */
export function bucketRange([bounds, lower, upper]: BucketJson): string {
  const open = bounds === 1 || bounds === 3 ? '[' : '('
  const close = bounds === 0 || bounds === 3 ? ']' : ')'
  return `${open}${lower}, ${upper}${close}`
}

interface Scale {
  readonly of: (value: number) => number
  /** Whether a bucket of nothing but zero gets room. */
  readonly widensZero: boolean
  /** What a bucket takes that has no width of its own. */
  readonly unit: number
}

/** Logarithms of both signs, put together at the smallest magnitude that bounds a bucket on one side of zero. */
function exponentialScale(buckets: readonly Bucket[]): Scale {
  let smallest = Number.POSITIVE_INFINITY
  let unit = Number.POSITIVE_INFINITY
  for (const { lower, upper } of buckets) {
    if (lower <= 0 && upper >= 0) continue
    const [near, far] = [Math.abs(lower), Math.abs(upper)].sort((a, b) => a - b)
    smallest = Math.min(smallest, near)
    if (Number.isFinite(far)) unit = Math.min(unit, Math.log(far / near))
  }
  if (!Number.isFinite(unit) || unit <= 0) unit = 1
  if (!Number.isFinite(smallest))
    smallest = Math.max(...buckets.flatMap(({ lower, upper }) => [-lower, upper]).filter(Number.isFinite)) || 1
  const half = unit / 2
  const of = (value: number) => {
    const magnitude = Math.abs(value) / smallest
    return Math.sign(value) * (magnitude >= 1 ? Math.log(magnitude) + half : half)
  }
  return { of, unit, widensZero: true }
}

function linearScale(buckets: readonly Bucket[]): Scale {
  const finite = buckets.flatMap(({ lower, upper }) => [lower, upper]).filter(Number.isFinite)
  const span = Math.max(...finite) - Math.min(...finite)
  return { of: (value) => value, unit: span > 0 ? span / 20 : 1, widensZero: false }
}

function spanOf({ lower, upper }: Bucket, { of, unit, widensZero }: Scale): readonly [left: number, right: number] {
  if (widensZero && lower === 0 && upper === 0) return [-unit / 2, unit / 2]
  if (lower === Number.NEGATIVE_INFINITY && upper === Number.POSITIVE_INFINITY) return [-unit / 2, unit / 2]
  if (lower === Number.NEGATIVE_INFINITY) return [of(upper) - unit, of(upper)]
  if (upper === Number.POSITIVE_INFINITY) return [of(lower), of(lower) + unit]
  return [of(lower), of(upper)]
}

/** Count by width; without a width all of the drawing's height, as a density without bound. */
function densities(buckets: readonly Bucket[], spans: readonly (readonly [number, number])[]): number[] {
  return buckets.map(({ count }, index) => {
    const width = spans[index][1] - spans[index][0]
    return width === 0 ? (count === 0 ? 0 : Number.POSITIVE_INFINITY) : Math.abs(count) / width
  })
}

/** Ticks this near, as a share of the drawing, would write over each other. */
const tickDistance = 0.16

/** Bounds of buckets: zero, the outermost, and as many between as there is room for. */
function edgeTicks(buckets: readonly Bucket[], at: (value: number) => number): readonly Tick[] {
  const atZero = buckets.find(({ lower, upper }) => lower <= 0 && upper >= 0)
  // The bounds of the bucket around zero are nearer to it than a logarithm shows, unless they bound others too.
  const bounding = buckets.filter((bucket) => bucket !== atZero)
  const edges = [...new Set(bounding.flatMap(({ lower, upper }) => [lower, upper]))].filter(Number.isFinite).sort((a, b) => a - b)
  const zero = atZero !== undefined && Number.isFinite(atZero.lower) && Number.isFinite(atZero.upper)
  return spread([zero ? 0 : undefined, edges[0], edges[edges.length - 1], ...edges], at)
}

/** Multiples of 1, 2 or 5 times a power of ten; of a power of two for bytes. */
function roundTicks(buckets: readonly Bucket[], unit: Unit, at: (value: number) => number): readonly Tick[] {
  const finite = buckets.flatMap(({ lower, upper }) => [lower, upper]).filter(Number.isFinite)
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  if (!(high > low)) return finite.length === 0 ? [] : [{ at: at(low), value: low }]
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const decimal = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough
  const step = unit === 'bytes' || unit === 'bytes/s' ? 2 ** Math.ceil(Math.log2(rough)) : decimal
  const first = Math.ceil(low / step)
  const values = Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step)
  // Products of a power of ten below one carry noise in their last digits.
  return values.map((value) => ({ at: at(value), value: Number(value.toPrecision(12)) }))
}

/** The values in order of their importance that stand far enough from those before them. */
function spread(values: readonly (number | undefined)[], at: (value: number) => number): readonly Tick[] {
  const ticks: Tick[] = []
  for (const value of values) {
    if (value === undefined) continue
    const tick = { at: at(value), value }
    if (ticks.every((other) => Math.abs(other.at - tick.at) >= tickDistance)) ticks.push(tick)
  }
  return ticks.sort((a, b) => a.at - b.at)
}
