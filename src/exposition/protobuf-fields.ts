// Fields and small messages that several messages of the protobuf format have.
// Source of the numbers of fields: prometheus/client_model, io/prometheus/client/metrics.proto.

import { ExpositionError } from './exposition-error.ts'
import type { NumberList } from './number-list.ts'
import { type ProtobufReader, WireType } from './protobuf-reader.ts'

/** A LabelPair: where name and value stand is added to `at`. */
export function readPair(reader: ProtobufReader, end: number, at: NumberList): void {
  const index = at.length
  for (let i = 0; i < 4; i++) at.push(end)
  while (reader.position < end) {
    reader.key('LabelPair', end)
    const { field } = reader
    if (field !== 1 && field !== 2) {
      reader.skip(end)
      continue
    }
    reader.want(WireType.length, field === 1 ? 'Name' : 'Value')
    const stop = reader.lengthEnd(end)
    at.set(index + field * 2 - 2, reader.position)
    at.set(index + field * 2 - 1, stop)
    reader.position = stop
  }
}

/** A google.protobuf.Timestamp as Unix ms. */
export function readTime(reader: ProtobufReader, end: number): number {
  let seconds = 0
  let nanos = 0
  while (reader.position < end) {
    reader.key('Timestamp', end)
    if (reader.field !== 1 && reader.field !== 2) {
      reader.skip(end)
      continue
    }
    reader.want(WireType.varint, reader.field === 1 ? 'Seconds' : 'Nanos')
    const isSeconds = reader.field === 1
    reader.varint(end)
    if (isSeconds) seconds = reader.integer
    else nanos = reader.integer32
  }
  return safeTime(seconds * 1000 + Math.trunc(nanos / 1e6))
}

export function safeTime(time: number): number {
  if (!Number.isSafeInteger(time)) throw new ExpositionError(`timestamp ${time} is out of range`)
  return time
}

/** Steps over a message: where it stands is added to `at`. */
export function stepOver(reader: ProtobufReader, end: number, at: NumberList): void {
  const stop = reader.lengthEnd(end)
  at.push(reader.position)
  at.push(stop)
  reader.position = stop
}
