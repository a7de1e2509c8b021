// Any bytes given to what reads remote read: requests as a server takes them, answers as a client does. Used by its test and by `npm run prove`.

import fc from 'fast-check'
import { compressSync } from 'snappy'
import { crc32c } from '../../src/base/crc32c.ts'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { CodedError } from '../../src/base/errors.ts'
import { SnappyDecoder, SnappyError } from '../../src/base/snappy-block.ts'
import { SampleColumns } from '../../src/chunkenc/codec.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { Labels } from '../../src/model/labels.ts'
import { Matcher } from '../../src/model/matcher.ts'
import { STALE_MARKER } from '../../src/model/staleness.ts'
import { answerReadRequest, type ReadRequestPlace } from '../../src/remote/read/answer-read-request.ts'
import { encodeReadRequest, ReadRequestFault } from '../../src/remote/read/read-request.ts'
import { decodeReadResponse, FrameReader, ReceivedSeries } from '../../src/remote/read/read-response.ts'
import { MemorySource } from '../../src/storage/memory-source.ts'
import { unlimitedContext } from '../../src/storage/query-context.ts'
import { readSamples } from '../../src/storage/read-samples.ts'

/** A request, an answer of samples, or one of frames. */
export type ReadForm = 'request' | 'samples' | 'frames'

export interface FuzzedRead {
  readonly form: ReadForm
  readonly body: Uint8Array
}

const T = 1_700_000_000_000
/** Pieces in which frames come. */
const PIECE_BYTES = 97
const DECODED_BYTES_MAX = 1 << 24

const histogram = (i: number, isFloat: boolean): Histogram => ({
  isFloat,
  counterResetHint: CounterResetHint.unknown,
  schema: 2,
  zeroThreshold: 0.001,
  zeroCount: i,
  count: 4 * i,
  sum: i * 1.5,
  positiveSpans: Int32Array.of(0, 1, 3, 1),
  negativeSpans: NO_SPANS,
  positiveBuckets: Float64Array.of(i, 2 * i),
  negativeBuckets: NO_BUCKETS,
  customValues: NO_BUCKETS,
})

const COUNT = 40
const timestamps = Float64Array.from({ length: COUNT }, (_, i) => T + i * 1000 + (i % 3))
const column = (value: (i: number) => number | Histogram) => {
  const values = Array.from({ length: COUNT }, (_, i) => value(i))
  return {
    timestamps,
    values: Float64Array.from(values, (one) => (typeof one === 'number' ? one : one.sum)),
    histograms: values.map((one) => (typeof one === 'number' ? undefined : one)),
  }
}
const source = new MemorySource([
  { labels: Labels.of({ __name__: 'f', a: 'b' }), ...column((i) => (i === COUNT - 1 ? STALE_MARKER : i / 3)) },
  { labels: Labels.of({ __name__: 'g', ä: 'ö' }), ...column((i) => histogram(i, true)) },
  { labels: Labels.of({ __name__: 'h' }), ...column((i) => histogram(i, false)) },
  { labels: Labels.of({ __name__: 'm' }), ...column((i) => (i < 20 ? i : histogram(i, false))) },
])
const place: ReadRequestPlace = {
  source,
  clock: virtualEnv().clock,
  signal: new AbortController().signal,
  budget: unlimitedContext().budget,
  externalLabels: Labels.of({ region: 'eu' }),
  samplesMax: 1000,
  frameBytesMax: 1000,
}

/** Whether the bytes are good; throws what is no answer to bytes, such as a TypeError. */
export async function checkRead({ form, body }: FuzzedRead): Promise<boolean> {
  try {
    if (form === 'request') await answered(body)
    else if (form === 'samples') received((into) => decodeReadResponse(new SnappyDecoder(DECODED_BYTES_MAX).decode(body), into))
    else received((into) => readFrames(body, into))
    return true
  } catch (error) {
    const isAnswer = error instanceof ReadRequestFault || error instanceof SnappyError || error instanceof CodedError
    // The client's own are plain errors, whose text is in a warning of the query.
    if (isAnswer || (form !== 'request' && (error as Error).constructor === Error)) return false
    throw error
  }
}

