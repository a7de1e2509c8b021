import assert from 'node:assert/strict'
import { errorMessage } from '../../src/base/errors.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { isStaleMarker } from '../../src/model/staleness.ts'
import type { EngineOptions } from '../../src/promql/engine.ts'
import { formatHistogram } from '../../src/promql/functions/format-histogram.ts'
import { OPTIMISERS } from '../../src/promql/plan/optimise.ts'
import type { Optimiser } from '../../src/promql/plan/plan.ts'
import type { QueryEngine, QueryOptions } from '../../src/promql/query-engine.ts'
import type { QueryResult, QueryValue } from '../../src/promql/value.ts'
import { type MemorySeries, MemorySource } from '../../src/storage/memory-source.ts'
import { overlay, type Series, type SeriesSource } from '../../src/storage/series-source.ts'
import { engineOver, seriesOf, showValue, type Value } from './promql-engine.ts'
import { splitEngine } from './promql-split.ts'

export const METRICS = ['a', 'b_total', 'c:rule', 'h', 'mixed']

/** Of these the one has native histograms alone, the other has both. */
const HISTOGRAMS = ['h', 'mixed']
export const LABELS = { job: ['x', 'y'], le: ['0.1', '+Inf'], group: ['g', ''] }

/** Engines over the same data that differ in what is done to a plan before it runs, and in whether it runs in parts. */
export interface PlanEngines {
  /** Whether all of them gave an answer: none does where one reached a bound, of time or of what it may hold, which is no difference. */
  checkEqual(ask: (engine: QueryEngine) => Promise<QueryResult>): Promise<boolean>
}

/**
 * Plans as they are written, over series in memory; and with all optimisers, with all but one, and with one alone over `source`, which has the
 * same series: by default they are the same, but a database makes more of what an optimiser tells it.
 */
export function plans(
  data: readonly MemorySeries[] = someSeries(),
  options: Partial<EngineOptions> = {},
  source: SeriesSource = backwardsInAnyOrder(new MemorySource(data)),
): PlanEngines {
  const plain = engineOver(data, { ...options, optimiser: (plan) => plan })
  const split = (partCount: number, chooser: (part: number) => 'query' | 'helper') => splitEngine(source, { partCount, chooser }, options)
  const engines = [
    ...VARIANTS.map(({ name, optimiser }) => ({ name, engine: engineOver(source, { ...options, optimiser }) })),
    { name: 'two parts', engine: split(2, (part) => (part === 0 ? 'query' : 'helper')) },
    { name: 'five parts', engine: split(5, (part) => (part % 2 === 0 ? 'helper' : 'query')) },
  ]
  return {
    async checkEqual(ask) {
      const want = await outcome(() => ask(plain))
      let areAll = want !== BOUNDED
      for (const { name, engine } of engines) {
        const got = await outcome(() => ask(engine))
        if (want === BOUNDED || got === BOUNDED) areAll = false
        else if (!isAlike(got, want) && !isAlike(inLineOrder(got), inLineOrder(want))) assert.equal(got, want, name)
      }
      return areAll
    },
  }
}

/** Hands out the last series first to who says that their order means nothing. */
function backwardsInAnyOrder(source: SeriesSource): SeriesSource {
  return overlay(source, {
    async *select(request, ctx) {
      if (request.hints?.anyOrder !== true) yield* source.select(request, ctx)
      else {
        const all: Series[] = []
        for await (const batch of source.select(request, ctx)) all.push(...batch)
        yield all.reverse()
      }
    },
  })
}

const VARIANTS: readonly { readonly name: string; readonly optimiser: Optimiser }[] = [
  { name: 'all optimisers', optimiser: inOrder(OPTIMISERS) },
  ...OPTIMISERS.map((left) => ({ name: `all but ${left.name}`, optimiser: inOrder(OPTIMISERS.filter((other) => other !== left)) })),
  ...OPTIMISERS.map((alone) => ({ name: `${alone.name} alone`, optimiser: alone })),
]

function inOrder(optimisers: readonly Optimiser[]): Optimiser {
  return (plan) => optimisers.reduce((changed, optimiser) => optimiser(changed), plan)
}

function someSeries(): readonly MemorySeries[] {
  return METRICS.flatMap((name, n) =>
    LABELS.job.flatMap((job, j) =>
      LABELS.le.map((le, l) =>
        withHistograms(name, seriesOf({ __name__: name, job, le, group: j === l ? 'g' : '' }, values(n * 4 + j * 2 + l))),
      ),
    ),
  )
}

function withHistograms(name: string, series: MemorySeries): MemorySeries {
  if (!HISTOGRAMS.includes(name)) return series
  const histograms = Array.from(series.values, (value, i): Histogram | undefined => {
    if (isStaleMarker(value) || (name === 'mixed' && i % 11 < 5)) return undefined
    const custom = i % 29 === 0
    return {
      isFloat: true,
      counterResetHint: i % 13 === 0 ? CounterResetHint.gauge : CounterResetHint.unknown,
      schema: custom ? CUSTOM_BUCKETS_SCHEMA : i % 3,
      zeroThreshold: custom ? 0 : 0.01,
      zeroCount: custom ? 0 : i % 4,
      count: value + (custom ? 3 : 3 + (i % 4)),
      sum: value,
      positiveSpans: Int32Array.of(0, 2),
      positiveBuckets: Float64Array.of(value, 3),
      negativeSpans: NO_SPANS,
      negativeBuckets: NO_BUCKETS,
      customValues: custom ? Float64Array.of(1, 2 + (i % 2)) : NO_BUCKETS,
    }
  })
  return { ...series, histograms, values: Float64Array.from(series.values, (value, i) => histograms[i]?.sum ?? value) }
}

