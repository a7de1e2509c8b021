// Source: Prometheus storage/remote/read_handler.go and codec.go; docs/protocols/remote-read.md has the layout.

import { compressSync } from 'snappy'
import { Breather } from '../../base/breather.ts'
import { crc32c } from '../../base/crc32c.ts'
import type { Clock } from '../../base/env.ts'
import { CodedError } from '../../base/errors.ts'
import { SnappyDecoder, SnappyError } from '../../base/snappy-block.ts'
import { type Chunk, SampleColumns } from '../../chunkenc/codec.ts'
import type { Histogram } from '../../model/histogram.ts'
import { type Labels, LabelsBuilder } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { isStaleMarker } from '../../model/staleness.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { readSamples } from '../../storage/read-samples.ts'
import type { QueryBudget, SelectRequest, Series, SeriesSource } from '../../storage/series-source.ts'
import { writeHistogram } from '../write/encode-histogram.ts'
import { varintSize, WireWriter } from '../write/wire-writer.ts'
import { plainChunks } from './plain-chunks.ts'
import { decodeReadRequest, type ReadQuery, ReadRequestFault, ResponseType, responseType } from './read-request.ts'

const DECODED_BYTES_MAX = 32 * 1024 * 1024
/** Frames are handed on when they are as large together. */
const PART_BYTES = 64 * 1024
/** What a sample is charged for. */
const BYTES_PER_SAMPLE = 24

export interface ReadRequestPlace {
  readonly source: SeriesSource
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Of an answer of samples, which is made whole. */
  readonly budget: QueryBudget
  readonly externalLabels: Labels
  /** 0: none. */
  readonly samplesMax: number
  readonly frameBytesMax: number
}

export interface ReadRequestAnswer {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}

/** Throws ReadRequestFault, and what reading throws. A streamed body throws where reading does. */
export async function answerReadRequest(body: Uint8Array, place: ReadRequestPlace): Promise<ReadRequestAnswer> {
  const { queries, accepted } = decodeReadRequest(decompress(body))
  if (responseType(accepted) === ResponseType.streamedChunks) {
    return {
      headers: { 'content-type': 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse' },
      body: await begun(streamChunks(queries, place)),
    }
  }
  const parts: Uint8Array[] = []
  for (const query of queries) parts.push(...(await queryResult(query, place)))
  return { headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }, body: compressSync(Buffer.concat(parts)) }
}

function decompress(body: Uint8Array): Uint8Array {
  try {
    return new SnappyDecoder(DECODED_BYTES_MAX).decode(body)
  } catch (error) {
    if (error instanceof SnappyError) throw new ReadRequestFault(error.message)
    throw error
  }
}

/** The first part is there before the answer begins: what fails at once has a status of its own. */
async function begun(parts: AsyncGenerator<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const first = await parts.next()
  return (async function* () {
    if (first.done) return
    yield first.value
    yield* parts
  })()
}

function requestOf({ minTime, maxTime, matchers, hints }: ReadQuery, externalLabels: Labels): SelectRequest {
  // An external label is on what goes out, and not on what is stored.
  const stored = matchers.map((matcher) =>
    matcher.operator === '=' && externalLabels.get(matcher.name) === matcher.value ? new Matcher('=', matcher.name, '') : matcher,
  )
  // Who asks for series without samples is answered with samples all the same: a series without chunks is not sent.
  return { minTime, maxTime, matchers: stored, hints: hints.func === 'series' ? {} : hints }
}

async function* streamChunks(queries: readonly ReadQuery[], place: ReadRequestPlace): AsyncGenerator<Uint8Array> {
  const { source, clock, signal, externalLabels, frameBytesMax } = place
  const breather = new Breather(clock, signal)
  const frames = new FrameWriter(externalLabels, frameBytesMax)
  for (const [index, query] of queries.entries()) {
    for await (const batch of source.select(requestOf(query, externalLabels), unlimitedContext(signal))) {
      for (const { labels, chunks } of batch) {
        frames.series(labels, plainChunks(chunks, query.minTime, query.maxTime), index)
        if (frames.sizeBytes >= PART_BYTES) yield frames.take()
      }
      if (breather.isDue()) await breather.rest()
    }
  }
  if (frames.sizeBytes > 0) yield frames.take()
}

/** Writes series as frames. */
class FrameWriter {
  readonly #externalLabels: Labels
  readonly #frameBytesMax: number
  readonly #message = new WireWriter()
  readonly #frames = new WireWriter()

  constructor(externalLabels: Labels, frameBytesMax: number) {
    this.#externalLabels = externalLabels
    this.#frameBytesMax = frameBytesMax
  }

  get sizeBytes(): number {
    return this.#frames.length
  }

