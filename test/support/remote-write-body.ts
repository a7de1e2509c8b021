// Requests of remote write 1.0, as another server would send them. Source: Prometheus prompb/types.proto and prompb/remote.proto.
import { compressSync } from 'snappy'
import { type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { isStaleMarker, STALE_HIGH, STALE_LOW } from '../../src/model/staleness.ts'

export interface SentSeries {
  readonly name: string
  /** Beside the name, in any order. */
  readonly labels?: Readonly<Record<string, string>>
  /** Whether markers of staleness are float histograms. */
  readonly isFloat: boolean
  readonly samples: readonly { readonly t: number; readonly value: number | Histogram | 'stale' }[]
}

/** The body of a request that writes series, compressed. `stale` is a histogram that says that its series has ended. */
export function remoteWriteBody(all: readonly SentSeries[]): Uint8Array<ArrayBuffer> {
  const request = new Message()
  for (const { name, labels, isFloat, samples } of all) {
    request.message(1, (series) => {
      for (const [key, value] of Object.entries({ ...labels, __name__: name }).sort(([a], [b]) => (a < b ? -1 : 1))) {
        series.message(1, (label) => label.bytes(1, Buffer.from(key)).bytes(2, Buffer.from(value)))
      }
      for (const { t, value } of samples) {
        if (typeof value === 'number') series.message(2, (sample) => sample.double(1, value).varint(2, t))
        else series.message(4, (message) => histogramMessage(message, t, value, isFloat))
      }
    })
  }
  return new Uint8Array(compressSync(Buffer.concat(request.parts)))
}

export function sendRemoteWrite(url: string, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
  }
  return fetch(`${url}/api/v1/write`, { method: 'POST', headers, body })
}

/** A protobuf message in the making. */
class Message {
  readonly parts: Buffer[] = []

  varint(field: number, value: number | bigint): this {
    this.parts.push(uvarint(field << 3), uvarint(BigInt.asUintN(64, BigInt(value))))
    return this
  }

  zigzag(field: number, value: number): this {
    return this.varint(field, zigzag(value))
  }

  double(field: number, value: number): this {
    const bytes = Buffer.alloc(8)
    if (isStaleMarker(value)) {
      bytes.writeUInt32LE(STALE_LOW)
      bytes.writeUInt32LE(STALE_HIGH, 4)
    } else bytes.writeDoubleLE(value)
    this.parts.push(uvarint((field << 3) | 1), bytes)
    return this
  }

  bytes(field: number, bytes: Buffer): this {
    this.parts.push(uvarint((field << 3) | 2), uvarint(bytes.length), bytes)
    return this
  }

  message(field: number, build: (message: Message) => void): this {
    const message = new Message()
    build(message)
    return this.bytes(field, Buffer.concat(message.parts))
  }
}

function uvarint(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

const zigzag = (value: number) => (value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value))

function histogramMessage(message: Message, t: number, h: Histogram | 'stale', isFloat: boolean): void {
  const parts: Omit<Histogram, 'sum'> =
    h !== 'stale'
      ? h
      : {
          isFloat,
          counterResetHint: 0,
          schema: 0,
          zeroThreshold: 0,
          zeroCount: 0,
          count: 0,
          positiveSpans: NO_SPANS,
          negativeSpans: NO_SPANS,
          positiveBuckets: NO_BUCKETS,
          negativeBuckets: NO_BUCKETS,
          customValues: NO_BUCKETS,
        }
  if (isFloat) message.double(2, parts.count).double(7, parts.zeroCount)
  else message.varint(1, parts.count).varint(6, parts.zeroCount)
  if (h === 'stale') {
    const bytes = Buffer.alloc(9)
    bytes[0] = (3 << 3) | 1
    bytes.writeUInt32LE(STALE_LOW, 1)
    bytes.writeUInt32LE(STALE_HIGH, 5)
    message.parts.push(bytes)
  } else message.double(3, h.sum)
  message.zigzag(4, parts.schema).double(5, parts.zeroThreshold)
  for (const [spans, counts, field] of [
    [parts.negativeSpans, parts.negativeBuckets, 8],
    [parts.positiveSpans, parts.positiveBuckets, 11],
  ] as const) {
    for (let i = 0; i < spans.length; i += 2) message.message(field, (span) => span.zigzag(1, spans[i]).varint(2, spans[i + 1]))
    for (let i = 0; i < counts.length; i++) {
      if (isFloat) message.double(field + 2, counts[i])
      else message.zigzag(field + 1, counts[i] - (i === 0 ? 0 : counts[i - 1]))
    }
  }
  message.varint(14, parts.counterResetHint).varint(15, t)
  for (const bound of parts.customValues) message.double(16, bound)
}
