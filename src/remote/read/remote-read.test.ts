import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compressSync } from 'snappy'
import { field, varintField } from '../../../test/support/write-requests.ts'
import { crc32c } from '../../base/crc32c.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { SnappyDecoder } from '../../base/snappy-block.ts'
import { ChunkEncoding, SampleColumns } from '../../chunkenc/codec.ts'
import { PLAIN_HTTP_CLIENT } from '../../http-client/client-config.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { isStaleMarker, STALE_MARKER } from '../../model/staleness.ts'
import { type MemorySeries, MemorySource } from '../../storage/memory-source.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { readSamples } from '../../storage/read-samples.ts'
import type { Series } from '../../storage/series-source.ts'
import { answerReadRequest, type ReadRequestPlace } from './answer-read-request.ts'
import { decodeReadRequest, encodeReadRequest } from './read-request.ts'
import { decodeReadResponse, FrameReader, ReceivedSeries } from './read-response.ts'
import { RemoteReadSource } from './remote-read-source.ts'

const T = 1_700_000_000_000
const env = virtualEnv()

function place(series: readonly MemorySeries[], changes: Partial<ReadRequestPlace> = {}): ReadRequestPlace {
  return {
    source: new MemorySource(series),
    clock: env.clock,
    signal: new AbortController().signal,
    budget: unlimitedContext().budget,
    externalLabels: Labels.empty,
    samplesMax: 1000,
    frameBytesMax: 1_048_576,
    ...changes,
  }
}

const histogram = (i: number): Histogram => ({
  isFloat: false,
  counterResetHint: CounterResetHint.unknown,
  schema: 2,
  zeroThreshold: 0.001,
  zeroCount: i,
  count: 4 * i,
  sum: i * 1.5,
  positiveSpans: Int32Array.of(0, 2),
  negativeSpans: NO_SPANS,
  positiveBuckets: Float64Array.of(i, 2 * i),
  negativeBuckets: NO_BUCKETS,
  customValues: NO_BUCKETS,
})

const COUNT = 300
const times = Float64Array.from({ length: COUNT }, (_, i) => T + i * 1000)
const floats = Float64Array.from({ length: COUNT }, (_, i) => (i === COUNT - 1 ? STALE_MARKER : i / 2))
const mixed = Array.from({ length: COUNT }, (_, i) => (i > 200 && i < COUNT - 1 ? histogram(i) : undefined))
const SERIES: readonly MemorySeries[] = [
  { labels: Labels.of({ __name__: 'f', a: 'b' }), timestamps: times, values: floats },
  { labels: Labels.of({ __name__: 'g' }), timestamps: times, values: floats, startTimes: times.map((t) => t - 5000) },
  {
    labels: Labels.of({ __name__: 'h' }),
    timestamps: times,
    values: Float64Array.from(mixed, (one, i) => one?.sum ?? floats[i]),
    histograms: mixed,
  },
]

const QUERY = {
  minTime: T + 10_500,
  maxTime: T + 400_000,
  matchers: [new Matcher('=~', '__name__', '.+')],
  hints: { func: 'rate', stepMs: 5 },
}
const streamed = (query = QUERY) => compressSync(Buffer.from(encodeReadRequest(query)))
/** A request that takes samples alone. */
const samples = (query = QUERY) => {
  const bytes = encodeReadRequest(query)
  return compressSync(Buffer.from(bytes.subarray(0, bytes.length - 4)))
}

async function receive(body: Buffer, where: ReadRequestPlace, without: readonly string[] = []): Promise<readonly Series[]> {
  const received = new ReceivedSeries(without)
  const answer = await answerReadRequest(body, where)
  if (answer.body instanceof Uint8Array) decodeReadResponse(new SnappyDecoder(1 << 30).decode(answer.body), received)
  else {
    const frames = new FrameReader(1 << 20, received)
    // Cut where no frame ends.
    for await (const part of answer.body) for (let at = 0; at < part.length; at += 997) frames.push(part.subarray(at, at + 997))
    frames.end()
  }
  return received.all()
}

