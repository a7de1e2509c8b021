// The JSON form of a request: names in lowerCamelCase or as in the messages, integers of 64 bits as text or as numbers, enumerations as
// numbers or names, ids in hexadecimal digits, bytes in base64, unknown fields stepped over.
// Source: the OTLP specification, "JSON Protobuf Encoding"; OpenTelemetry collector pdata/pmetric/json.go.

import { isStaleMarker } from '../../model/staleness.ts'
import { type AttributeValue, KeyValues } from './attribute-value.ts'
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
import { MessageCount, millisecondsOf, RequestFault, VALUE_DEPTH_MAX } from './request-fault.ts'

const TEMPORALITIES: Readonly<Record<string, number>> = {
  AGGREGATION_TEMPORALITY_UNSPECIFIED: Temporality.unspecified,
  AGGREGATION_TEMPORALITY_DELTA: Temporality.delta,
  AGGREGATION_TEMPORALITY_CUMULATIVE: Temporality.cumulative,
}

const FLOATS: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity }

/** Reads a request of OTLP in its JSON form. Throws RequestFault. */
export function decodeJson(text: string): readonly ResourceMetrics[] {
  let root: unknown
  try {
    root = JSON.parse(withExactIntegers(text))
  } catch (cause) {
    throw new RequestFault(`request is no JSON: ${(cause as Error).message}`, { cause })
  }
  const messages = new MessageCount()
  return objectOf(messages, root, 'request').all('resourceMetrics').map(resourceMetrics)
}

/** A text, also one that has no end: else each quote in it would be tried as the beginning of one. Or a number with a point or exponent or without. */
const TOKEN = /"[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const LONG_INTEGER = /^-?\d{16,}$/

/** Integers that a float cannot hold are put into quotes, where they keep their digits. */
function withExactIntegers(text: string): string {
  if (!/[:[,\s]-?\d{16}/.test(text)) return text
  return text.replace(TOKEN, (token) => (LONG_INTEGER.test(token) ? `"${token}"` : token))
}

/** One JSON object, read as a message. */
class JsonMessage {
  readonly messages: MessageCount
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #name: string

  constructor(messages: MessageCount, fields: Readonly<Record<string, unknown>>, name: string) {
    messages.add()
    this.messages = messages
    this.#fields = fields
    this.#name = name
  }

  /** Undefined for null, too. */
  get(name: string): unknown {
    const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
    if (value !== undefined) return value ?? undefined
    const other = snakeCase(name)
    return other !== name && Object.hasOwn(this.#fields, other) ? (this.#fields[other] ?? undefined) : undefined
  }

  one(name: string): JsonMessage | undefined {
    const value = this.get(name)
    return value === undefined ? undefined : objectOf(this.messages, value, name)
  }

  all(name: string): readonly JsonMessage[] {
    const value = this.get(name)
    if (value === undefined) return []
    if (!Array.isArray(value)) throw this.#fault(name, 'a list')
    return value.map((item) => objectOf(this.messages, item, name))
  }

  text(name: string): string {
    const value = this.get(name)
    if (value === undefined) return ''
    if (typeof value !== 'string') throw this.#fault(name, 'a text')
    return value
  }

  boolean(name: string): boolean {
    const value = this.get(name)
    if (value === undefined) return false
    if (typeof value !== 'boolean') throw this.#fault(name, 'true or false')
    return value
  }

  double(name: string): number | undefined {
    const value = this.get(name)
    return value === undefined ? undefined : this.#double(value, name)
  }

  integer(name: string): number {
    const value = this.get(name)
    return value === undefined ? 0 : this.#integer(value, name)
  }

  /** With all its digits. */
  exactInteger(name: string): number | bigint {
    const near = this.integer(name)
    const value = this.get(name)
    return Number.isSafeInteger(near) || typeof value !== 'string' ? near : BigInt.asIntN(64, BigInt(value))
  }

  /** A number, or the name of one. */
  choice(name: string, names: Readonly<Record<string, number>>): number {
    const value = this.get(name)
    if (typeof value === 'string' && Object.hasOwn(names, value)) return names[value]
    return this.integer(name)
  }

  milliseconds(name: string): number {
    const value = this.get(name)
    if (value === undefined) return 0
    this.#integer(value, name)
    const nanoseconds = BigInt.asUintN(64, BigInt(value as string | number))
    return millisecondsOf(Number(nanoseconds >> 32n), Number(nanoseconds & 0xffffffffn))
  }

  doubles(name: string): Float64Array {
    return this.#numbers(name, (value) => this.#double(value, name))
  }

  integers(name: string): Float64Array {
    return this.#numbers(name, (value) => this.#integer(value, name))
  }

  /** Hexadecimal digits; empty where all are 0. */
  id(name: string): string {
    const text = this.text(name).toLowerCase()
    if (!/^[0-9a-f]*$/.test(text)) throw this.#fault(name, 'hexadecimal digits')
    return /^0*$/.test(text) ? '' : text
  }

  #numbers(name: string, read: (value: unknown) => number): Float64Array {
    const value = this.get(name)
    if (value === undefined) return new Float64Array(0)
    if (!Array.isArray(value)) throw this.#fault(name, 'a list')
    return Float64Array.from(value, read)
  }

  #double(value: unknown, name: string): number {
    if (typeof value === 'number') return value
    if (typeof value !== 'string' || value.trim() === '') throw this.#fault(name, 'a number')
    const number = Object.hasOwn(FLOATS, value) ? FLOATS[value] : Number(value)
    if (Number.isNaN(number) && value !== 'NaN') throw this.#fault(name, 'a number')
    return number
  }

  #integer(value: unknown, name: string): number {
    const number = typeof value === 'number' ? value : typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? Number(value) : NaN
    if (!Number.isInteger(number) || Math.abs(number) > 2 ** 64) throw this.#fault(name, 'an integer')
    return number
  }

  #fault(name: string, want: string): RequestFault {
    return new RequestFault(`${this.#name}.${name} is not ${want}`)
  }
}

function objectOf(messages: MessageCount, value: unknown, name: string): JsonMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RequestFault(`${name} is not an object`)
  return new JsonMessage(messages, value as Readonly<Record<string, unknown>>, name)
}

const snakeNames = new Map<string, string>()

/** The names are those that this file asks for: a few dozen. */
function snakeCase(name: string): string {
  let snake = snakeNames.get(name)
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    snakeNames.set(name, snake)
  }
  return snake
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
