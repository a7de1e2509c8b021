import { parseFloatText } from '../../model/go-float.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../../model/histogram.ts'
import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import type { LoadCommand } from './script.ts'

/** A sample that a script has loaded: `value` is the sum where it is a histogram. */
export interface LoadedSample {
  readonly value: number
  readonly histogram: Histogram | undefined
  /** 0: not known. */
  readonly startTime: number
}

interface LoadedSeries {
  readonly labels: Labels
  readonly samples: Map<number, LoadedSample>
}

/** What is known of a classic histogram at one time. */
interface Known {
  readonly bounds: Map<number, number>
  count: number | undefined
  sum: number | undefined
}

/**
 * The native histograms with custom bounds that `load_with_nhcb` makes of classic ones.
 * Source: Prometheus promql/promqltest/test.go, appendCustomHistogram; util/convertnhcb.
 */
export function nativeOfClassic({ series, stepMs }: LoadCommand): readonly LoadedSeries[] {
  const histograms = new Map<string, { labels: Labels; times: Map<number, Known> }>()
  for (const { labels, values } of series) {
    const [, base, suffix] = /^(.*)_(bucket|count|sum)$/.exec(labels.get(METRIC_NAME)) ?? []
    if (base === undefined) continue
    const bound = suffix === 'bucket' ? parseFloatText(labels.get('le')) : undefined
    if (suffix === 'bucket' && bound === undefined) continue
    const named = labels.without('le').with({ [METRIC_NAME]: base })
    const known = histograms.get(named.key()) ?? { labels: named, times: new Map<number, Known>() }
    histograms.set(named.key(), known)
    for (const [i, value] of values.entries()) {
      if (value.kind !== 'value') continue
      const at = known.times.get(i * stepMs) ?? { bounds: new Map<number, number>(), count: undefined, sum: undefined }
      known.times.set(i * stepMs, at)
      if (bound !== undefined) at.bounds.set(bound, value.value)
      else if (suffix === 'count') at.count = value.value
      else at.sum = value.value
    }
  }
  const loaded: LoadedSeries[] = []
  for (const { labels, times } of histograms.values()) {
    const samples = new Map<number, LoadedSample>()
    for (const [time, known] of times) {
      const histogram = convert(known)
      if (histogram !== undefined) samples.set(time, { value: histogram.sum, histogram, startTime: 0 })
    }
    if (samples.size > 0) loaded.push({ labels, samples })
  }
  return loaded
}

/** Undefined where the counts of the buckets fall. */
function convert({ bounds, count, sum }: Known): Histogram | undefined {
  const sorted = [...bounds].sort(([a], [b]) => a - b)
  if (sorted.length === 0) return undefined
  const infinite = bounds.get(Infinity)
  const all = infinite ?? count ?? sorted[sorted.length - 1][1]
  const customValues = Float64Array.from(sorted.filter(([bound]) => bound !== Infinity).map(([bound]) => bound))
  const buckets = new Float64Array(customValues.length + 1)
  let before = 0
  for (let i = 0; i <= customValues.length; i++) {
    const upTo = i < customValues.length ? sorted[i][1] : all
    if (upTo < before) return undefined
    buckets[i] = upTo - before
    before = upTo
  }
  return {
    isFloat: true,
    counterResetHint: CounterResetHint.unknown,
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count: count ?? all,
    sum: sum ?? 0,
    positiveSpans: Int32Array.of(0, buckets.length),
    positiveBuckets: buckets,
    negativeSpans: NO_SPANS,
    negativeBuckets: NO_BUCKETS,
    customValues,
  }
}
