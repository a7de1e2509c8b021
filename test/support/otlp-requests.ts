// Requests of OTLP in both forms: written as their JSON form, from which the bytes of Protocol Buffers follow. And random ones.
import fc from 'fast-check'
import { doubleField, field, varint, varintField } from './write-requests.ts'

export const OTLP_PROTOBUF = 'application/x-protobuf'
export const OTLP_JSON = 'application/json'

export type HandValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly bytesValue: string }
  | { readonly arrayValue: { readonly values: readonly HandValue[] } }
  | { readonly kvlistValue: { readonly values: readonly HandAttribute[] } }
  | Record<string, never>

export interface HandAttribute {
  readonly key: string
  readonly value: HandValue
}

export interface HandOtlpExemplar {
  readonly timeUnixNano?: string
  readonly asDouble?: number
  readonly asInt?: string
  readonly traceId?: string
  readonly spanId?: string
  readonly filteredAttributes?: readonly HandAttribute[]
}

interface HandPoint {
  readonly attributes?: readonly HandAttribute[]
  readonly startTimeUnixNano?: string
  readonly timeUnixNano: string
  readonly flags?: number
}

export interface HandNumberPoint extends HandPoint {
  readonly asDouble?: number
  readonly asInt?: string
  readonly exemplars?: readonly HandOtlpExemplar[]
}

export interface HandHistogramPoint extends HandPoint {
  readonly count: string
  readonly sum?: number
  readonly bucketCounts?: readonly string[]
  readonly explicitBounds?: readonly number[]
  readonly exemplars?: readonly HandOtlpExemplar[]
}

export interface HandBuckets {
  readonly offset: number
  readonly bucketCounts: readonly string[]
}

export interface HandExponentialPoint extends HandPoint {
  readonly count: string
  readonly sum?: number
  readonly scale: number
  readonly zeroCount?: string
  readonly positive?: HandBuckets
  readonly negative?: HandBuckets
  readonly exemplars?: readonly HandOtlpExemplar[]
}

export interface HandSummaryPoint extends HandPoint {
  readonly count: string
  readonly sum: number
  readonly quantileValues: readonly { readonly quantile: number; readonly value: number }[]
}

export interface HandMetric {
  readonly name: string
  readonly description?: string
  readonly unit?: string
  readonly gauge?: { readonly dataPoints: readonly HandNumberPoint[] }
  readonly sum?: {
    readonly dataPoints: readonly HandNumberPoint[]
    readonly aggregationTemporality: number
    readonly isMonotonic?: boolean
  }
  readonly histogram?: { readonly dataPoints: readonly HandHistogramPoint[]; readonly aggregationTemporality: number }
  readonly exponentialHistogram?: { readonly dataPoints: readonly HandExponentialPoint[]; readonly aggregationTemporality: number }
  readonly summary?: { readonly dataPoints: readonly HandSummaryPoint[] }
}

export interface HandOtlpRequest {
  readonly resourceMetrics: readonly {
    readonly resource?: { readonly attributes: readonly HandAttribute[] }
    readonly scopeMetrics: readonly {
      readonly scope?: { readonly name?: string; readonly version?: string; readonly attributes?: readonly HandAttribute[] }
      readonly schemaUrl?: string
      readonly metrics: readonly HandMetric[]
    }[]
  }[]
}

export function text(key: string, stringValue: string): HandAttribute {
  return { key, value: { stringValue } }
}

/** The request as Protocol Buffers. */
export function otlpProtobuf({ resourceMetrics }: HandOtlpRequest): Buffer {
  return each(1, resourceMetrics, ({ resource, scopeMetrics }) => [
    ...(resource ? [field(1, each(1, resource.attributes, keyValue))] : []),
    each(2, scopeMetrics, ({ scope, schemaUrl, metrics }) => [
      ...(scope
        ? [field(1, Buffer.concat([textField(1, scope.name), textField(2, scope.version), each(3, scope.attributes, keyValue)]))]
        : []),
      each(2, metrics, metric),
      textField(3, schemaUrl),
    ]),
  ])
}

function each<T>(number: number, items: readonly T[] | undefined, parts: (item: T) => readonly Buffer[]): Buffer {
  return Buffer.concat((items ?? []).map((item) => field(number, Buffer.concat(parts(item)))))
}

