import { zstdCompressSync } from 'node:zlib'
import { compressSync } from 'snappy'
import { crc32c } from '../../base/crc32c.ts'
import type { Chunk } from '../../chunkenc/codec.ts'
import type { Histogram } from '../../model/histogram.ts'
import { isStaleMarker } from '../../model/staleness.ts'
import { PAGE_BYTES } from './segment-reader.ts'

// What Prometheus writes, for tests: plain values in, bytes out. Format: docs/formats/prometheus-wal.md.

export type Compression = 'none' | 'snappy' | 'zstd'
const FLAGS: Readonly<Record<Compression, number>> = { none: 0, snappy: 0x08, zstd: 0x10 }

/** A segment with these records. */
export function segmentOf(records: readonly Uint8Array[], compression: Compression = 'none'): Buffer {
  const parts: Buffer[] = []
  let length = 0
  const put = (bytes: Buffer) => {
    parts.push(bytes)
    length += bytes.length
  }
  for (const record of records) {
    const plain = Buffer.from(record)
    let left = compression === 'snappy' ? compressSync(plain) : compression === 'zstd' ? zstdCompressSync(plain) : plain
    for (let isBegin = true; isBegin || left.length > 0; isBegin = false) {
      if (PAGE_BYTES - (length % PAGE_BYTES) < 7) put(Buffer.alloc(PAGE_BYTES - (length % PAGE_BYTES)))
      const data = left.subarray(0, PAGE_BYTES - (length % PAGE_BYTES) - 7)
      const isEnd = data.length === left.length
      const header = Buffer.alloc(7)
      header[0] = FLAGS[compression] | (isBegin && isEnd ? 1 : isBegin ? 2 : isEnd ? 4 : 3)
      header.writeUInt16BE(data.length, 1)
      header.writeUInt32BE(crc32c(data), 3)
      put(Buffer.concat([header, data]))
      left = left.subarray(data.length)
    }
  }
  return Buffer.concat(parts)
}

export function seriesRecord(...series: readonly (readonly [ref: number, labels: Readonly<Record<string, string>>])[]): Buffer {
  return Buffer.concat([Buffer.of(1), ...series.flatMap(([ref, labels]) => [u64(ref), labelsBytes(labels)])])
}

export function samplesRecord(...samples: readonly (readonly [ref: number, t: number, v: number])[]): Buffer {
  const [[ref, t]] = samples
  return Buffer.concat([
    Buffer.of(2),
    u64(ref),
    u64(t),
    ...samples.flatMap((sample) => [varint(sample[0] - ref), varint(sample[1] - t), f64(sample[2])]),
  ])
}

export function exemplarsRecord(
  ...exemplars: readonly (readonly [ref: number, t: number, v: number, labels: Readonly<Record<string, string>>])[]
): Buffer {
  const [[ref, t]] = exemplars
  return Buffer.concat([
    Buffer.of(4),
    u64(ref),
    u64(t),
    ...exemplars.flatMap((one) => [varint(one[0] - ref), varint(one[1] - t), f64(one[2]), labelsBytes(one[3])]),
  ])
}

export function metadataRecord(
  ...said: readonly (readonly [ref: number, type: number, fields: Readonly<Record<string, string>>])[]
): Buffer {
  return Buffer.concat([Buffer.of(6), ...said.flatMap(([ref, type, fields]) => [varuint(ref), Buffer.of(type), labelsBytes(fields)])])
}

/** With start times; `st` of 0: none. */
export function samplesV2Record(...samples: readonly (readonly [ref: number, t: number, v: number, st: number])[]): Buffer {
  const [[, t, , st]] = samples
  const parts = samples.map(([ref, time, v, startTime], i) => {
    if (i === 0) return Buffer.concat([varint(ref), varint(time), varint(startTime), f64(v)])
    const before = samples[i - 1]
    const start =
      startTime === 0 ? Buffer.of(0) : startTime === before[3] ? Buffer.of(1) : Buffer.concat([Buffer.of(2), varint(startTime - st)])
    return Buffer.concat([varint(ref - before[0]), varint(time - t), start, f64(v)])
  })
  return Buffer.concat([Buffer.of(11), ...parts])
}

