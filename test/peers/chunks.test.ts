// The bytes of chunks: Prometheus is sent the golden series, puts them into a block, and its chunks are compared with the golden ones.
// PROMONTORY_GOLDEN=write writes them anew.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32c } from '@node-rs/crc32'
import { compressSync } from 'snappy'
import { GOLDEN, type GoldenSample, type GoldenSeries } from '../../src/chunkenc/golden.fixture.ts'
import { histogram } from '../../src/chunkenc/samples.fixture.ts'
import { exponentialBound } from '../../src/model/exponential-bounds.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { isStaleMarker, STALE_HIGH, STALE_LOW } from '../../src/model/staleness.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, ROOT } from '../support/program.ts'

const FILE = join(ROOT, 'src/chunkenc/testdata/chunks.json')

/** A protobuf message in the making. Source: Prometheus prompb/types.proto. */
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

/**
 * Every series of histograms gets one sample more, which begins a chunk: the newest chunk of a series is encoded anew for a block, and
 * its flags are lost.
 */
function writeRequest(all: readonly GoldenSeries[]): Buffer {
  const request = new Message()
  all.forEach(({ samples }, at) => {
    const isFloat = samples.some(({ value }) => typeof value === 'object' && value.isFloat)
    const isHistogram = samples.some(({ value }) => typeof value !== 'number')
    const end: GoldenSample = { t: samples[samples.length - 1].t + 1, value: histogram({ isFloat, hint: CounterResetHint.reset }) }
    request.message(1, (series) => {
      series.message(1, (label) => label.bytes(1, Buffer.from('__name__')).bytes(2, Buffer.from(nameOf(at))))
      for (const { t, value } of isHistogram ? [...samples, end] : samples) {
        if (typeof value === 'number') series.message(2, (sample) => sample.double(1, value).varint(2, t))
        else series.message(4, (message) => histogramMessage(message, t, value, isFloat))
      }
    })
  })
  return Buffer.concat(request.parts)
}

const nameOf = (at: number) => `golden_${String(at).padStart(3, '0')}`

/** The chunks of a block's segment, in order. Source: Prometheus tsdb/docs/format/chunks.md. */
function chunksOf(segment: Buffer): string[] {
  assert.equal(segment.readUInt32BE(0), 0x85bd40dd)
  const chunks: string[] = []
  for (let at = 8; at < segment.length; ) {
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = segment[at++]
      length += (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    const bytes = segment.subarray(at, at + 1 + length)
    at += 1 + length
    assert.equal(segment.readUInt32BE(at), crc32c(bytes))
    at += 4
    chunks.push(`${bytes[0]} ${bytes.subarray(1).toString('hex')}`)
  }
  return chunks
}

test('Prometheus writes the golden chunks', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const port = await freePort()
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, 'global: {}\n')
  const prometheus = new Program(
    binary,
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--web.enable-admin-api',
      '--enable-feature=native-histograms',
      '--storage.tsdb.retention.time=100y',
    ],
    `http://127.0.0.1:${port}`,
  )
  try {
    await prometheus.ready()
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' }
    const body = new Uint8Array(compressSync(writeRequest(GOLDEN)))
    const written = await fetch(`${prometheus.url}/api/v1/write`, { method: 'POST', headers, body })
    assert.equal(written.status, 204, await written.text())
    const snapshot = await fetch(`${prometheus.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })
    const { data } = (await snapshot.json()) as { data: { name: string } }
    const path = join(directory, 'data/snapshots', data.name)
    const [block] = readdirSync(path)
    const chunks = chunksOf(readFileSync(join(path, block, 'chunks/000001')))
    const golden: Record<string, string[]> = {}
    for (const { name, samples } of GOLDEN) {
      golden[name] = []
      for (let found = 0; found < samples.length; ) {
        const chunk = chunks.shift()
        assert.ok(chunk !== undefined, `${name}: chunks end after ${found} samples`)
        found += Number.parseInt(chunk.slice(2, 6), 16)
        golden[name].push(chunk)
      }
      if (samples.some(({ value }) => typeof value !== 'number'))
        assert.match(chunks.shift() ?? '', /^[23] 0001/, `${name}: one sample more`)
    }
    assert.deepEqual(chunks, [])
    if (process.env.PROMONTORY_GOLDEN === 'write') writeFileSync(FILE, `${JSON.stringify(golden, undefined, 1)}\n`)
    assert.deepEqual(golden, JSON.parse(readFileSync(FILE, 'utf8')))

    // Bounds of all 256 buckets of a power of two, and of those around it, as the API prints them.
    const series = GOLDEN.findIndex(({ name }) => name === '160 buckets, integers')
    const time = GOLDEN[series].samples[7].t / 1000
    const [{ histogram: answer }] = (await prometheus.query(`${nameOf(series)} @ ${time}`)) as unknown as [
      { histogram: [number, { buckets: [number, string, string, string][] }] },
    ]
    answer[1].buckets.forEach(([, lower, upper], i) => {
      assert.equal(Number(lower), exponentialBound(-81 + i, 8))
      assert.equal(Number(upper), exponentialBound(-80 + i, 8))
    })
  } finally {
    await prometheus.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