function textField(number: number, value: string | undefined): Buffer {
  return value === undefined ? Buffer.alloc(0) : field(number, value)
}

function fixedField(number: number, value: string | undefined): Buffer {
  return value === undefined ? Buffer.alloc(0) : Buffer.concat([varint(number * 8 + 1), fixed(value)])
}

function fixed(value: string): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)))
  return bytes
}

function optionalDouble(number: number, value: number | undefined): Buffer {
  return value === undefined ? Buffer.alloc(0) : doubleField(number, value)
}

function doubles(number: number, values: readonly number[] | undefined): Buffer {
  if (values === undefined) return Buffer.alloc(0)
  const bytes = Buffer.alloc(values.length * 8)
  for (const [i, value] of values.entries()) bytes.writeDoubleLE(value, i * 8)
  return field(number, bytes)
}

function zigzag(value: number): bigint {
  const wide = BigInt(value)
  return wide >= 0n ? wide * 2n : -wide * 2n - 1n
}

function keyValue({ key, value }: HandAttribute): readonly Buffer[] {
  return [field(1, key), field(2, anyValue(value))]
}

function anyValue(value: HandValue): Buffer {
  if ('stringValue' in value) return field(1, value.stringValue as string)
  if ('boolValue' in value) return varintField(2, value.boolValue ? 1 : 0)
  if ('intValue' in value) return varintField(3, BigInt(value.intValue as string))
  if ('doubleValue' in value) return doubleField(4, value.doubleValue as number)
  if ('arrayValue' in value)
    return field(5, Buffer.concat((value.arrayValue as { values: HandValue[] }).values.map((item) => field(1, anyValue(item)))))
  if ('kvlistValue' in value) return field(6, each(1, (value.kvlistValue as { values: HandAttribute[] }).values, keyValue))
  if ('bytesValue' in value) return field(7, Buffer.from(value.bytesValue as string, 'base64'))
  return Buffer.alloc(0)
}

function metric({ name, description, unit, gauge, sum, histogram, exponentialHistogram, summary }: HandMetric): readonly Buffer[] {
  const temporal = (number: number, points: Buffer, temporality: number, isMonotonic?: boolean) =>
    field(
      number,
      Buffer.concat([points, varintField(2, temporality), ...(isMonotonic === undefined ? [] : [varintField(3, isMonotonic ? 1 : 0)])]),
    )
  return [
    textField(1, name),
    textField(2, description),
    textField(3, unit),
    ...(gauge ? [field(5, each(1, gauge.dataPoints, numberPoint))] : []),
    ...(sum ? [temporal(7, each(1, sum.dataPoints, numberPoint), sum.aggregationTemporality, sum.isMonotonic)] : []),
    ...(histogram ? [temporal(9, each(1, histogram.dataPoints, histogramPoint), histogram.aggregationTemporality)] : []),
    ...(exponentialHistogram
      ? [temporal(10, each(1, exponentialHistogram.dataPoints, exponentialPoint), exponentialHistogram.aggregationTemporality)]
      : []),
    ...(summary ? [field(11, each(1, summary.dataPoints, summaryPoint))] : []),
  ]
}

function times({ startTimeUnixNano, timeUnixNano }: HandPoint): readonly Buffer[] {
  return [fixedField(2, startTimeUnixNano), fixedField(3, timeUnixNano)]
}

function numberPoint(point: HandNumberPoint): readonly Buffer[] {
  return [
    each(7, point.attributes, keyValue),
    ...times(point),
    optionalDouble(4, point.asDouble),
    each(5, point.exemplars, exemplar),
    fixedField(6, point.asInt),
    varintField(8, point.flags ?? 0),
  ]
}

function histogramPoint(point: HandHistogramPoint): readonly Buffer[] {
  return [
    ...times(point),
    fixedField(4, point.count),
    optionalDouble(5, point.sum),
    ...(point.bucketCounts ? [field(6, Buffer.concat(point.bucketCounts.map(fixed)))] : []),
    doubles(7, point.explicitBounds),
    each(8, point.exemplars, exemplar),
    each(9, point.attributes, keyValue),
    varintField(10, point.flags ?? 0),
  ]
}