export function tombstonesRecord(...stones: readonly (readonly [ref: number, minTime: bigint, maxTime: bigint])[]): Buffer {
  return Buffer.concat([Buffer.of(3), ...stones.flatMap(([ref, minTime, maxTime]) => [u64(ref), varint(minTime), varint(maxTime)])])
}

/** Types 7 to 10, as the first histogram is; type 12 or 13 with `hasStartTimes`. */
export function histogramsRecord(
  histograms: readonly (readonly [ref: number, t: number, histogram: Histogram])[],
  hasStartTimes = false,
): Buffer {
  const [[ref, t, { isFloat, schema }]] = histograms
  const isCustom = schema === -53
  if (hasStartTimes) {
    const parts = histograms.map((one, i) =>
      i === 0
        ? Buffer.concat([varint(ref), varint(t), varint(5), histogramBytes(one[2])])
        : Buffer.concat([varint(one[0] - histograms[i - 1][0]), varint(one[1] - t), Buffer.of(2), varint(7), histogramBytes(one[2])]),
    )
    return Buffer.concat([Buffer.of(isFloat ? 13 : 12), ...parts])
  }
  return Buffer.concat([
    Buffer.of(7 + Number(isFloat) + (isCustom ? 2 : 0)),
    u64(ref),
    u64(t),
    ...histograms.flatMap((one) => [varint(one[0] - ref), varint(one[1] - t), histogramBytes(one[2])]),
  ])
}

/** A file of chunks_head. */
export function chunkFileOf(chunks: readonly { readonly ref: number; readonly chunk: Chunk; readonly isLate?: boolean }[]): Buffer {
  const parts = [Buffer.from('0130bc9101000000', 'hex')]
  for (const { ref, chunk, isLate = false } of chunks) {
    const data = chunk.data.subarray(chunk.start, chunk.end)
    const encoding = Buffer.of(chunk.encoding | (isLate ? 0x80 : 0))
    const body = Buffer.concat([u64(ref), u64(chunk.minTime), u64(chunk.maxTime), encoding, varuint(data.length), data])
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32c(body))
    parts.push(body, checksum)
  }
  return Buffer.concat(parts)
}

/** A series of a snapshot. */
export function snapshotRecord(ref: number, labels: Readonly<Record<string, string>>, chunk: Chunk | undefined): Buffer {
  const head = [Buffer.of(1), u64(ref), labelsBytes(labels), u64(0)]
  if (chunk === undefined) return Buffer.concat([...head, varuint(0)])
  const data = chunk.data.subarray(chunk.start, chunk.end)
  const times = [u64(chunk.minTime), u64(chunk.maxTime)]
  return Buffer.concat([...head, varuint(1), ...times, Buffer.of(chunk.encoding), varuint(data.length), data, Buffer.alloc(64)])
}

function histogramBytes(h: Histogram): Buffer {
  const spans = (all: Int32Array) => [
    varuint(all.length / 2),
    ...Array.from(all, (number, i) => (i % 2 === 0 ? varint(number) : varuint(number))),
  ]
  const floats = (all: Float64Array) => [varuint(all.length), ...Array.from(all, f64)]
  const differences = (all: Float64Array) => [varuint(all.length), ...Array.from(all, (count, i) => varint(count - (all[i - 1] ?? 0)))]
  const buckets = h.isFloat ? floats : differences
  const count = h.isFloat ? f64 : varuint
  return Buffer.concat([
    Buffer.of(h.counterResetHint),
    varint(h.schema),
    f64(h.zeroThreshold),
    count(h.zeroCount),
    count(h.count),
    f64(h.sum),
    ...spans(h.positiveSpans),
    ...spans(h.negativeSpans),
    ...buckets(h.positiveBuckets),
    ...buckets(h.negativeBuckets),
    ...(h.schema === -53 ? floats(h.customValues) : []),
  ])
}

function labelsBytes(labels: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(labels)
  return Buffer.concat([varuint(pairs.length), ...pairs.flat().flatMap((text) => [varuint(Buffer.byteLength(text)), Buffer.from(text)])])
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

function f64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  if (isStaleMarker(value)) bytes.write('7ff0000000000002', 'hex')
  else bytes.writeDoubleBE(value)
  return bytes
}

function varuint(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

function varint(value: number | bigint): Buffer {
  const wide = BigInt(value)
  return varuint(BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n)))
}
