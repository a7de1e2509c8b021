// The JSON form of a request: names in lowerCamelCase or as in the messages, integers of 64 bits as text or as numbers, enumerations as
// numbers or names, ids in hexadecimal digits, bytes in base64, unknown fields stepped over.
// Source: the OTLP specification, "JSON Protobuf Encoding"; OpenTelemetry collector pdata/pmetric/json.go.

import { isStaleMarker } from '../../model/staleness.ts'
import { type AttributeValue, KeyValues } from './attribute-value.ts'
import { type JsonMessage, messageOf } from './json-message.ts'
import {
  type ExponentialBuckets,
  type ExponentialPoint,
  type HistogramPoint,
  type Metric,
  type MetricData,
  NO_EXPONENTIAL_BUCKETS,
  type NumberPoint,
  type OtlpExemplar,
  type ResourceMetrics,
  type ScopeMetrics,
  type SummaryPoint,
  Temporality,
} from './metrics-data.ts'
import { MessageCount, RequestFault, VALUE_DEPTH_MAX } from './request-fault.ts'

const TEMPORALITIES: Readonly<Record<string, number>> = {
  AGGREGATION_TEMPORALITY_UNSPECIFIED: Temporality.unspecified,
  AGGREGATION_TEMPORALITY_DELTA: Temporality.delta,
  AGGREGATION_TEMPORALITY_CUMULATIVE: Temporality.cumulative,
}

/** Reads a request of OTLP in its JSON form. Throws RequestFault. */
export function decodeJson(text: string): readonly ResourceMetrics[] {
  let root: unknown
  try {
    root = JSON.parse(withExactIntegers(text))
  } catch (cause) {
    throw new RequestFault(`request is no JSON: ${(cause as Error).message}`, { cause })
  }
  const messages = new MessageCount()
  return messageOf(messages, root, 'request').all('resourceMetrics').map(resourceMetrics)
}

/** A text, also one that has no end: else each quote in it would be tried as the beginning of one. Or a number with a point or exponent or without. */
const TOKEN = /"[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const LONG_INTEGER = /^-?\d{16,}$/

