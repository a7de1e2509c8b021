import { METRIC_TYPES, type Metadata } from '../../model/metadata.ts'
import { WireWriter } from './wire-writer.ts'

/** What is said about a metric, by the name of its family. */
export interface MetricMetadataEntry extends Metadata {
  readonly name: string
}

const encoder = new TextEncoder()

/** A request of 1.0 with metadata alone. Source: Prometheus prompb/types.proto, MetricMetadata. */
export function encodeMetadata(entries: readonly MetricMetadataEntry[]): Uint8Array {
  const writer = new WireWriter()
  const text = (tag: number, value: string) => {
    if (value === '') return
    const bytes = encoder.encode(value)
    writer.reserve(16 + bytes.length)
    writer.byte(tag)
    writer.varint(bytes.length)
    writer.copy(bytes, 0, bytes.length)
  }
  for (const { name, type, help, unit } of entries) {
    writer.reserve(16)
    writer.byte(0x1a)
    const start = writer.length++
    writer.byte(0x08)
    writer.varint(METRIC_TYPES.indexOf(type))
    text(0x12, name)
    text(0x22, help)
    text(0x2a, unit)
    writer.closeLength(start)
  }
  return writer.bytes.subarray(0, writer.length)
}
