// Requests of remote write written by hand, good ones and bad ones: plain values in, bytes of Protocol Buffers out.
import { compressSync } from 'snappy'

export const V1 = 'application/x-protobuf;proto=prometheus.WriteRequest'
export const V2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'

const STALE = Buffer.from('020000000000f07f', 'hex')

/** A number on the wire; `'stale'` is the staleness marker, whose bits an engine does not keep. */
export type Value = number | 'stale'

export interface HandHistogram {
  readonly t?: number
  readonly startTime?: number
  readonly count?: number
  readonly isFloat?: boolean
  readonly sum?: Value
  readonly schema?: number
  readonly zeroThreshold?: number
  readonly zeroCount?: number
  readonly positiveSpans?: readonly (readonly [offset: number, length: number])[]
  /** Differences of an integer histogram, counts of a float one. */
  readonly positive?: readonly number[]
  readonly negativeSpans?: readonly (readonly [offset: number, length: number])[]
  readonly negative?: readonly number[]
  readonly hint?: number
  readonly customValues?: readonly number[]
}

export interface HandExemplar {
  readonly labels: readonly (readonly [string, string])[]
  readonly value: number
  readonly t?: number
}

export interface HandSeries {
  readonly labels: readonly (readonly [string, string])[]
  readonly samples?: readonly (readonly [t: number, v: Value, startTime?: number])[]
  readonly histograms?: readonly HandHistogram[]
  readonly exemplars?: readonly HandExemplar[]
  /** 2.0. */
  readonly metadata?: { readonly type?: number; readonly help?: string; readonly unit?: string }
  readonly createdTime?: number
  /** 2.0: instead of what the labels would be. */
  readonly refs?: readonly number[]
  readonly helpRef?: number
}

export interface HandMetadata {
  readonly type: number
  readonly name: string
  readonly help: string
  readonly unit?: string
}

export function varint(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

export function field(number: number, body: Uint8Array | string): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

export function varintField(number: number, value: number | bigint): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)])
}

export function doubleField(number: number, value: Value): Buffer {
  return Buffer.concat([varint(number * 8 + 1), double(value)])
}

function double(value: Value): Buffer {
  if (value === 'stale') return STALE
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}

function zigzag(value: number): bigint {
  const wide = BigInt(value)
  return wide >= 0n ? wide * 2n : -wide * 2n - 1n
}

function histogramBody(histogram: HandHistogram, version: 1 | 2): Buffer {
  const { isFloat = false, count = 0, zeroCount = 0 } = histogram
  const spans = (number: number, all: HandHistogram['positiveSpans'] = []) =>
    all.map(([offset, length]) => field(number, Buffer.concat([varintField(1, zigzag(offset)), varintField(2, length)])))
  const buckets = (deltas: number, counts: number, values: readonly number[] = []) => {
    if (values.length === 0) return []
    return [isFloat ? field(counts, Buffer.concat(values.map(double))) : field(deltas, Buffer.concat(values.map((v) => varint(zigzag(v)))))]
  }
  return Buffer.concat([
    isFloat ? doubleField(2, count) : varintField(1, count),
    doubleField(3, histogram.sum ?? 0),
    varintField(4, zigzag(histogram.schema ?? 0)),
    doubleField(5, histogram.zeroThreshold ?? 0),
    isFloat ? doubleField(7, zeroCount) : varintField(6, zeroCount),
    ...spans(8, histogram.negativeSpans),
    ...buckets(9, 10, histogram.negative),
    ...spans(11, histogram.positiveSpans),
    ...buckets(12, 13, histogram.positive),
    varintField(14, histogram.hint ?? 0),
    varintField(15, histogram.t ?? 0),
    ...(histogram.customValues ? [field(16, Buffer.concat(histogram.customValues.map(double)))] : []),
    ...(version === 2 && histogram.startTime ? [varintField(17, histogram.startTime)] : []),
  ])
}

function labelFields(labels: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(labels.map(([name, value]) => field(1, Buffer.concat([field(1, name), field(2, value)]))))
}

/** The message of 1.0. */
export function messageV1(series: readonly HandSeries[], metadata: readonly HandMetadata[] = []): Buffer {
  return Buffer.concat([
    ...series.map(({ labels, samples = [], histograms = [], exemplars = [] }) =>
      field(
        1,
        Buffer.concat([
          labelFields(labels),
          ...samples.map(([t, v]) => field(2, Buffer.concat([doubleField(1, v), varintField(2, t)]))),
          ...exemplars.map(({ labels: own, value, t = 0 }) =>
            field(3, Buffer.concat([labelFields(own), doubleField(2, value), varintField(3, t)])),
          ),
          ...histograms.map((histogram) => field(4, histogramBody(histogram, 1))),
        ]),
      ),
    ),
    ...metadata.map(({ type, name, help, unit = '' }) =>
      field(3, Buffer.concat([varintField(1, type), field(2, name), field(4, help), field(5, unit)])),
    ),
  ])
}

/** The message of 2.0. */
export function messageV2(series: readonly HandSeries[]): Buffer {
  const symbols = new Map<string, number>([['', 0]])
  const symbol = (text: string) => {
    const known = symbols.get(text)
    if (known !== undefined) return known
    symbols.set(text, symbols.size)
    return symbols.size - 1
  }
  const refs = (labels: readonly (readonly [string, string])[]) => labels.flatMap(([name, value]) => [symbol(name), symbol(value)])
  const packed = (values: readonly number[]) => Buffer.concat(values.map(varint))
  const bodies = series.map((one) => {
    const { labels, samples = [], histograms = [], exemplars = [], metadata, createdTime } = one
    return field(
      5,
      Buffer.concat([
        field(1, packed(one.refs ?? refs(labels))),
        ...samples.map(([t, v, startTime]) =>
          field(2, Buffer.concat([doubleField(1, v), varintField(2, t), ...(startTime ? [varintField(3, startTime)] : [])])),
        ),
        ...histograms.map((histogram) => field(3, histogramBody(histogram, 2))),
        ...exemplars.map(({ labels: own, value, t = 0 }) =>
          field(4, Buffer.concat([field(1, packed(refs(own))), doubleField(2, value), varintField(3, t)])),
        ),
        ...(metadata || one.helpRef
          ? [
              field(
                5,
                Buffer.concat([
                  varintField(1, metadata?.type ?? 0),
                  varintField(3, one.helpRef ?? symbol(metadata?.help ?? '')),
                  varintField(4, symbol(metadata?.unit ?? '')),
                ]),
              ),
            ]
          : []),
        ...(createdTime ? [varintField(6, createdTime)] : []),
      ]),
    )
  })
  return Buffer.concat([...[...symbols.keys()].map((text) => field(4, text)), ...bodies])
}

/** A message as the body of a request. */
export function snappyBlock(message: Uint8Array): Buffer {
  return compressSync(Buffer.from(message))
}
