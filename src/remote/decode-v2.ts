// Source: Prometheus prompb/io/prometheus/write/v2/types.proto (Request); docs/protocols/remote-write.md has the layout.

import type { MessageShape, WireReader } from './wire-reader.ts'
import type { WriteColumns } from './write-columns.ts'
import { SYMBOL_REF_MAX } from './write-symbols.ts'

const SYMBOL = 0x22
const TIMESERIES = 0x2a
const LABEL_REFS = 0x0a
const LABEL_REF = 0x08
const SAMPLE = 0x12
const HISTOGRAM = 0x1a
const EXEMPLAR = 0x22
const METADATA = 0x2a
const CREATED_TIMESTAMP = 0x30
const SAMPLE_VALUE = 0x09
const SAMPLE_TIMESTAMP = 0x10
const SAMPLE_START_TIMESTAMP = 0x18
const METADATA_TYPE = 0x08
const METADATA_HELP = 0x18
const METADATA_UNIT = 0x20

const REQUEST_SHAPE: MessageShape = { name: 'Request', fields: { 4: 'Symbols', 5: 'Timeseries' } }
const SERIES_SHAPE: MessageShape = {
  name: 'TimeSeries',
  fields: { 1: 'LabelsRefs', 2: 'Samples', 3: 'Histograms', 4: 'Exemplars', 5: 'Metadata', 6: 'CreatedTimestamp' },
}
const SAMPLE_SHAPE: MessageShape = { name: 'Sample', fields: { 1: 'Value', 2: 'Timestamp', 3: 'StartTimestamp' } }
const METADATA_SHAPE: MessageShape = { name: 'Metadata', fields: { 1: 'Type', 3: 'HelpRef', 4: 'UnitRef' } }

/**
 * Reads a request of remote write 2.0 into columns; undefined when it is whole, else what is wrong with it. Never throws for what the
 * bytes are. Whether references lie within the symbols, and what is in exemplars and histograms, is left for those who need it.
 */
export function decodeV2(bytes: Uint8Array, reader: WireReader, columns: WriteColumns): string | undefined {
  columns.clear()
  reader.open(bytes)
  const end = bytes.length
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === TIMESERIES) decodeSeries(reader, columns, reader.fieldEnd(end))
    else if (tag === SYMBOL) columns.symbols.take(reader, end)
    else reader.skip(tag, end, REQUEST_SHAPE)
  }
  return reader.fault ?? columns.overflow()
}

function decodeSeries(reader: WireReader, columns: WriteColumns, end: number): void {
  let createdTime = 0
  let metadataStart = 0
  let metadataEnd = 0
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === LABEL_REFS) {
      decodeLabelRefs(reader, columns, reader.fieldEnd(end))
    } else if (tag === SAMPLE) decodeSample(reader, columns, reader.fieldEnd(end))
    else if (tag === METADATA) {
      metadataEnd = reader.fieldEnd(end)
      metadataStart = reader.position
      reader.position = metadataEnd
    } else if (tag === HISTOGRAM) columns.histograms.take(reader, end)
    else if (tag === EXEMPLAR) columns.exemplars.take(reader, end)
    else if (tag === CREATED_TIMESTAMP) createdTime = reader.int64(end)
    else if (tag === LABEL_REF) pushLabelRef(columns, Math.min(reader.varint(end), SYMBOL_REF_MAX))
    else reader.skip(tag, end, SERIES_SHAPE)
  }
  const index = columns.pushSeries()
  columns.createdTime[index] = createdTime
  columns.metricType[index] = 0
  columns.helpRef[index] = 0
  columns.unitRef[index] = 0
  if (metadataEnd > metadataStart && reader.fault === undefined) {
    reader.position = metadataStart
    decodeMetadata(reader, columns, index, metadataEnd)
    reader.position = end
  }
}

function pushLabelRef(columns: WriteColumns, ref: number): void {
  columns.roomForLabelRefs(1)[columns.labelRefCount] = ref
  columns.labelRefCount++
}

/** Hot: more of them than of anything else. Nearly all have one or two bytes, which are read here. */
function decodeLabelRefs(reader: WireReader, columns: WriteColumns, end: number): void {
  const { bytes } = reader
  let position = reader.position
  // Each has at least one byte.
  const out = columns.roomForLabelRefs(end - position)
  let count = columns.labelRefCount
  while (position < end) {
    const byte = bytes[position]
    if (byte < 0x80) {
      out[count++] = byte
      position++
    } else if (position + 1 < end && bytes[position + 1] < 0x80) {
      out[count++] = (byte & 0x7f) | (bytes[position + 1] << 7)
      position += 2
    } else {
      reader.position = position
      out[count++] = Math.min(reader.varint(end), SYMBOL_REF_MAX)
      if (reader.fault !== undefined) return
      position = reader.position
    }
  }
  reader.position = position
  columns.labelRefCount = count
}

function decodeSample(reader: WireReader, columns: WriteColumns, end: number): void {
  let v = 0
  let t = 0
  let startTime = 0
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === SAMPLE_VALUE) v = reader.double(end)
    else if (tag === SAMPLE_TIMESTAMP) t = reader.int64(end)
    else if (tag === SAMPLE_START_TIMESTAMP) startTime = reader.int64(end)
    else reader.skip(tag, end, SAMPLE_SHAPE)
  }
  columns.pushSample(t, v, startTime)
}

function decodeMetadata(reader: WireReader, columns: WriteColumns, index: number, end: number): void {
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === METADATA_TYPE) columns.metricType[index] = reader.varint(end)
    else if (tag === METADATA_HELP) columns.helpRef[index] = Math.min(reader.varint(end), SYMBOL_REF_MAX)
    else if (tag === METADATA_UNIT) columns.unitRef[index] = Math.min(reader.varint(end), SYMBOL_REF_MAX)
    else reader.skip(tag, end, METADATA_SHAPE)
  }
}
