// Source: Prometheus prompb/remote.proto (WriteRequest) and prompb/types.proto; docs/protocols/remote-write.md has the layout.

import type { MessageShape, WireReader } from './wire-reader.ts'
import type { WriteColumns } from './write-columns.ts'

const TIMESERIES = 0x0a
const METADATA = 0x1a
const LABEL = 0x0a
const SAMPLE = 0x12
const EXEMPLAR = 0x1a
const HISTOGRAM = 0x22
const SAMPLE_VALUE = 0x09
const SAMPLE_TIMESTAMP = 0x10

const REQUEST_SHAPE: MessageShape = { name: 'WriteRequest', fields: { 1: 'Timeseries', 3: 'Metadata' } }
const SERIES_SHAPE: MessageShape = { name: 'TimeSeries', fields: { 1: 'Labels', 2: 'Samples', 3: 'Exemplars', 4: 'Histograms' } }
const SAMPLE_SHAPE: MessageShape = { name: 'Sample', fields: { 1: 'Value', 2: 'Timestamp' } }

/**
 * Reads a request of remote write 1.0 into columns; undefined when it is whole, else what is wrong with it. Never throws for what the
 * bytes are. What is in labels, exemplars, histograms and metadata is left for those who need it.
 */
export function decodeV1(bytes: Uint8Array, reader: WireReader, columns: WriteColumns): string | undefined {
  columns.clear()
  reader.open(bytes)
  const end = bytes.length
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === TIMESERIES) {
      decodeSeries(reader, columns, reader.fieldEnd(end))
    } else if (tag === METADATA) columns.metadata.take(reader, end)
    else reader.skip(tag, end, REQUEST_SHAPE)
  }
  return reader.fault ?? columns.overflow()
}

function decodeSeries(reader: WireReader, columns: WriteColumns, end: number): void {
  let labelsStart = reader.position
  let labelsEnd = labelsStart
  while (reader.position < end && reader.fault === undefined) {
    const fieldStart = reader.position
    const tag = reader.varint(end)
    if (tag === SAMPLE) decodeSample(reader, columns, reader.fieldEnd(end))
    else if (tag === LABEL) {
      reader.position = reader.fieldEnd(end)
      // Everybody writes the labels in one run at the beginning; what lies between them otherwise would be read as labels.
      if (labelsEnd === labelsStart) labelsStart = fieldStart
      else if (labelsEnd !== fieldStart) reader.fail('proto: TimeSeries: labels are not in one run')
      labelsEnd = reader.position
    } else if (tag === HISTOGRAM) columns.histograms.take(reader, end)
    else if (tag === EXEMPLAR) columns.exemplars.take(reader, end)
    else reader.skip(tag, end, SERIES_SHAPE)
  }
  const index = columns.pushSeries()
  columns.labelsStart[index] = labelsStart
  columns.labelsEnd[index] = labelsEnd
}

function decodeSample(reader: WireReader, columns: WriteColumns, end: number): void {
  let v = 0
  let t = 0
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === SAMPLE_VALUE) v = reader.double(end)
    else if (tag === SAMPLE_TIMESTAMP) t = reader.int64(end)
    else reader.skip(tag, end, SAMPLE_SHAPE)
  }
  columns.pushSample(t, v, 0)
}
