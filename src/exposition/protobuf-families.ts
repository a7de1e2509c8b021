import { doAtOnce } from '../base/breather.ts'
import { CounterResetHint, type Histogram } from '../model/histogram.ts'
import type { MetricType } from '../model/metadata.ts'
import { textOfBytes } from './byte-text.ts'
import type { ExposedBucket, ExposedFamily, ExposedMetric } from './exposed-family.ts'
import { ExpositionError } from './exposition-error.ts'
import { knownSpans } from './known-spans.ts'
import type { NumberList } from './number-list.ts'
import { ProtobufMetric } from './protobuf-metric.ts'
import { ProtobufReader, WireType } from './protobuf-reader.ts'

// A page of the protobuf format as families with their metrics, for who looks at it whole; protobuf-writer.ts writes them again. Exemplars
// are left out. Source: prometheus/client_model, metrics.proto.

const TYPES: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram']

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
  const metrics: ExposedMetric[] = []
  for (const [start, stop] of places) {
    reader.position = start
    metric.read(reader, stop)
    metrics.push(exposedMetric(metric, type, reader))
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

function exposedMetric(metric: ProtobufMetric, type: MetricType, reader: ProtobufReader): ExposedMetric {
  const at = metric.labels(reader)
  const labels: [string, string][] = []
  for (let i = 0; i < at.length; i += 4) labels.push([textAt(reader, at.at(i), at.at(i + 1)), textAt(reader, at.at(i + 2), at.at(i + 3))])
  const timestamp = metric.timestamp === 0 ? undefined : metric.timestamp
  const startTime = metric.created === 0 ? undefined : metric.created
  const common = { labels, timestamp, startTime }
  if (type === 'summary') {
    const quantiles = [...metric.quantiles.used].map((quantile, i) => [quantile, metric.quantileValues.at(i)] as const)
    return { kind: 'summary', ...common, count: metric.summaryCount, sum: metric.summarySum, quantiles }
  }
  if (type === 'histogram' || type === 'gaugehistogram') {
    const buckets = [...metric.bucketBounds.used].map(
      (upperBound, i): ExposedBucket => ({ upperBound, count: metric.bucketCounts.at(i), exemplar: undefined }),
    )
    const count = metric.countFloat > 0 ? metric.countFloat : metric.count
    return { kind: 'histogram', ...common, count, sum: metric.sum, buckets, native: nativeOf(metric, type) }
  }
  const value = type === 'counter' ? metric.counter : type === 'gauge' ? metric.gauge : metric.untyped
  return { kind: 'value', ...common, value }
}

/** undefined: it has classic buckets alone. Source: Prometheus model/textparse/protobufparse.go, isNativeHistogram. */
function nativeOf(metric: ProtobufMetric, type: MetricType): Histogram | undefined {
  const { positiveSpans, negativeSpans, zeroThreshold, zeroCount, zeroCountFloat } = metric
  if (positiveSpans.length + negativeSpans.length === 0 && zeroThreshold === 0 && zeroCount === 0 && zeroCountFloat === 0) return undefined
  const isFloat = metric.countFloat > 0 || zeroCountFloat > 0
  return {
    isFloat,
    counterResetHint: type === 'gaugehistogram' ? CounterResetHint.gauge : CounterResetHint.unknown,
    schema: metric.schema,
    zeroThreshold,
    zeroCount: isFloat ? zeroCountFloat : zeroCount,
    count: isFloat ? metric.countFloat : metric.count,
    sum: metric.sum,
    positiveSpans: knownSpans(positiveSpans),
    negativeSpans: knownSpans(negativeSpans),
    positiveBuckets: isFloat ? metric.positiveCounts.used.slice() : absolute(metric.positiveDeltas),
    negativeBuckets: isFloat ? metric.negativeCounts.used.slice() : absolute(metric.negativeDeltas),
    customValues: new Float64Array(0),
  }
}

function absolute({ used }: NumberList): Float64Array {
  let count = 0
  return used.map((delta) => (count += delta))
}
