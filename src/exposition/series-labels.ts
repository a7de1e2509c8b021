import { quote } from '../base/go-quote.ts'
import { compareStrings, Labels } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import { formatBucketBound, parseFloatText } from './float.ts'
import { nameOrder } from './name-order.ts'

/**
 * The labels of a series from names and values in the order of the page (`[name, value, …]`, the metric's name as `__name__`), which
 * is taken over: sorted, empty values left out, the bounds of buckets and quantiles in their canonical form.
 * Throws `error` where a name is given twice. Hot: once per new series.
 */
export function seriesLabels(pairs: string[], type: MetricType, error: (what: string) => Error): Labels {
  const boundName = type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : ''
  let isSorted = true
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i] === boundName) {
      const bound = parseFloatText(pairs[i + 1])
      if (bound !== undefined) pairs[i + 1] = formatBucketBound(bound)
    }
    if (pairs[i + 1] === '' || (i > 0 && compareStrings(pairs[i - 2], pairs[i]) >= 0)) isSorted = false
  }
  return Labels.fromSortedPairs(isSorted ? pairs : sortedPairs(pairs, error))
}

function sortedPairs(pairs: readonly string[], error: (what: string) => Error): string[] {
  const order = nameOrder(pairs)
  const sorted: string[] = []
  for (let i = 0; i < order.length; i++) {
    const name = pairs[order[i]]
    if (i > 0 && pairs[order[i - 1]] === name) throw error(`label name ${quote(name)} is not unique: invalid sample`)
    if (pairs[order[i] + 1] !== '') sorted.push(name, pairs[order[i] + 1])
  }
  return sorted
}
