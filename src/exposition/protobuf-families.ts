import { doAtOnce } from '../base/breather.ts'
import type { MetricType } from '../model/metadata.ts'
import { textOfBytes } from './byte-text.ts'
import type { ExposedBucket, ExposedFamily, ExposedMetric } from './exposed-family.ts'
import { ExpositionError } from './exposition-error.ts'
import { NativeHistograms } from './native-histograms.ts'
import { TYPES } from './protobuf-family.ts'
import { ProtobufMetric } from './protobuf-metric.ts'
import { ProtobufReader, WireType } from './protobuf-reader.ts'

// A page of the protobuf format as families with their metrics, for who looks at it whole; protobuf-writer.ts writes them again. Exemplars
// are left out. Source: prometheus/client_model, metrics.proto.

/** Metrics between two pauses. */
const TURN_METRICS = 256

/** In the order of the page; a name may come more than once. Throws ExpositionError. */
export function protobufFamilies(page: Uint8Array): ExposedFamily[] {
  return doAtOnce(readingProtobufFamilies(page))
}

/** The same, with pauses. */
export function* readingProtobufFamilies(page: Uint8Array): Generator<undefined, ExposedFamily[]> {
  const reader = new ProtobufReader()
  reader.reset(page)
  const families: ExposedFamily[] = []
  while (reader.position < page.length) {
    families.push(yield* readFamily(reader, reader.lengthEnd(page.length)))
    yield
  }
  return families
}

function* readFamily(reader: ProtobufReader, end: number): Generator<undefined, ExposedFamily> {
  let [name, help, unit] = ['', '', '']
  // The default of the message.
  let type: MetricType = 'counter'
  const places: (readonly [start: number, end: number])[] = []
  while (reader.position < end) {
    reader.key('MetricFamily', end)
    switch (reader.field) {
      case 1:
        name = readText(reader, end, 'Name')
        break
      case 2:
        help = readText(reader, end, 'Help')
        break
      case 3: {
        reader.want(WireType.varint, 'Type')
        reader.varint(end)
        const known = TYPES[reader.unsigned]
        if (known === undefined) throw new ExpositionError(`unknown metric type ${reader.unsigned}`)
        type = known
        break
      }
      case 4: {
        reader.want(WireType.length, 'Metric')
        const stop = reader.lengthEnd(end)
        places.push([reader.position, stop])
        reader.position = stop
        break
      }
      case 5:
        unit = readText(reader, end, 'Unit')
        break
      default:
        reader.skip(end)
    }
  }
  const metric = new ProtobufMetric()
  const histograms = new NativeHistograms()
  const metrics: ExposedMetric[] = []
  for (const [start, stop] of places) {
    reader.position = start
    metric.read(reader, stop)
    metrics.push(exposedMetric(metric, type, reader, histograms))
    if (metrics.length % TURN_METRICS === 0) yield
  }
  reader.position = end
  return { name, type, help, unit, metrics }
}

function readText(reader: ProtobufReader, end: number, field: string): string {
  reader.want(WireType.length, field)
  const stop = reader.lengthEnd(end)
  const text = textAt(reader, reader.position, stop)
  reader.position = stop
  return text
}

function textAt({ bytes }: ProtobufReader, start: number, end: number): string {
  return textOfBytes(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start))
}

function exposedMetric(metric: ProtobufMetric, type: MetricType, reader: ProtobufReader, histograms: NativeHistograms): ExposedMetric {
  const at = metric.labels(reader)
  const labels: [string, string][] = []
  for (let i = 0; i < at.length; i += 4) labels.push([textAt(reader, at.at(i), at.at(i + 1)), textAt(reader, at.at(i + 2), at.at(i + 3))])
  const timestamp = metric.timestamp === 0 ? undefined : metric.timestamp
  const startTime = metric.created === 0 ? undefined : metric.created
  const common = { labels, timestamp, startTime }
  if (type === 'summary') {
    const quantiles = [...metric.summary.quantiles.used].map((quantile, i) => [quantile, metric.summary.quantileValues.at(i)] as const)
    return { kind: 'summary', ...common, count: metric.summary.count, sum: metric.summary.sum, quantiles }
  }
  if (type === 'histogram' || type === 'gaugehistogram') {
    const { histogram } = metric
    const buckets = [...histogram.bucketBounds.used].map(
      (upperBound, i): ExposedBucket => ({ upperBound, count: histogram.bucketCounts.at(i), exemplar: undefined }),
    )
    const native = histogram.isNative ? histograms.of(histogram, type === 'gaugehistogram') : undefined
    return { kind: 'histogram', ...common, count: histogram.total, sum: histogram.sum, buckets, native }
  }
  const value = type === 'counter' ? metric.counter : type === 'gauge' ? metric.gauge : metric.untyped
  return { kind: 'value', ...common, value }
}
