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

export interface InstantAnswer {
  readonly value: Instant
  /** What was not to be had of what the query reads, for people. */
  readonly missing: readonly string[]
}

/** Throws for a matrix, which no instant answer of a rule may be. */
export function encodeInstant(value: QueryValue, missing: readonly string[]): Uint8Array {
  if (value.type === 'matrix') throw new Error('rule result is not a vector or scalar')
  if (value.type !== 'vector') return serialize({ value, missing })
  const { samples } = value
  const columns: Columns = {
    type: 'vector',
    labels: samples.map(({ labels }) => labels.pairs),
    times: Float64Array.from(samples, ({ t }) => t),
    values: Float64Array.from(samples, ({ v }) => v),
    histograms: samples.some(({ h }) => h !== undefined) ? samples.map(({ h }) => h) : [],
  }
  return serialize({ value: columns, missing })
}

export function decodeInstant(bytes: Uint8Array): InstantAnswer {
  const { value, missing } = deserialize(bytes) as { value: Exclude<Instant, { type: 'vector' }> | Columns; missing: readonly string[] }
  return { value: value.type === 'vector' ? vectorOf(value) : value, missing }
}

function vectorOf({ labels, times, values, histograms }: Columns): Instant {
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