function shown({ labels, chunks }: Series): string {
  const columns = new SampleColumns()
  readSamples({ labels, chunks }, -Infinity, Infinity, columns)
  const texts: string[] = []
  for (let i = 0; i < columns.length; i++) {
    const one = columns.histograms?.[i]
    const value =
      one === undefined
        ? isStaleMarker(columns.values[i])
          ? 'stale'
          : columns.values[i]
        : `{${one.count} ${one.sum} ${one.positiveBuckets}}`
    texts.push(`${columns.timestamps[i] - T}=${value}`)
  }
  return `${labels} ${texts.join(' ')}`
}

test('streamed chunks and samples say what is stored, between the times', async () => {
  const want = SERIES.map(({ labels, histograms }) => {
    const texts: string[] = []
    for (let i = 11; i < COUNT; i++) {
      const one = histograms?.[i]
      texts.push(
        `${i * 1000}=${one === undefined ? (i === COUNT - 1 ? 'stale' : i / 2) : `{${one.count} ${one.sum} ${one.positiveBuckets}}`}`,
      )
    }
    return `${labels} ${texts.join(' ')}`
  })
  for (const body of [streamed(), samples()]) {
    assert.deepEqual((await receive(body, place(SERIES))).map(shown), want)
    // As many frames as there are chunks.
    assert.deepEqual((await receive(body, place(SERIES, { frameBytesMax: 1 }))).map(shown), want)
  }
})

test('chunks go out in the encodings that all readers know', async () => {
  const all = await receive(streamed(), place(SERIES))
  const encodings = new Set(all.flatMap(({ chunks }) => chunks.map(({ encoding }) => encoding)))
  assert.deepEqual([...encodings].sort(), [ChunkEncoding.xor, ChunkEncoding.histogram])
})

test('external labels are added, and asked for without', async () => {
  const externalLabels = Labels.of({ region: 'eu', a: 'outside' })
  const where = place(SERIES.slice(0, 2), { externalLabels })
  const query = { ...QUERY, matchers: [new Matcher('=', 'region', 'eu'), new Matcher('!=', '__name__', 'x')] }
  for (const body of [streamed(query), samples(query)])
    assert.deepEqual(
      (await receive(body, where)).map(({ labels }) => String(labels)),
      ['f{a="b", region="eu"}', 'g{a="outside", region="eu"}'],
    )
  const other = { ...QUERY, matchers: [new Matcher('=', 'region', 'us')] }
  assert.deepEqual(await receive(streamed(other), where), [])
})

test('several series may be one without a label', async () => {
  const two: MemorySeries[] = ['1', '2'].map((replica, i) => ({
    labels: Labels.of({ __name__: 'f', replica }),
    timestamps: [T + 20_000 + i, T + 30_000],
    values: [1, i],
  }))
  const [only, ...more] = await receive(streamed(), place(two), ['replica'])
  assert.equal(more.length, 0)
  assert.equal(shown(only), 'f 20000=1 20001=1 30000=0')
})

test('an answer of samples has a limit', async () => {
  await assert.rejects(receive(samples(), place(SERIES, { samplesMax: 500 })), /^CodedError: exceeded sample limit \(500\)$/)
  assert.equal((await receive(samples(), place(SERIES, { samplesMax: 0 }))).length, 3)
  assert.equal((await receive(streamed(), place(SERIES, { samplesMax: 1 }))).length, 3)
})

test('what is no request is told', async () => {
  const check = (body: Uint8Array, want: RegExp) => assert.rejects(answerReadRequest(body, place(SERIES)), want)
  await check(Buffer.from('no'), /^Error: snappy: corrupt input$/)
  await check(compressSync(Buffer.from([0x0a, 0x05])), /^Error: unexpected EOF$/)
  const unknown = compressSync(Buffer.concat([varintField(2, 7), varintField(2, 8)]))
  await check(
    unknown,
    /^Error: server does not support any of the requested response types: \[7 8\]; supported: map\[SAMPLES:\{\} STREAMED_XOR_CHUNKS:\{\}\]$/,
  )
  const many = compressSync(Buffer.concat(Array.from({ length: 1000 }, () => varintField(2, 7))))
  await check(many, new RegExp(`: \\[7${' 7'.repeat(99)}\\];`))
  const matcher = (type: number, value: string) =>
    compressSync(field(1, field(3, Buffer.concat([varintField(1, type), field(2, 'a'), field(3, value)]))))
  await check(matcher(9, 'x'), /^Error: invalid matcher type$/)
  await check(matcher(2, '('), /missing closing \)/)
  const bomb = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x04, 0x00])
  await check(bomb, /^Error: snappy: decoded block is too large: 1073741824 bytes, want at most 33554432$/)
})

