// Source: Prometheus prompb/remote.proto, prompb/types.proto; storage/remote/chunked.go; docs/protocols/remote-read.md has the layout.

import { crc32c } from '../../base/crc32c.ts'
import { readSampleCount } from '../../chunkenc/chunk-header.ts'
import { type Chunk, ChunkEncoding, SampleColumns } from '../../chunkenc/codec.ts'
import { encodeChunks } from '../../chunkenc/encode-chunks.ts'
import { validateHistogram } from '../../model/histogram-validation.ts'
import { compareLabels, type Labels, LabelsBuilder } from '../../model/labels.ts'
import { STALE_MARKER } from '../../model/staleness.ts'
import { mergeChunks } from '../../storage/merge-chunks.ts'
import type { Series } from '../../storage/series-source.ts'
import { type MessageShape, WireReader } from '../wire-reader.ts'
import { readHistogram } from '../write-histogram.ts'

const SHAPES = {
  response: { name: 'ReadResponse', fields: { 1: 'Results' } },
  result: { name: 'QueryResult', fields: { 1: 'Timeseries' } },
  series: { name: 'TimeSeries', fields: { 1: 'Labels', 2: 'Samples', 4: 'Histograms' } },
  sample: { name: 'Sample', fields: { 1: 'Value', 2: 'Timestamp' } },
  label: { name: 'Label', fields: { 1: 'Name', 2: 'Value' } },
  frame: { name: 'ChunkedReadResponse', fields: { 1: 'ChunkedSeries', 2: 'QueryIndex' } },
  chunked: { name: 'ChunkedSeries', fields: { 1: 'Labels', 2: 'Chunks' } },
  chunk: { name: 'Chunk', fields: { 1: 'MinTimeMs', 2: 'MaxTimeMs', 3: 'Type', 4: 'Data' } },
} as const satisfies Record<string, MessageShape>

/** Series as they are received: in any order, each in any number of parts. */
export class ReceivedSeries {
  readonly #without: readonly string[]
  readonly #series = new Map<string, { readonly labels: Labels; readonly parts: (readonly Chunk[])[] }>()

  /** `without`: names of labels that are taken off. */
  constructor(without: readonly string[]) {
    this.#without = without
  }

  /** Chunks in time order, that do not overlap. */
  add(received: Labels, chunks: readonly Chunk[]): void {
    if (chunks.length === 0) return
    const labels = received.without(...this.#without)
    const key = labels.key()
    const known = this.#series.get(key)
    if (known === undefined) this.#series.set(key, { labels, parts: [chunks] })
    else known.parts.push(chunks)
  }

  /** In label order, each once. */
  all(): readonly Series[] {
    return [...this.#series.values()]
      .map(({ labels, parts }) => ({ labels, chunks: parts.length === 1 ? parts[0] : joined(parts) }))
      .sort((a, b) => compareLabels(a.labels, b.labels))
  }
}

/** Most often one part follows the other. */
function joined(parts: readonly (readonly Chunk[])[]): readonly Chunk[] {
  const follows = parts.every((part, i) => i === 0 || parts[i - 1][parts[i - 1].length - 1].maxTime < part[0].minTime)
  return follows ? parts.flat() : mergeChunks(parts)
}

/** Takes the bytes of a stream of frames, and hands on the series in them. */
export class FrameReader {
  readonly #bytesMax: number
  readonly #received: ReceivedSeries
  /** What has come of a frame. */
  #parts: Uint8Array[] = []
  #length = 0
  /** Before so many bytes are there it is not whole: parts are put together once, and not with each that comes. */
  #wanted = 1

  constructor(bytesMax: number, received: ReceivedSeries) {
    this.#bytesMax = bytesMax
    this.#received = received
  }

  /** Throws for what is no frame. */
  push(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.#length += bytes.length
    if (this.#length < this.#wanted) return
    let data = this.#parts.length === 1 ? bytes : Buffer.concat(this.#parts)
    for (;;) {
      const used = this.#frame(data)
      if (used === 0) break
      data = data.subarray(used)
    }
    this.#parts = data.length === 0 ? [] : [data]
    this.#length = data.length
  }

  /** Throws when the stream was cut off. */
  end(): void {
    if (this.#length > 0) throw new Error('unexpected EOF')
  }

  /** Bytes of the frame that `data` begins with; 0 where it is not whole. */
  #frame(data: Uint8Array): number {
    let [size, at] = [0, 0]
    for (let scale = 1; ; scale *= 128) {
      if (at >= data.length) {
        this.#wanted = data.length + 1
        return 0
      }
      const byte = data[at++]
      size += (byte & 0x7f) * scale
      if (size > this.#bytesMax || at > 9)
        throw new Error(`chunkedReader: message size exceeded the limit ${this.#bytesMax} bytes; got: ${size} bytes`)
      if (byte < 0x80) break
    }
    const end = at + 4 + size
    this.#wanted = end
    if (data.length < end) return 0
    const wanted = new DataView(data.buffer, data.byteOffset).getUint32(at)
    if (crc32c(data, at + 4, end) >>> 0 !== wanted) throw new Error('chunkedReader: corrupted frame; checksum mismatch')
    // The chunks stay: what they lie in must not be the stream's.
    this.#decode(data.slice(at + 4, end))
    return end
  }

  #decode(bytes: Uint8Array): void {
    const reader = new WireReader()
    reader.open(bytes)
    const end = bytes.length
    while (reader.position < end && reader.fault === undefined) {
      const tag = reader.varint(end)
      if (tag === 0x0a) this.#series(reader, reader.fieldEnd(end))
      else if (tag === 0x10) reader.int64(end)
      else reader.skip(tag, end, SHAPES.frame)
    }
    check(reader)
  }

  #series(reader: WireReader, end: number): void {
    const labels = new LabelsBuilder()
    const chunks: Chunk[] = []
    while (reader.position < end && reader.fault === undefined) {
      const tag = reader.varint(end)
      if (tag === 0x0a) readLabel(reader, reader.fieldEnd(end), labels)
      else if (tag === 0x12) chunks.push(readChunk(reader, reader.fieldEnd(end)))
      else reader.skip(tag, end, SHAPES.chunked)
    }
    check(reader)
    this.#received.add(labels.labels(), chunks)
  }
}

function readChunk(reader: WireReader, end: number): Chunk {
  let [minTime, maxTime, type, start, dataEnd] = [0, 0, 0, reader.position, reader.position]
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === 0x08) minTime = reader.int64(end)
    else if (tag === 0x10) maxTime = reader.int64(end)
    else if (tag === 0x18) type = reader.varint(end)
    else if (tag === 0x22) {
      dataEnd = reader.fieldEnd(end)
      start = reader.position
      reader.position = dataEnd
    } else reader.skip(tag, end, SHAPES.chunk)
  }
  check(reader)
  const encoding = Object.values(ChunkEncoding).find((known) => known === type && known !== ChunkEncoding.none)
  if (encoding === undefined) throw new Error(`chunk encoding is ${type}, want 1 to 6`)
  if (dataEnd - start < 3) throw new Error(`chunk has ${dataEnd - start} bytes, want at least 3`)
  const data = reader.bytes
  return { encoding, minTime, maxTime, sampleCount: readSampleCount(encoding, data, start), data, start, end: dataEnd }
}