async function answered(body: Uint8Array): Promise<Uint8Array> {
  const answer = await answerReadRequest(body, place)
  if (answer.body instanceof Uint8Array) return answer.body
  const parts: Uint8Array[] = []
  for await (const part of answer.body) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

function readFrames(body: Uint8Array, into: ReceivedSeries): void {
  const frames = new FrameReader(1 << 20, into)
  for (let at = 0; at < body.length; at += PIECE_BYTES) frames.push(body.subarray(at, at + PIECE_BYTES))
  frames.end()
}

/** Reads an answer, and all samples in it. */
function received(read: (into: ReceivedSeries) => void): void {
  const into = new ReceivedSeries(['region'])
  read(into)
  const columns = new SampleColumns()
  for (const series of into.all()) {
    columns.clear()
    readSamples(series, -Infinity, Infinity, columns)
  }
}

const time = fc.oneof(fc.integer({ min: T - 5000, max: T + 50_000 }), fc.constantFrom(0, -1, -(2 ** 52), 2 ** 53 - 1))
const word = fc.oneof(fc.constantFrom('', '__name__', 'a', 'job', 'f|g', '.+', '('), fc.string({ maxLength: 8, unit: 'binary' }))
const matcher = fc
  .tuple(fc.constantFrom('=' as const, '!=' as const), word, word)
  .map(([operator, name, value]) => new Matcher(operator, name, value))
const all = new Matcher('=~', '__name__', '.+')
const query = fc.record({
  minTime: time,
  maxTime: time,
  matchers: fc.array(matcher, { maxLength: 2 }).map((more) => [all, ...more]),
  hints: fc.record({ func: word, stepMs: fc.nat(), rangeMs: fc.nat(), grouping: fc.array(word, { maxLength: 2 }), by: fc.boolean() }),
})
/** With what accepts frames, or, where that is cut off, samples alone. */
const request = fc.tuple(query, fc.boolean()).map(([one, streams]) => {
  const bytes = encodeReadRequest(one)
  return streams ? bytes : bytes.subarray(0, bytes.length - 4)
})

const wholeQuery = encodeReadRequest({ minTime: T, maxTime: T + 10 ** 6, matchers: [all], hints: {} })
const FRAMES = payloads(await answered(compressSync(Buffer.from(wholeQuery))))
const SAMPLES = new SnappyDecoder(DECODED_BYTES_MAX)
  .decode(await answered(compressSync(Buffer.from(wholeQuery.subarray(0, wholeQuery.length - 4)))))
  .slice()

/** What is in the frames of a stream. */
function payloads(stream: Uint8Array): readonly Uint8Array[] {
  const out: Uint8Array[] = []
  for (let at = 0; at < stream.length; ) {
    let size = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = stream[at++]
      size += (byte & 0x7f) * scale
      if (byte < 0x80) break
    }
    out.push(stream.slice(at + 4, at + 4 + size))
    at += 4 + size
  }
  return out
}

function framed(payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(14)
  let at = 0
  let rest = payload.length
  for (; rest >= 128; rest = Math.floor(rest / 128)) head[at++] = (rest & 0x7f) | 0x80
  head[at++] = rest
  head.writeUInt32BE(crc32c(payload, 0, payload.length) >>> 0, at)
  return Buffer.concat([head.subarray(0, at + 4), payload])
}

/** Bytes written over a message here and there, or its end cut off. */
const damage = fc.record({
  edits: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }),
  cut: fc.option(fc.nat(), { freq: 1 }),
})
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never

function damaged(bytes: Uint8Array, { edits, cut }: Damage): Uint8Array {
  const out = Buffer.from(bytes)
  if (out.length > 0) for (const [at, byte] of edits) out[at % out.length] = byte
  return cut === null || out.length === 0 ? out : out.subarray(0, cut % out.length)
}

const block = (bytes: Uint8Array) => compressSync(Buffer.from(bytes))
const payload = fc.constantFrom(...FRAMES)
const noise = fc.uint8Array({ maxLength: 300 })
const of = (form: ReadForm) => (body: Uint8Array) => ({ form, body: new Uint8Array(body) })

/** From well-formed to nonsense: whole, damaged before and after compression or checksum, and bytes at random. */
export const fuzzedReads: fc.Arbitrary<FuzzedRead> = fc.oneof(
  request.map(block).map(of('request')),
  fc.tuple(request, damage).map(([bytes, how]) => of('request')(block(damaged(bytes, how)))),
  fc.tuple(request, damage).map(([bytes, how]) => of('request')(damaged(block(bytes), how))),
  noise.map(block).map(of('request')),
  damage.map((how) => of('samples')(block(damaged(SAMPLES, how)))),
  damage.map((how) => of('samples')(damaged(block(SAMPLES), how))),
  noise.map(block).map(of('samples')),
  fc.array(payload, { maxLength: 3 }).map((some) => of('frames')(Buffer.concat(some.map(framed)))),
  fc
    .array(fc.tuple(payload, damage), { maxLength: 3 })
    .map((some) => of('frames')(Buffer.concat(some.map(([one, how]) => framed(damaged(one, how)))))),
  fc.tuple(payload, damage).map(([one, how]) => of('frames')(damaged(framed(one), how))),
  noise.map(framed).map(of('frames')),
  fc.tuple(fc.constantFrom<ReadForm>('request', 'samples', 'frames'), noise).map(([form, body]) => of(form)(body)),
)
