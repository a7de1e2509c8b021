import type { HistogramJson, HistogramSampleJson, Metric, QueryData, SampleJson } from '../../../../src/api/types/query.ts'
import { formatShort, parseSampleValue } from '../../format/number.ts'
import type { Unit } from '../../format/unit.ts'

/** A row of the result table: a series, or the one row of a scalar or string. */
export interface Row {
  readonly metric: Metric | undefined
  /** One value of an instant vector, many of a range vector; each as the API wrote it. */
  readonly values: readonly RowValue[]
}

export type RowValue = FloatValue | HistogramValue

export interface FloatValue {
  readonly text: string
  /** The value in its unit when that says more than the text does. */
  readonly short: string | undefined
  /** Unix ms, of a range vector's samples only: all others are at the time of the query. */
  readonly time: number | undefined
}

/** A native histogram, with the time of its sample as a float has it. */
export interface HistogramValue {
  readonly histogram: HistogramJson
  readonly time: number | undefined
}

/** The rows of any result. */
export function toRows(data: QueryData, unit: Unit): readonly Row[] {
  switch (data.resultType) {
    case 'scalar':
      return [{ metric: undefined, values: [readValue(data.result, 'none', undefined)] }]
    case 'string':
      return [{ metric: undefined, values: [{ text: JSON.stringify(data.result[1]), short: undefined, time: undefined }] }]
    case 'vector':
      return data.result.map(({ metric, value, histogram }) => {
        const read = value === undefined ? histogram && readHistogram(histogram, undefined) : readValue(value, unit, undefined)
        return { metric, values: read === undefined ? [] : [read] }
      })
    case 'matrix':
      return data.result.map(({ metric, values = [], histograms = [] }) => {
        const points: RowValue[] = [
          ...values.map((sample) => readValue(sample, unit, sample[0] * 1000)),
          ...histograms.map((sample) => readHistogram(sample, sample[0] * 1000)),
        ]
        return { metric, values: points.sort((a, b) => (a.time ?? 0) - (b.time ?? 0)) }
      })
  }
}

function readHistogram([, histogram]: HistogramSampleJson, time: number | undefined): HistogramValue {
  return { histogram, time }
}

function readValue([, text]: SampleJson, unit: Unit, time: number | undefined): FloatValue {
  const short = unit === 'none' ? undefined : formatShort(parseSampleValue(text), unit)
  return { text, short: short === text ? undefined : short, time }
}