/** Reads a `ReadResponse`. Throws for what is none. */
export function decodeReadResponse(bytes: Uint8Array, received: ReceivedSeries): void {
  const reader = new WireReader()
  reader.open(bytes)
  fields(reader, bytes.length, SHAPES.response, 0x0a, (end) =>
    fields(reader, end, SHAPES.result, 0x0a, (seriesEnd) => readSeries(reader, seriesEnd, received)),
  )
}

/** Calls back for every field of the tag, with where it ends. */
function fields(reader: WireReader, end: number, shape: MessageShape, wanted: number, take: (end: number) => void): void {
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === wanted) take(reader.fieldEnd(end))
    else reader.skip(tag, end, shape)
  }
  check(reader)
}

function readSeries(reader: WireReader, end: number, received: ReceivedSeries): void {
  const labels = new LabelsBuilder()
  const floats = new SampleColumns()
  const others = new SampleColumns()
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === 0x0a) readLabel(reader, reader.fieldEnd(end), labels)
    else if (tag === 0x12) readSample(reader, reader.fieldEnd(end), floats)
    else if (tag === 0x22) {
      const { timestamp, histogram, isStale, refusal } = readHistogram(reader, reader.fieldEnd(end))
      check(reader)
      const problem = refusal ?? (isStale ? undefined : validateHistogram(histogram))
      if (problem !== undefined) throw new Error(problem)
      others.push(timestamp, isStale ? STALE_MARKER : histogram.sum)
      if (!isStale) others.withHistograms()[others.length - 1] = histogram
    } else reader.skip(tag, end, SHAPES.series)
  }
  check(reader)
  const parts = [floats, others].filter(({ length }) => length > 0).map(chunksOf)
  for (const part of parts) received.add(labels.labels(), part)
}

function chunksOf({ timestamps, values, histograms, length }: SampleColumns): readonly Chunk[] {
  for (let i = 1; i < length; i++) if (timestamps[i] <= timestamps[i - 1]) throw new Error('samples are not in time order')
  return encodeChunks({ timestamps: timestamps.subarray(0, length), values: values.subarray(0, length), histograms })
}

function readSample(reader: WireReader, end: number, into: SampleColumns): void {
  let [value, timestamp] = [0, 0]
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === 0x09) value = reader.double(end)
    else if (tag === 0x10) timestamp = reader.int64(end)
    else reader.skip(tag, end, SHAPES.sample)
  }
  into.push(timestamp, value)
}

function readLabel(reader: WireReader, end: number, into: LabelsBuilder): void {
  let [name, value] = ['', '']
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === 0x0a) name = reader.text(end)
    else if (tag === 0x12) value = reader.text(end)
    else reader.skip(tag, end, SHAPES.label)
  }
  into.set(name, value)
}

function check(reader: WireReader): void {
  if (reader.fault !== undefined) throw new Error(reader.fault)
}