function exponentialPoint(point: HandExponentialPoint): readonly Buffer[] {
  const side = (number: number, buckets: HandBuckets | undefined) =>
    buckets === undefined
      ? []
      : [
          field(
            number,
            Buffer.concat([
              varintField(1, zigzag(buckets.offset)),
              field(2, Buffer.concat(buckets.bucketCounts.map((count) => varint(BigInt(count))))),
            ]),
          ),
        ]
  return [
    each(1, point.attributes, keyValue),
    ...times(point),
    fixedField(4, point.count),
    optionalDouble(5, point.sum),
    varintField(6, zigzag(point.scale)),
    fixedField(7, point.zeroCount),
    ...side(8, point.positive),
    ...side(9, point.negative),
    varintField(10, point.flags ?? 0),
    each(11, point.exemplars, exemplar),
  ]
}

function summaryPoint(point: HandSummaryPoint): readonly Buffer[] {
  return [
    ...times(point),
    fixedField(4, point.count),
    doubleField(5, point.sum),
    each(6, point.quantileValues, ({ quantile, value }) => [doubleField(1, quantile), doubleField(2, value)]),
    each(7, point.attributes, keyValue),
    varintField(8, point.flags ?? 0),
  ]
}

function exemplar(one: HandOtlpExemplar): readonly Buffer[] {
  return [
    fixedField(2, one.timeUnixNano),
    optionalDouble(3, one.asDouble),
    ...(one.spanId === undefined ? [] : [field(4, Buffer.from(one.spanId, 'hex'))]),
    ...(one.traceId === undefined ? [] : [field(5, Buffer.from(one.traceId, 'hex'))]),
    fixedField(6, one.asInt),
    each(7, one.filteredAttributes, keyValue),
  ]
}

/** The request in its JSON form. JSON has no words for some numbers: they stand as text. */
export function otlpJson(request: HandOtlpRequest): Buffer {
  return Buffer.from(
    JSON.stringify(request, (_, value) =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : Object.is(value, -0) ? '-0' : value,
    ),
  )
}

export interface RandomOtlpOptions {
  /** Of the newest point. */
  readonly timeMs: number
  /** In front of the names of services: what tells the series of one request from those of another. */
  readonly service: string
  /** Only what everybody understands alike: classic kinds of metrics, texts as attributes, known units, finite numbers, nothing stale. */
  readonly isPlain?: boolean
}

const UNITS = [
  '',
  '1',
  's',
  'ms',
  'By',
  'MiBy',
  'm/s',
  'By/s',
  '{request}',
  '{packet}/s',
  'foo/bar',
  '%',
  'requests',
  'a.b',
  ' s ',
  's/',
  '/s',
  '__x__',
]
const PIECES = ['http', 'server', 'total', 'ratio', 'seconds', 'bytes', 'per', 'second', '9', 'ÄÖ', 'a:b', 'milliseconds', 'percent']
const JOINTS = ['.', '_', '__', '/', ' ', '']

const name = fc
  .tuple(
    fc.constantFrom('', '1', '_', 'x'),
    fc.array(fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(...JOINTS)), { minLength: 1, maxLength: 4 }),
  )
  .map(([start, parts]) => start + parts.flat().join(''))