  /** The frames so far; they are not these any more. */
  take(): Uint8Array {
    const bytes = this.#frames.bytes.slice(0, this.#frames.length)
    this.#frames.clear()
    return bytes
  }

  series(labels: Labels, chunks: readonly Chunk[], queryIndex: number): void {
    const whole = withExternal(labels, this.#externalLabels)
    for (let next = 0; next < chunks.length; ) {
      const message = this.#message
      message.clear()
      message.reserve(64)
      message.byte(0x0a)
      const start = message.length++
      writeLabels(message, whole)
      const end = message.length + this.#frameBytesMax
      do writeChunk(message, chunks[next++])
      while (next < chunks.length && message.length < end)
      message.closeLength(start)
      if (queryIndex > 0) {
        message.reserve(16)
        message.byte(0x10)
        message.varint(queryIndex)
      }
      this.#frame()
    }
  }

  #frame(): void {
    const { bytes, length } = this.#message
    const frames = this.#frames
    frames.reserve(length + 16)
    frames.varint(length)
    const checksum = crc32c(bytes, 0, length)
    for (let shift = 24; shift >= 0; shift -= 8) frames.byte((checksum >>> shift) & 0xff)
    frames.copy(bytes, 0, length)
  }
}

function writeChunk(writer: WireWriter, { minTime, maxTime, encoding, data, start, end }: Chunk): void {
  writer.reserve(64 + end - start)
  writer.byte(0x12)
  const from = writer.length++
  writer.byte(0x08)
  writer.int64(minTime)
  writer.byte(0x10)
  writer.int64(maxTime)
  writer.byte(0x18)
  writer.byte(encoding)
  writer.byte(0x22)
  writer.varint(end - start)
  writer.copy(data, start, end)
  writer.closeLength(from)
}

function writeLabels(writer: WireWriter, pairs: readonly string[]): void {
  for (let i = 0; i < pairs.length; i += 2) {
    const name = Buffer.from(pairs[i])
    const value = Buffer.from(pairs[i + 1])
    writer.reserve(name.length + value.length + 32)
    writer.byte(0x0a)
    writer.varint(2 + varintSize(name.length) + name.length + varintSize(value.length) + value.length)
    writer.byte(0x0a)
    writer.varint(name.length)
    writer.copy(name, 0, name.length)
    writer.byte(0x12)
    writer.varint(value.length)
    writer.copy(value, 0, value.length)
  }
}

/** With the external labels that the series does not have. */
function withExternal(labels: Labels, externalLabels: Labels): readonly string[] {
  if (externalLabels.size === 0) return labels.pairs
  const builder = new LabelsBuilder(externalLabels)
  for (const [name, value] of labels) builder.set(name, value)
  return builder.labels().pairs
}

/** A `results` field of the answer. */
async function queryResult(query: ReadQuery, place: ReadRequestPlace): Promise<readonly Uint8Array[]> {
  const { source, clock, signal, budget, externalLabels, samplesMax } = place
  const breather = new Breather(clock, signal)
  const writer = new WireWriter()
  const columns = new SampleColumns()
  let samples = 0
  const context = { signal, budget }
  for await (const batch of source.select(requestOf(query, externalLabels), context)) {
    for (const series of batch) {
      columns.clear()
      readSamples(series, query.minTime, query.maxTime, columns)
      if (columns.length === 0) continue
      samples += columns.length
      if (samplesMax > 0 && samples > samplesMax) throw new CodedError('limit', `exceeded sample limit (${samplesMax})`)
      budget.chargeBytes(columns.length * BYTES_PER_SAMPLE)
      writeSeries(writer, series, columns, externalLabels)
    }
    if (breather.isDue()) await breather.rest()
  }
  const head = new WireWriter()
  head.byte(0x0a)
  head.varint(writer.length)
  return [head.bytes.slice(0, head.length), writer.bytes.subarray(0, writer.length)]
}

function writeSeries(writer: WireWriter, { labels }: Series, columns: SampleColumns, externalLabels: Labels): void {
  writer.reserve(16)
  writer.byte(0x0a)
  const start = writer.length++
  writeLabels(writer, withExternal(labels, externalLabels))
  const { timestamps, values, histograms, length } = columns
  let last: Histogram | undefined
  for (let i = 0; i < length; i++) {
    const histogram = histograms?.[i]
    if (histogram !== undefined || (last !== undefined && isStaleMarker(values[i]))) {
      writeHistogram(writer, 0x22, timestamps[i], (histogram ?? last!).isFloat, histogram, 0)
      last = histogram
      continue
    }
    writer.reserve(32)
    writer.byte(0x12)
    const from = writer.length++
    writer.byte(0x09)
    writer.double(values[i])
    writer.byte(0x10)
    writer.int64(timestamps[i])
    writer.closeLength(from)
  }
  writer.closeLength(start)
}