/** Integers that a float cannot hold are put into quotes, where they keep their digits. */
function withExactIntegers(text: string): string {
  if (!/[:[,\s]-?\d{16}/.test(text)) return text
  return text.replace(TOKEN, (token) => (LONG_INTEGER.test(token) ? `"${token}"` : token))
}

function resourceMetrics(message: JsonMessage): ResourceMetrics {
  const resource = message.one('resource')
  return {
    attributes: resource === undefined ? KeyValues.empty : keyValues(resource, 'attributes', 0),
    scopes: message.all('scopeMetrics').map(scopeMetrics),
  }
}

function scopeMetrics(message: JsonMessage): ScopeMetrics {
  const scope = message.one('scope')
  return {
    name: scope?.text('name') ?? '',
    version: scope?.text('version') ?? '',
    schemaUrl: message.text('schemaUrl'),
    attributes: scope === undefined ? KeyValues.empty : keyValues(scope, 'attributes', 0),
    metrics: message.all('metrics').map(metric),
  }
}

function metric(message: JsonMessage): Metric {
  return { name: message.text('name'), description: message.text('description'), unit: message.text('unit'), data: metricData(message) }
}

function metricData(message: JsonMessage): MetricData | undefined {
  const gauge = message.one('gauge')
  if (gauge !== undefined) return { kind: 'gauge', points: gauge.all('dataPoints').map(numberPoint) }
  const sum = message.one('sum')
  if (sum !== undefined) {
    return {
      kind: 'sum',
      points: sum.all('dataPoints').map(numberPoint),
      temporality: temporalityOf(sum),
      isMonotonic: sum.boolean('isMonotonic'),
    }
  }
  const histogram = message.one('histogram')
  if (histogram !== undefined)
    return { kind: 'histogram', points: histogram.all('dataPoints').map(histogramPoint), temporality: temporalityOf(histogram) }
  const exponential = message.one('exponentialHistogram')
  if (exponential !== undefined)
    return { kind: 'exponential', points: exponential.all('dataPoints').map(exponentialPoint), temporality: temporalityOf(exponential) }
  const summary = message.one('summary')
  return summary === undefined ? undefined : { kind: 'summary', points: summary.all('dataPoints').map(summaryPoint) }
}

function temporalityOf(message: JsonMessage): number {
  return message.choice('aggregationTemporality', TEMPORALITIES)
}

function pointFields(message: JsonMessage) {
  return {
    attributes: keyValues(message, 'attributes', 0),
    startTime: message.milliseconds('startTimeUnixNano'),
    time: message.milliseconds('timeUnixNano'),
    isStale: message.integer('flags') % 2 === 1,
  }
}

function numberPoint(message: JsonMessage): NumberPoint {
  const fields = pointFields(message)
  const value = message.double('asDouble') ?? message.integer('asInt')
  return { ...fields, value, isStale: fields.isStale || isStaleMarker(value), exemplars: message.all('exemplars').map(exemplar) }
}

function histogramPoint(message: JsonMessage): HistogramPoint {
  return {
    ...pointFields(message),
    count: message.integer('count'),
    sum: message.double('sum'),
    bucketCounts: message.integers('bucketCounts'),
    bounds: message.doubles('explicitBounds'),
    exemplars: message.all('exemplars').map(exemplar),
  }
}

function exponentialPoint(message: JsonMessage): ExponentialPoint {
  return {
    ...pointFields(message),
    count: message.integer('count'),
    sum: message.double('sum'),
    scale: message.integer('scale') | 0,
    zeroCount: message.integer('zeroCount'),
    positive: buckets(message.one('positive')),
    negative: buckets(message.one('negative')),
    exemplars: message.all('exemplars').map(exemplar),
  }
}

function buckets(message: JsonMessage | undefined): ExponentialBuckets {
  if (message === undefined) return NO_EXPONENTIAL_BUCKETS
  return { offset: message.integer('offset') | 0, counts: message.integers('bucketCounts') }
}

function summaryPoint(message: JsonMessage): SummaryPoint {
  const quantiles = message.all('quantileValues')
  return {
    ...pointFields(message),
    count: message.integer('count'),
    sum: message.double('sum') ?? 0,
    quantiles: Float64Array.from(quantiles.flatMap((one) => [one.double('quantile') ?? 0, one.double('value') ?? 0])),
  }
}

function exemplar(message: JsonMessage): OtlpExemplar {
  const asInt = message.get('asInt') === undefined ? undefined : message.integer('asInt')
  return {
    attributes: keyValues(message, 'filteredAttributes', 0),
    time: message.milliseconds('timeUnixNano'),
    value: message.double('asDouble') ?? asInt,
    traceId: message.id('traceId'),
    spanId: message.id('spanId'),
  }
}

function keyValues(message: JsonMessage, name: string, depth: number): KeyValues {
  const all = message.all(name)
  if (all.length === 0) return KeyValues.empty
  const out = new KeyValues()
  for (const one of all) {
    const value = one.one('value')
    out.push(one.text('key'), value === undefined ? undefined : attributeValue(value, depth))
  }
  return out
}

function attributeValue(message: JsonMessage, depth: number): AttributeValue {
  if (depth > VALUE_DEPTH_MAX) throw new RequestFault(`attribute nests deeper than ${VALUE_DEPTH_MAX}`)
  if (message.get('stringValue') !== undefined) return message.text('stringValue')
  if (message.get('boolValue') !== undefined) return message.boolean('boolValue')
  if (message.get('intValue') !== undefined) return message.exactInteger('intValue')
  if (message.get('doubleValue') !== undefined) return message.double('doubleValue')
  if (message.get('bytesValue') !== undefined) return Buffer.from(message.text('bytesValue'), 'base64')
  const array = message.one('arrayValue')
  if (array !== undefined) return array.all('values').map((value) => attributeValue(value, depth + 1))
  const map = message.one('kvlistValue')
  return map === undefined ? undefined : keyValues(map, 'values', depth + 1)
}
