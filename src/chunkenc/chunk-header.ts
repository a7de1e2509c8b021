import { CounterResetHint } from '../model/histogram.ts'
import { ChunkEncoding } from './codec.ts'

// What stands before the bits of a chunk. docs/formats/chunks.md.

/** Bytes before the bits. */
export function headerBytesOf(encoding: ChunkEncoding): number {
  return encoding === ChunkEncoding.xor ? 2 : 3
}

/** The most samples a chunk can count. */
export function samplesMaxOf(encoding: ChunkEncoding): number {
  return encoding === ChunkEncoding.histogramSt || encoding === ChunkEncoding.floatHistogramSt ? 0x3fff : 0xffff
}

/** Numbers of the two bits, by CounterResetHint. Source: Prometheus tsdb/chunkenc/histogram.go, CounterResetHeader. */
const RESET_BITS = [0b00, 0b10, 0b01, 0b11]
const RESET_OF_BITS = [CounterResetHint.unknown, CounterResetHint.notReset, CounterResetHint.reset, CounterResetHint.gauge]

/**
 * Writes the header of a chunk at `start`. `reset` counts for histograms, `startHeader` (StartTimeEncoder) for the encodings that have
 * start times.
 */
export function writeHeader(
  encoding: ChunkEncoding,
  sampleCount: number,
  reset: CounterResetHint,
  startHeader: number,
  into: Uint8Array,
  start: number,
): void {
  into[start] = sampleCount >>> 8
  into[start + 1] = sampleCount
  switch (encoding) {
    case ChunkEncoding.xor2:
      into[start + 2] = startHeader
      break
    case ChunkEncoding.histogram:
    case ChunkEncoding.floatHistogram:
      into[start + 2] = RESET_BITS[reset] << 6
      break
    case ChunkEncoding.histogramSt:
    case ChunkEncoding.floatHistogramSt:
      into[start] |= RESET_BITS[reset] << 6
      into[start + 2] = startHeader
  }
}

/** The samples a chunk says it has. */
export function readSampleCount(encoding: ChunkEncoding, data: Uint8Array, start: number): number {
  return ((data[start] << 8) | data[start + 1]) & samplesMaxOf(encoding)
}

/** What a chunk of histograms says of a counter reset before it. */
export function readReset(encoding: ChunkEncoding, data: Uint8Array, start: number): CounterResetHint {
  const hasStarts = encoding === ChunkEncoding.histogramSt || encoding === ChunkEncoding.floatHistogramSt
  return RESET_OF_BITS[data[start + (hasStarts ? 0 : 2)] >>> 6]
}
