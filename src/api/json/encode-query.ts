import { ChunkWriter } from '../../base/chunk-writer.ts'
import type { Histogram } from '../../model/histogram.ts'
import type { MatrixSeries, PlanReport, QueryResult, QueryStats, QueryValue, SamplesPerStep } from '../../promql/value.ts'
import type { PlanNodeJson, QueryStatsJson, StepStatJson } from '../types/query.ts'
import { envelopeEnd } from './envelope.ts'
import { histogramText } from './histogram-text.ts'
import { LabelSetWriter, labelSetBytes } from './label-set-writer.ts'
import { formatWithoutExponent, NUMBER_BYTES_MAX, writeTimestamp } from './number-bytes.ts'
import { pointWriter, writePoint } from './point-writer.ts'
import { jsonLabels, jsonText } from './text.ts'

const ENVELOPE_BYTES = 100
/** A point as long as most are, and what is around it and its labels. */
const POINT_BYTES = 40
/** `[TIME,"VALUE"]` */
const POINT_BYTES_MAX = 2 * NUMBER_BYTES_MAX + 6

/** An answer of /api/v1/query or /api/v1/query_range as chunks of JSON, made while they are asked for. */
export function* encodeQuery(result: QueryResult, options: { readonly stats: boolean }): Generator<Uint8Array> {
  const writer = new ChunkWriter(expectedBytes(result.value))
  writer.ascii(`{"status":"success","data":{"resultType":"${result.value.type}","result":`)
  yield* encodeValue(writer, result.value)
  if (options.stats) writer.text(`,"stats":${jsonText(queryStatsJson(result.stats))}`)
  writer.byte(0x7d)
  writer.text(envelopeEnd(result))
  yield* writer.end()
}

/** What an answer takes, about: its sets of labels are alike, and the points of most are as long. */
function expectedBytes(value: QueryValue): number {
  if (value.type === 'vector' && value.samples.length > 0)
    return ENVELOPE_BYTES + value.samples.length * (labelSetBytes(value.samples[0].labels.pairs) + POINT_BYTES)
  if (value.type !== 'matrix' || value.series.length === 0) return 0
  let pointCount = 0
  for (let i = 0; i < value.series.length; i++) pointCount += value.series[i].length
  return ENVELOPE_BYTES + value.series.length * labelSetBytes(value.series[0].labels.pairs) + pointCount * POINT_BYTES
}

function* encodeValue(writer: ChunkWriter, value: QueryValue): Generator<Uint8Array> {
  switch (value.type) {
    case 'scalar':
      writer.ascii(`[${value.t / 1000},"${formatWithoutExponent(value.v)}"]`)
      return
    case 'string':
      writer.text(`[${value.t / 1000},${jsonText(value.v)}]`)
      return
    case 'vector': {
      writer.byte(0x5b)
      const sets = new LabelSetWriter(writer)
      for (let i = 0; i < value.samples.length; i++) {
        const { labels, t, v, h } = value.samples[i]
        sets.write(i > 0 ? ',{"metric":' : '{"metric":', labels.pairs, h === undefined ? ',"value":' : ',"histogram":')
        if (h === undefined) addPoint(writer, t, v)
        else writeHistogramPoint(writer, t, h)
        writer.byte(0x7d)
        if (writer.hasFull) yield* writer.take()
      }
      writer.byte(0x5d)
      return
    }
    case 'matrix': {
      writer.byte(0x5b)
      const points = pointWriter()
      for (let i = 0; i < value.series.length; i++) {
        const series = value.series[i]
        if (series.histograms !== undefined) {
          writer.text(`${i > 0 ? ',' : ''}{"metric":${jsonLabels(series.labels.pairs)}`)
          yield* encodeMixed(writer, series, series.histograms)
          continue
        }
        writer.text(`${i > 0 ? ',' : ''}{"metric":${jsonLabels(series.labels.pairs)},"values":[`)
        for (let next = 0; next < series.length; ) {
          next = points.write(writer, series, next)
          if (writer.hasFull) yield* writer.take()
        }
        writer.ascii(']}')
      }
      writer.byte(0x5d)
      return
    }
  }
}

/** The rest of a series some of whose points are histograms: the floats first, then the histograms, each list only where it has any. */
function* encodeMixed(
  writer: ChunkWriter,
  { timestamps, values, length }: MatrixSeries,
  histograms: readonly (Histogram | undefined)[],
): Generator<Uint8Array> {
  let written = 0
  for (let i = 0; i < length; i++) {
    if (histograms[i] !== undefined) continue
    writer.ascii(written++ === 0 ? ',"values":[' : ',')
    addPoint(writer, timestamps[i], values[i])
    if (writer.hasFull) yield* writer.take()
  }
  if (written > 0) writer.byte(0x5d)
  written = 0
  for (let i = 0; i < length; i++) {
    const histogram = histograms[i]
    if (histogram === undefined) continue
    writer.ascii(written++ === 0 ? ',"histograms":[' : ',')
    writeHistogramPoint(writer, timestamps[i], histogram)
    if (writer.hasFull) yield* writer.take()
  }
  if (written > 0) writer.byte(0x5d)
  writer.byte(0x7d)
}

function addPoint(writer: ChunkWriter, t: number, v: number): void {
  writer.room(POINT_BYTES_MAX)
  writer.length = writePoint(writer.bytes, writer.length, t, v)
}

function writeHistogramPoint(writer: ChunkWriter, t: number, histogram: Histogram): void {
  writer.room(NUMBER_BYTES_MAX + 2)
  let position = writer.length
  writer.bytes[position++] = 0x5b
  position = writeTimestamp(writer.bytes, position, t)
  writer.bytes[position++] = 0x2c
  writer.length = position
  writer.ascii(histogramText(histogram))
  writer.byte(0x5d)
}

export function queryStatsJson({ timings, samplesTotal, samplesRead, samplesPeak, perStep, plan }: QueryStats): QueryStatsJson {
  return {
    timings: {
      evalTotalTime: seconds(timings['evalTotalTime']),
      resultSortTime: seconds(timings['resultSortTime']),
      queryPreparationTime: seconds(timings['queryPreparationTime']),
      innerEvalTime: seconds(timings['innerEvalTime']),
      execQueueTime: seconds(timings['execQueueTime']),
      execTotalTime: seconds(timings['execTotalTime']),
    },
    samples: {
      ...(perStep && { totalQueryableSamplesPerStep: stepStats(perStep, perStep.totals) }),
      totalQueryableSamples: samplesTotal,
      ...(perStep && { samplesReadPerStep: stepStats(perStep, perStep.reads) }),
      samplesRead,
      peakSamples: samplesPeak,
    },
    ...(plan && { plan: planJson(plan) }),
  }
}

function planJson({ operation, cost, inputs }: PlanReport): PlanNodeJson {
  return {
    operation,
    ...(cost && {
      timeMs: Math.round(cost.timeMs * 1e6) / 1e6,
      series: cost.series,
      samples: cost.samples,
      samplesRead: cost.samplesRead,
      bytes: cost.bytes,
    }),
    inputs: inputs.map(planJson),
  }
}

function stepStats({ start, stepMs }: SamplesPerStep, counts: Float64Array): StepStatJson[] {
  return Array.from(counts, (count, k) => [(start + k * stepMs) / 1000, count])
}

/** To the nanosecond, as upstream. */
function seconds(value = 0): number {
  return Math.round(value * 1e9) / 1e9
}
