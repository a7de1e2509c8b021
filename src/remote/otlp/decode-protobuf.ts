// Source: opentelemetry-proto, collector/metrics/v1 and metrics/v1; docs/protocols/otlp.md has the layout.

import type { MessageShape } from '../wire-reader.ts'
import { KeyValues } from './attribute-value.ts'
import { BYTES, MessageReader, VARINT } from './message-reader.ts'
import type { Metric, MetricData, Points, ResourceMetrics, ScopeMetrics } from './metrics-data.ts'
import { readAttribute, readAttributes } from './read-attributes.ts'
import { readExponentialPoint, readHistogramPoint, readNumberPoint, readSummaryPoint } from './read-points.ts'

const shape = (name: string): MessageShape => ({ name, fields: {} })
const REQUEST = shape('ExportMetricsServiceRequest')
const RESOURCE_METRICS = shape('ResourceMetrics')
const RESOURCE = shape('Resource')
const SCOPE_METRICS = shape('ScopeMetrics')
const SCOPE = shape('InstrumentationScope')
const METRIC = shape('Metric')
const DATA = shape('Data')

/** Reads a request of OTLP, but for its points, which are read when they are asked for. Throws RequestFault, then as well. */
export function decodeProtobuf(bytes: Uint8Array): readonly ResourceMetrics[] {
  const message = new MessageReader(bytes)
  const all: ResourceMetrics[] = []
  message.fields(message.buffer.length, REQUEST, (number, type) => {
    if (number !== 1 || type !== BYTES) return false
    all.push(readResourceMetrics(message, message.end()))
    return true
  })
  return all
}

function readResourceMetrics(message: MessageReader, end: number): ResourceMetrics {
  let attributes = KeyValues.empty
  const scopes: ScopeMetrics[] = []
  message.fields(end, RESOURCE_METRICS, (number, type) => {
    if (type !== BYTES) return false
    if (number === 1) attributes = readAttributes(message, message.end(), RESOURCE)
    else if (number === 2) scopes.push(readScopeMetrics(message, message.end()))
    else return false
    return true
  })
  return { attributes, scopes }
}

function readScopeMetrics(message: MessageReader, end: number): ScopeMetrics {
  let [name, version, schemaUrl] = ['', '', '']
  const attributes = new KeyValues()
  const metrics: Metric[] = []
  message.fields(end, SCOPE_METRICS, (number, type) => {
    if (type !== BYTES) return false
    if (number === 1) {
      message.fields(message.end(), SCOPE, (field, fieldType) => {
        if (fieldType !== BYTES) return false
        if (field === 1) name = message.text()
        else if (field === 2) version = message.text()
        else return field === 3 && readAttribute(message, attributes)
        return true
      })
    } else if (number === 2) metrics.push(readMetric(message, message.end()))
    else if (number === 3) schemaUrl = message.text()
    else return false
    return true
  })
  return { name, version, schemaUrl, attributes, metrics }
}

function readMetric(message: MessageReader, end: number): Metric {
  let [name, description, unit] = ['', '', '']
  let data: MetricData | undefined
  message.fields(end, METRIC, (number, type) => {
    if (type !== BYTES) return false
    if (number === 1) name = message.text()
    else if (number === 2) description = message.text()
    else if (number === 3) unit = message.text()
    else if (number === 5) {
      const { points } = readPoints(message, readNumberPoint)
      data = { kind: 'gauge', points }
    } else if (number === 7) data = { kind: 'sum', ...readPoints(message, readNumberPoint) }
    else if (number === 9) {
      const { points, temporality } = readPoints(message, readHistogramPoint)
      data = { kind: 'histogram', points, temporality }
    } else if (number === 10) {
      const { points, temporality } = readPoints(message, readExponentialPoint)
      data = { kind: 'exponential', points, temporality }
    } else if (number === 11) {
      const { points } = readPoints(message, readSummaryPoint)
      data = { kind: 'summary', points }
    } else return false
    return true
  })
  return { name, description, unit, data }
}

/** What all kinds of a metric have in the same fields. */
function readPoints<P>(
  message: MessageReader,
  read: (message: MessageReader, end: number) => P,
): { readonly points: Points<P>; readonly temporality: number; readonly isMonotonic: boolean } {
  const bounds: number[] = []
  let temporality = 0
  let isMonotonic = false
  message.fields(message.end(), DATA, (number, type, end) => {
    if (number === 1 && type === BYTES) {
      const pointEnd = message.end()
      bounds.push(message.wire.position, pointEnd)
      message.wire.position = pointEnd
    } else if (number === 2 && type === VARINT) temporality = message.wire.varint(end)
    else if (number === 3 && type === VARINT) isMonotonic = message.wire.varint(end) !== 0
    else return false
    return true
  })
  const at = (start: number, end: number): P => {
    message.wire.position = start
    return read(message, end)
  }
  return { points: new PointsInBytes(bounds, at), temporality, isMonotonic }
}

class PointsInBytes<P> implements Points<P> {
  /** Where each point begins and ends. */
  readonly #bounds: readonly number[]
  readonly #read: (start: number, end: number) => P

  constructor(bounds: readonly number[], read: (start: number, end: number) => P) {
    this.#bounds = bounds
    this.#read = read
  }

  get length(): number {
    return this.#bounds.length / 2
  }

  *[Symbol.iterator](): Iterator<P> {
    for (let i = 0; i < this.#bounds.length; i += 2) yield this.#read(this.#bounds[i], this.#bounds[i + 1])
  }
}
