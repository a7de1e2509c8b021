import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, type Spans } from '../model/histogram.ts'
import { BucketCursor, uniteSpans } from '../model/histogram-spans.ts'
import type { HistogramLayout } from './histogram-layout.ts'
import { COUNT, type HistogramState, POSITIVE_BUCKETS, SAMPLES, ZERO_COUNT } from './histogram-state.ts'

/** What a chunk can do with one more histogram. */
export const HistogramFit = {
  /** `encode` takes it. */
  append: 0,
  /** It has buckets that the chunk has not: `widenChunk` writes the chunk again with them, then `encode` takes it. */
  widen: 1,
  /** Another chunk has to `begin`: its layout changed, or its counts were reset, or it is of another kind. */
  cut: 2,
} as const
export type HistogramFit = (typeof HistogramFit)[keyof typeof HistogramFit]

/** A HistogramFit, and what is known of a reset should the histogram begin a chunk: one number, as this runs once a sample. */
export type FitAnswer = number
export const fitOf = (answer: FitAnswer) => (answer & 3) as HistogramFit
export const resetOf = (answer: FitAnswer) => (answer >> 2) as CounterResetHint
const answerOf = (fit: HistogramFit, reset: CounterResetHint): FitAnswer => fit | (reset << 2)

/** Differences of differences of smaller counts are exact in a double. */
const EXACT_COUNT_MAX = 2 ** 50

/** How a side of a histogram differs from the newest in the chunk: it has not all buckets of the chunk; more; a count fell. */
const LACKS = 1
const NEW = 2
const FELL = 4

/**
 * Whether a chunk can take a histogram. The order of the questions is upstream's; docs/formats/chunks.md has them as a table.
 * Hot: about two nanoseconds a bucket. Source: Prometheus tsdb/chunkenc/histogram.go, appendable and appendableGauge.
 */
export function fitHistogram(state: HistogramState, histogram: Histogram): FitAnswer {
  const { counterResetHint: hint, isFloat, schema } = histogram
  const { unknown, reset, notReset, gauge } = CounterResetHint
  const { floats } = state
  const onItsOwn = answerOf(HistogramFit.cut, hint === notReset ? unknown : hint)
  const isGauge = state.reset === gauge
  if (state.words[SAMPLES] === 0 || state.isFloat !== isFloat || state.isStale) return onItsOwn
  if (isGauge !== (hint === gauge) || hint === reset) return onItsOwn

  const afterReset = isGauge ? onItsOwn : answerOf(HistogramFit.cut, reset)
  if (!isGauge && histogram.count < floats[COUNT]) return afterReset
  if (schema !== state.schema || histogram.zeroThreshold !== state.zeroThreshold)
    return isGauge ? onItsOwn : answerOf(HistogramFit.cut, unknown)
  if (schema === CUSTOM_BUCKETS_SCHEMA && !state.hasCustomValues(histogram.customValues)) return afterReset
  if (!isGauge && histogram.zeroCount < floats[ZERO_COUNT]) return afterReset
  const found = compareSide(state, histogram, true) | compareSide(state, histogram, false)
  if (!isGauge && (found & FELL) !== 0) return afterReset

  const next = isGauge ? gauge : notReset
  if (!isFloat && (histogram.count >= EXACT_COUNT_MAX || floats[COUNT] >= EXACT_COUNT_MAX)) return answerOf(HistogramFit.cut, next)
  return answerOf((found & NEW) === 0 ? HistogramFit.append : HistogramFit.widen, next)
}

/** The layout that has the buckets of a chunk and those of a histogram that it would have to be widened for. */
export function widerLayout(state: HistogramState, histogram: Histogram): HistogramLayout {
  const own = state.layout()
  const positive = compareSide(state, histogram, true)
  const negative = compareSide(state, histogram, false)
  const isGauge = state.reset === CounterResetHint.gauge
  // Where the sample has all buckets its spans are taken as they are, empty ones too: as upstream does.
  const wider = (found: number, mine: Spans, theirs: Spans) =>
    ((isGauge ? positive | negative : found) & LACKS) === 0 ? theirs : uniteSpans(mine, theirs)
  return {
    ...own,
    positiveSpans: wider(positive, own.positiveSpans, histogram.positiveSpans),
    negativeSpans: wider(negative, own.negativeSpans, histogram.negativeSpans),
  }
}

function compareSide(state: HistogramState, histogram: Histogram, isPositive: boolean): number {
  const { floats } = state
  const isFloat = histogram.isFloat
  const spans = isPositive ? histogram.positiveSpans : histogram.negativeSpans
  const counts = isPositive ? histogram.positiveBuckets : histogram.negativeBuckets
  let place = state.bucketsAt + (isPositive ? 0 : state.words[POSITIVE_BUCKETS])
  let own = 0
  if (state.hasSpans(isPositive, spans)) {
    for (let i = 0; i < counts.length; i++) {
      own = isFloat ? floats[place + i] : own + floats[place + i]
      if (own > counts[i]) return FELL
    }
    return 0
  }
  const inChunk = new BucketCursor()
  const inSample = new BucketCursor()
  inChunk.open(state.spans(isPositive))
  inSample.open(spans)
  let found = 0
  let hasOwn = inChunk.next()
  let hasOther = inSample.next()
  if (hasOwn) own = floats[place]
  for (let i = 0; hasOwn || hasOther; ) {
    const isMissing = hasOwn && (!hasOther || inChunk.index < inSample.index)
    if (hasOwn && (isMissing || inChunk.index === inSample.index)) {
      if (isMissing) found |= own === 0 ? LACKS : FELL | LACKS
      else {
        if (own > counts[i++]) found |= FELL
        hasOther = inSample.next()
      }
      hasOwn = inChunk.next()
      if (hasOwn) own = isFloat ? floats[++place] : own + floats[++place]
    } else {
      found |= NEW
      i++
      hasOther = inSample.next()
    }
  }
  return found
}
