import { deserialize, serialize } from 'node:v8'
import type { Histogram } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import type { QueryValue } from '../../promql/value.ts'

// The answer of an instant query on its way from a query thread to who works with it in this process: nothing is lost of it, and it
// is never stored.

type Instant = Exclude<QueryValue, { type: 'matrix' }>

interface Columns {
  readonly type: 'vector'
  readonly labels: readonly (readonly string[])[]
  readonly times: Float64Array
  readonly values: Float64Array
  readonly histograms: readonly (Histogram | undefined)[]
}

/** Throws for a matrix, which no instant answer of a rule may be. */
export function encodeInstant(value: QueryValue): Uint8Array {
  if (value.type === 'matrix') throw new Error('rule result is not a vector or scalar')
  if (value.type !== 'vector') return serialize(value)
  const { samples } = value
  const columns: Columns = {
    type: 'vector',
    labels: samples.map(({ labels }) => labels.pairs),
    times: Float64Array.from(samples, ({ t }) => t),
    values: Float64Array.from(samples, ({ v }) => v),
    histograms: samples.some(({ h }) => h !== undefined) ? samples.map(({ h }) => h) : [],
  }
  return serialize(columns)
}

export function decodeInstant(bytes: Uint8Array): Instant {
  const value = deserialize(bytes) as Exclude<Instant, { type: 'vector' }> | Columns
  if (value.type !== 'vector') return value
  const { labels, times, values, histograms } = value
  return {
    type: 'vector',
    samples: labels.map((pairs, i) => ({
      labels: Labels.fromSortedPairs(pairs),
      t: times[i] as number,
      v: values[i] as number,
      h: histograms[i],
    })),
  }
}