const attributeName = fc.oneof(
  fc.constantFrom(
    'host.name',
    'http.method',
    'a-b',
    '1st',
    '_hidden',
    '__reserved__',
    'x__y',
    'job',
    'le',
    'quantile',
    'Ümlaut',
    'a/b/c',
    'env',
  ),
  fc.string({ minLength: 1, maxLength: 6 }).map((text) => `k${text}`),
)
const plainText = fc.oneof(fc.constantFrom('GET', 'a b', '<&>', 'ü', '0'), fc.string({ minLength: 1, maxLength: 8 }))
const double = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1e21, 1e-7, 0.1, 123456789, NaN, Infinity, -Infinity))
const leaf: fc.Arbitrary<HandValue> = fc.oneof(
  plainText.map((stringValue) => ({ stringValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ intValue: String(value) })),
  double.map((doubleValue) => ({ doubleValue })),
  fc.uint8Array({ minLength: 1, maxLength: 5 }).map((bytes) => ({ bytesValue: Buffer.from(bytes).toString('base64') })),
)
const value: fc.Arbitrary<HandValue> = fc.oneof(
  { weight: 6, arbitrary: leaf },
  fc.array(leaf, { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
  fc
    .uniqueArray(fc.tuple(attributeName, leaf), { maxLength: 3, selector: ([key]) => key })
    .map((pairs) => ({ kvlistValue: { values: pairs.map(([key, one]) => ({ key, value: one })) } })),
)
/** Names that are one when they are escaped come in two, so that values are joined. */
const attributes = fc.uniqueArray(fc.tuple(attributeName, value), { maxLength: 4, selector: ([key]) => key })
const finite = fc.double({ noNaN: true, noDefaultInfinity: true })

const buckets = (counts: fc.Arbitrary<number>) =>
  fc.record({ offset: fc.integer({ min: -40, max: 40 }), counts: fc.array(counts, { maxLength: 12 }) })
const exponential = fc.oneof(
  // Buckets that are made one have no empty ones among them: see the differences in docs/protocols/otlp.md.
  fc.record({ scale: fc.integer({ min: -4, max: 8 }), positive: buckets(fc.nat({ max: 9 })), negative: buckets(fc.nat({ max: 2 })) }),
  fc.record({
    scale: fc.integer({ min: 9, max: 20 }),
    positive: buckets(fc.integer({ min: 1, max: 9 })),
    negative: buckets(fc.integer({ min: 1, max: 3 })),
  }),
)
const bounds = fc
  .uniqueArray(fc.oneof(fc.constantFrom(0.005, 0.1, 1, 2.5, 10, 1e6, 1e21, 1e-7), fc.double({ min: -1e9, max: 1e9, noNaN: true })), {
    minLength: 0,
    maxLength: 6,
    selector: (bound) => bound + 0,
  })
  .map((all) => all.sort((a, b) => a - b))
const kind = fc.constantFrom('gauge', 'counter', 'sum', 'histogram', 'exponential', 'summary')

const metricShape = fc.record({
  name,
  kind,
  unit: fc.constantFrom(...UNITS),
  description: fc.string({ maxLength: 10 }),
  points: fc.array(
    fc.record({
      attributes,
      value: double,
      int: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { nil: undefined }),
      isStale: fc.integer({ max: 9, min: 0 }).map((n) => n === 0),
      sum: fc.option(finite, { nil: undefined }),
      counts: fc.array(fc.nat({ max: 20 }), { minLength: 7, maxLength: 7 }),
      bounds,
      exponential,
      zeroCount: fc.nat({ max: 3 }),
      quantiles: fc.uniqueArray(fc.constantFrom(0, 0.5, 0.9, 0.99, 1), { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
})
type MetricShape = typeof metricShape extends fc.Arbitrary<infer T> ? T : never

const scopeShape = fc.record({
  scope: fc.record({ name: fc.constantFrom('', 'lib', 'other lib'), version: fc.constantFrom('', '1.2'), attributes }),
  schemaUrl: fc.constantFrom('', 'https://x/1'),
  metrics: fc.array(metricShape, { maxLength: 4 }),
})
const resourceShape = fc.record({
  namespace: fc.option(plainText, { nil: undefined }),
  instance: fc.option(plainText, { nil: undefined }),
  attributes,
  scopes: fc.array(scopeShape, { minLength: 1, maxLength: 2 }),
})

const PLAIN_UNITS = new Set(['', '1', 's', 'ms', 'By', 'MiBy', 'm/s', 'By/s', '{request}', '%'])

function plainShape(shape: MetricShape): MetricShape {
  return {
    ...shape,
    // What a name says already about unit and type is found by each in its own way.
    name: shape.name.replace(/[^a-z0-9._/ ]/g, '').replace(/second|total|ratio/g, 'x'),
    kind: shape.kind === 'exponential' ? 'histogram' : shape.kind,
    unit: PLAIN_UNITS.has(shape.unit) && (shape.unit !== '1' || shape.kind === 'gauge') ? shape.unit : 's',
    points: shape.points.map((point) => ({
      ...point,
      isStale: false,
      int: undefined,
      value: Number.isFinite(point.value) ? Math.round(point.value % 1e6) : 1,
      sum: Math.round((point.sum ?? 1) % 1e6),
      bounds: point.bounds
        .map((bound) => Math.round(bound % 1e6))
        .filter((bound, i, all) => all.indexOf(bound) === i)
        .sort((a, b) => a - b),
      attributes: [['http.method', { stringValue: 'GET' }]],
    })),
  }
}

/** Random requests without two samples of one series. */
export function randomOtlpRequest({ timeMs, service, isPlain = false }: RandomOtlpOptions): fc.Arbitrary<HandOtlpRequest> {
  return fc.array(resourceShape, { minLength: 1, maxLength: 3 }).map((resources) => {
    let serial = 0
    const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0)
    const metric = (given: MetricShape): HandMetric => {
      const shape = isPlain ? plainShape(given) : given
      const points = shape.points.map((point) => {
        const timeUnixNano = String(BigInt(timeMs - (serial % 50)) * 1_000_000n + BigInt(serial % 1000))
        return {
          ...point,
          common: {
            attributes: [...point.attributes.map(([key, one]) => ({ key, value: one })), text('serial', String(serial++))],
            startTimeUnixNano: String(BigInt(timeMs - 60_000) * 1_000_000n),
            timeUnixNano,
            ...(point.isStale ? { flags: 1 } : {}),
          },
        }
      })
      const base = { name: `m${serial}${shape.name}`, unit: shape.unit, description: shape.description }
      const numbers = points.map(({ common, value, int }) => ({
        ...common,
        ...(int === undefined ? { asDouble: value } : { asInt: String(int) }),
      }))
      const strings = (counts: readonly number[]) => counts.map(String)
      switch (shape.kind) {
        case 'gauge':
          return { ...base, gauge: { dataPoints: numbers } }
        case 'counter':
        case 'sum':
          return { ...base, sum: { dataPoints: numbers, aggregationTemporality: 2, isMonotonic: shape.kind === 'counter' } }
        case 'histogram':
          return {
            ...base,
            histogram: {
              aggregationTemporality: 2,
              dataPoints: points.map(({ common, counts, bounds: explicitBounds, sum: total }) => {
                const bucketCounts = counts.slice(0, explicitBounds.length + 1)
                return {
                  ...common,
                  count: String(sum(bucketCounts)),
                  ...(total === undefined ? {} : { sum: total }),
                  bucketCounts: strings(bucketCounts),
                  explicitBounds,
                }
              }),
            },
          }
        case 'exponential':
          return {
            ...base,
            exponentialHistogram: {
              aggregationTemporality: 2,
              dataPoints: points.map(({ common, exponential: { scale, positive, negative }, zeroCount, sum: total }) => ({
                ...common,
                scale,
                count: String(zeroCount + sum(positive.counts) + sum(negative.counts)),
                ...(total === undefined ? {} : { sum: total }),
                zeroCount: String(zeroCount),
                positive: { offset: positive.offset, bucketCounts: strings(positive.counts) },
                negative: { offset: negative.offset, bucketCounts: strings(negative.counts) },
              })),
            },
          }
        default:
          return {
            ...base,
            summary: {
              dataPoints: points.map(({ common, counts, value: total, quantiles }) => ({
                ...common,
                count: String(sum(counts)),
                sum: total,
                quantileValues: quantiles.map((quantile) => ({ quantile, value: Math.round(quantile * 100) })),
              })),
            },
          }
      }
    }
    return {
      resourceMetrics: resources.map(({ namespace, instance, attributes: more, scopes }, index) => ({
        resource: {
          attributes: [
            text('service.name', `${service}-${index}`),
            ...(namespace === undefined ? [] : [text('service.namespace', namespace)]),
            ...(instance === undefined ? [] : [text('service.instance.id', instance)]),
            ...more.map(([key, one]) => ({ key, value: one })),
          ],
        },
        scopeMetrics: scopes.map(({ scope, schemaUrl, metrics }) => ({
          scope: { ...scope, attributes: scope.attributes.map(([key, one]) => ({ key, value: one })) },
          schemaUrl,
          metrics: metrics.map(metric),
        })),
      })),
    }
  })
}
