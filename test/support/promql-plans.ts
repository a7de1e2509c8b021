import assert from 'node:assert/strict'
import { errorMessage } from '../../src/base/errors.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { isStaleMarker } from '../../src/model/staleness.ts'
import type { QueryEngine } from '../../src/promql/query-engine.ts'
import type { QueryResult } from '../../src/promql/value.ts'
import type { MemorySeries } from '../../src/storage/memory-source.ts'
import { engineOver, seriesOf, showValue, type Value } from './promql-engine.ts'

export const METRICS = ['a', 'b_total', 'c:rule', 'h', 'mixed']

/** Of these the one has native histograms alone, the other has both. */
const HISTOGRAMS = ['h', 'mixed']
export const LABELS = { job: ['x', 'y'], le: ['0.1', '+Inf'], group: ['g', ''] }

/** Two engines over the same data, one of which runs plans as they are written. */
export function plans(): { checkEqual(ask: (engine: QueryEngine) => Promise<QueryResult>): Promise<void> } {
  const data = METRICS.flatMap((name, n) =>
    LABELS.job.flatMap((job, j) =>
      LABELS.le.map((le, l) =>
        withHistograms(name, seriesOf({ __name__: name, job, le, group: j === l ? 'g' : '' }, values(n * 4 + j * 2 + l))),
      ),
    ),
  )
  const optimised = engineOver(data)
  const plain = engineOver(data, { optimiser: (plan) => plan })
  return {
    async checkEqual(ask) {
      assert.equal(await outcome(() => ask(optimised)), await outcome(() => ask(plain)))
    },
  }
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

/** Sums come out in another order below a hoisted `sort` or `topk`: their last digit may differ. */
function rounded(text: string): string {
  return text.replace(/-?\d+(\.\d+)?(e[+-]\d+)?/g, (number) => Number(number).toPrecision(12))
}

async function outcome(run: () => Promise<QueryResult>): Promise<string> {
  try {
    const result = await run()
    return [rounded(showValue(result)), ...result.warnings.toSorted(), ...result.infos.toSorted()].join('\n')
  } catch (error) {
    return `error ${errorMessage(error)}`
  }
}
