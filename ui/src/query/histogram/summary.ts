import type { HistogramJson } from '../../../../src/api/types/query.ts'
import { formatCount, formatShort, parseSampleValue } from '../../format/number.ts'
import { guessUnit, type Unit } from '../../format/unit.ts'
import { bucketRange } from './layout.ts'

/** A histogram in one sentence, for who does not see its drawing. */
export function describeHistogram({ count, sum, buckets = [] }: HistogramJson): string {
  const numbers = `Histogram, count ${count}, sum ${sum}`
  if (buckets.length === 0) return `${numbers}, no populated buckets`
  const fullest = buckets.reduce((best, bucket) => (parseSampleValue(bucket[3]) > parseSampleValue(best[3]) ? bucket : best))
  const first = buckets[0][1]
  const last = buckets[buckets.length - 1][2]
  return `${numbers}, ${formatCount(buckets.length)} buckets from ${first} to ${last}, most in ${bucketRange(fullest)}: ${fullest[3]}`
}

/** The mean of the observations; undefined when there are none. */
export function averageOf({ count, sum }: HistogramJson): number | undefined {
  const average = parseSampleValue(sum) / parseSampleValue(count)
  return Number.isFinite(average) ? average : undefined
}

/** A bucket's part of all observations: `12.5 %`; empty where that says nothing. */
export function shareOf(bucketCount: string, count: string): string {
  const share = parseSampleValue(bucketCount) / parseSampleValue(count)
  return Number.isFinite(share) ? `${formatShort(share * 100, 'none')} %` : ''
}

/** The unit of what was observed: a rate changes what is counted, not what was measured. */
export function observedUnit(expr: string): Unit {
  return guessUnit(expr.replace(/\b(rate|irate|increase|delta|idelta)\s*\(/g, '('))
}