test('a request is read as it was written', () => {
  const hints = { func: 'sum', stepMs: 15_000, rangeMs: 300_000, grouping: ['a', 'ü'], by: true }
  const query = {
    ...QUERY,
    minTime: -5,
    hints,
    matchers: ['=', '!=', '=~', '!~'].map((operator) => new Matcher(operator as '=', 'job', 'x.*')),
  }
  const { queries, accepted } = decodeReadRequest(encodeReadRequest(query))
  assert.deepEqual(accepted, [1, 0])
  assert.deepEqual(queries[0].matchers.map(String), query.matchers.map(String))
  assert.deepEqual([queries[0].minTime, queries[0].maxTime, queries[0].hints], [query.minTime, query.maxTime, hints])
})

test('a password in the URL is not in what is said of an endpoint that fails', async () => {
  const http = {
    ...env.http,
    stream: async () => ({ status: 503, headers: {}, body: (async function* () {})(), close: () => {} }),
  } as unknown as typeof env.http
  const config = {
    name: 'far',
    url: 'http://me:geheim@far/api/v1/read',
    timeoutMs: 1000,
    frameBytesMax: 1024,
    headers: {},
    readRecent: true,
    requiredMatchers: {},
    externalLabels: Labels.empty,
    http: PLAIN_HTTP_CLIENT,
  }
  const faults: string[] = []
  const source = new RemoteReadSource({ env: { ...env, http }, config, localStart: () => 0 }).for((text) => faults.push(text))
  for await (const _batch of source.select({ minTime: 0, maxTime: 1, matchers: [new Matcher('=', 'a', 'b')] }, unlimitedContext()))
    assert.fail()
  assert.deepEqual(faults, ['remote_read: remote server http://me:xxxxx@far/api/v1/read returned http status 503: '])
})

test('frames that are none are refused', () => {
  const frame = (message: Buffer, checksum = crc32c(message) >>> 0) => {
    const head = Buffer.alloc(5)
    head[0] = message.length
    head.writeUInt32BE(checksum, 1)
    return Buffer.concat([head, message])
  }
  const read = (bytes: Uint8Array) => {
    const reader = new FrameReader(1000, new ReceivedSeries([]))
    reader.push(bytes)
    reader.end()
  }
  const series = (...chunk: readonly Buffer[]) => field(1, Buffer.concat([field(1, field(1, 'a')), field(2, Buffer.concat(chunk))]))
  read(frame(series(varintField(3, 1), field(4, Buffer.from([0, 1, 0])))))
  assert.throws(() => read(frame(series(), 5)), /^Error: chunkedReader: corrupted frame; checksum mismatch$/)
  assert.throws(() => read(frame(series(varintField(3, 9), field(4, 'xxx')))), /^Error: chunk encoding is 9, want 1 to 6$/)
  assert.throws(() => read(frame(series(varintField(3, 1)))), /^Error: chunk has 0 bytes, want at least 3$/)
  assert.throws(() => read(Buffer.from([0xff, 0xff, 0x01])), /^Error: chunkedReader: message size exceeded the limit 1000 bytes; got: /)
  assert.throws(() => read(frame(series()).subarray(0, 6)), /^Error: unexpected EOF$/)
})

test('a frame may come in very many parts', () => {
  const data = Buffer.alloc(8 * 1024 * 1024)
  data[1] = 1
  const series = field(1, Buffer.concat([field(1, field(1, 'a')), field(2, Buffer.concat([varintField(3, 1), field(4, data)]))]))
  const head = Buffer.alloc(8)
  let at = 0
  for (let size = series.length; size > 0; size = Math.floor(size / 128)) head[at++] = (size % 128) + (size >= 128 ? 128 : 0)
  head.writeUInt32BE(crc32c(series) >>> 0, at)
  const frame = Buffer.concat([head.subarray(0, at + 4), series])
  const received = new ReceivedSeries([])
  const reader = new FrameReader(2 * data.length, received)
  const both = Buffer.concat([frame, frame.subarray(0, 300)])
  for (let from = 0; from < both.length; from += 256) reader.push(both.subarray(from, from + 256))
  assert.equal(received.all().length, 1)
  assert.throws(() => reader.end(), /^Error: unexpected EOF$/)
})