function values(seed: number): Value[] {
  return Array.from({ length: 60 }, (_, i) => {
    const kind = (i * 7 + seed * 13) % 23
    if (kind === 0) return 'stale'
    if (kind < 3) return undefined
    return ((i * (seed + 3)) % 17) + seed
  })
}

/** Groups come in the order of their first series, which an optimiser may change; what tells equals apart by order is tested by itself. */
function inLineOrder(text: string): string {
  return text.split('\n').sort().join('\n')
}

const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]\d+)?/g

/** Sums come out in another order below a hoisted `sort` or `topk`: their last digits may differ. */
function isAlike(got: string, want: string): boolean {
  if (got === want) return true
  if (got.replace(NUMBER, '#') !== want.replace(NUMBER, '#')) return false
  const numbers = want.match(NUMBER) ?? []
  return (got.match(NUMBER) ?? []).every((number, i) => isClose(Number(number), Number(numbers[i])))
}

function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-10 * Math.max(1, Math.abs(a), Math.abs(b))
}

/** What a query says that reached a bound: where it is reached depends on the plan. */
const BOUNDED = Symbol('bounded')
const BOUNDS = /^query timed out|too many samples|bytes of memory/

/** Of how many steps something is said: what is the same at every step is evaluated at one by a plan that sees it. */
const OF_STEPS = /, over \d+ samples from \S+ to \S+/

async function outcome(run: () => Promise<QueryResult>): Promise<string | typeof BOUNDED> {
  try {
    const result = await run()
    const infos = result.infos.map((info) => info.replace(OF_STEPS, ''))
    return [showValue(result), ...result.warnings.toSorted(), ...infos.toSorted()].join('\n')
  } catch (error) {
    const message = errorMessage(error)
    if (BOUNDS.test(message)) return BOUNDED
    // Of several groups with duplicates the first that is met is named, and a plan may meet them in another order.
    return `error ${message.replace(/(duplicate series for the match group) .* (on the .* hand-side).*$/s, '$1 … $2')}`
  }
}

/** What a range query says at one of its steps, and an instant query of that time. */
interface StepOfRange {
  readonly start: number
  readonly end: number
  readonly stepMs: number
  /** The step's time. */
  readonly at: number
  readonly asked: QueryOptions
}

/** What a query says of itself is another thing for a range than for a time. */
const OF_THE_QUERY = /\b(start|end|range|step)\(\)/

/**
 * topk, bottomk and limitk choose among equals by the order in which they come. A step of a range and an instant query may have another one where
 * groups come in the order of their first series, which may have nothing at the step, and where series are sorted, which an instant query alone does.
 */
const isChoiceByOrder = (query: string): boolean => CHOICE_OF_ORDERED.test(query)
const CHOICE_OF_ORDERED = /\b(topk|bottomk|limitk)\b.*\b(sort\w*|topk|bottomk|sum|avg|min|max|count|group|stddev|stdvar|quantile)\b/s

/** Throws where a range says something else at a step than an instant query. Answers whether there was something to say. */
export async function checkStepIsInstant(
  engine: QueryEngine,
  query: string,
  { start, end, stepMs, at, asked }: StepOfRange,
): Promise<boolean> {
  // What fails at one step fails as a whole: nothing to compare.
  const range = await engine.range(query, start, end, stepMs, asked).catch(() => undefined)
  if (range === undefined || range.value.type !== 'matrix') return false
  if (OF_THE_QUERY.test(query)) return range.value.series.length > 0
  const want = await engine.instant(query, at, asked).catch((error) => error as Error)
  if (want instanceof Error) {
    if (!BOUNDS.test(errorMessage(want)) && !isChoiceByOrder(query)) throw want
    return false
  }
  const [got, wanted] = [pointsAt(range.value, at), pointsAt(want.value, at)]
  if (!isAlike(got, wanted)) {
    if (isChoiceByOrder(query)) return false
    assert.equal(got, wanted, `at ${at}`)
  }
  return wanted !== ''
}

function pointsAt(value: QueryValue, time: number): string {
  const point = (labels: unknown, v: number, h: Histogram | undefined) => `${labels} ${h === undefined ? v : formatHistogram(h)}`
  if (value.type === 'scalar') return point('{}', value.v, undefined)
  if (value.type === 'vector')
    return value.samples
      .map(({ labels, v, h }) => point(labels, v, h))
      .sort()
      .join('\n')
  if (value.type !== 'matrix') return ''
  return value.series
    .flatMap(({ labels, timestamps, values, histograms, length }) => {
      const i = timestamps.subarray(0, length).indexOf(time)
      return i < 0 ? [] : [point(labels, values[i], histograms?.[i])]
    })
    .sort()
    .join('\n')
}
