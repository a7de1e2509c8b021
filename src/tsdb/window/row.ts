import { ChunkEncoding } from '../../chunkenc/codec.ts'
import type { Timestamp } from '../../model/time.ts'
import type { Cells } from './cells.ts'

// The row of a series in a window: 64 bytes, one cache line.

export const ROW_WORDS = 16
export const ROW_WORDS_SHIFT = 4

/** Time of the newest sample, as float64 in words 0 and 1. */
export const LAST_TIME_FLOAT = 0
/** Bits of the newest value, low word first; of a histogram its digest. */
export const LAST_LOW = 2
export const LAST_HIGH = 3
/** The open chunk. A plain one of floats: what the time rose by last. Others: the block with the encoder's state. */
export const TIME_DELTA = 4
export const STATE_BLOCK = 4
/** The open chunk: its first cell, the cell being written. */
export const FIRST_CELL = 5
export const WRITE_CELL = 6
/**
 * Bits used in the cell being written << 16. A plain chunk of floats: | leading | trailing << 8. Others: | start time header | reset << 8, as
 * in `ChunkHeader`.
 */
export const STATE = 7
/** The cell that describes the newest closed chunk; 0: none. */
export const CLOSED = 8
export const LABELS_AT = 9
export const LABEL_COUNT = 10
export const HASH = 11
export const SLOT = 12
/** Samples of the open chunk (7 bits) | its ChunkEncoding << 7 (3 bits) | closed chunks << 10 (21 bits, which may overflow) | BUSY. */
export const PUBLISHED = 13
/** Time of the first sample of the open chunk, from the start of the window. */
export const OPEN_TIME = 14
export const OPEN_BYTES = 15

export const BUSY = 0x80000000
export const OPEN_COUNT_MASK = 0x7f
export const ENCODING_SHIFT = 7
export const ENCODING_MASK = 0x7 << ENCODING_SHIFT
export const XOR_PUBLISHED = ChunkEncoding.xor << ENCODING_SHIFT
const CLOSED_COUNT_SHIFT = 10
const CLOSED_COUNT_MASK = 0x1fffff

// A closed chunk's cell: link to the one before, then these words.
export const CLOSED_FIRST_CELL = 1
export const CLOSED_MIN_TIME = 2
export const CLOSED_MAX_TIME = 3
/** Samples | bytes << 8. */
export const CLOSED_SIZE = 4
export const CLOSED_HEADER = 5

/** Samples of a full chunk, as upstream cuts them. */
export const CHUNK_SAMPLES = 120

/** What a chunk is, and what its header says besides the number of samples: ChunkEncoding | start time header << 8 | counter reset << 16. */
export type ChunkHeader = number

export function encodingOf(published: number): ChunkEncoding {
  return ((published & ENCODING_MASK) >>> ENCODING_SHIFT) as ChunkEncoding
}

/** The header of an open chunk whose row has these words. */
export function openHeader(published: number, state: number): ChunkHeader {
  const encoding = encodingOf(published)
  return encoding === ChunkEncoding.xor ? encoding : encoding | ((state & 0xffff) << 8)
}

/** Lets readers in other threads wait until PUBLISHED is stored again; what it was. Not by a store: what comes after one may be seen before it. */
export function beginChange(words: Uint32Array, row: number): number {
  return Atomics.or(words, row + PUBLISHED, BUSY)
}

/**
 * Makes the open chunk the newest closed one. Leaves the row BUSY and without an open chunk; publishing the next chunk's first sample
 * ends that. Returns PUBLISHED without BUSY, count and encoding.
 */
export function closeChunk(cells: Cells, words: Uint32Array, row: number, windowStart: Timestamp, maxTime: Timestamp): number {
  const published = beginChange(words, row)
  const closed = cells.add()
  cells.setLink(closed, words[row + CLOSED])
  cells.setWord(closed, CLOSED_FIRST_CELL, words[row + FIRST_CELL])
  cells.setWord(closed, CLOSED_MIN_TIME, words[row + OPEN_TIME])
  cells.setWord(closed, CLOSED_MAX_TIME, maxTime - windowStart)
  cells.setWord(closed, CLOSED_SIZE, (published & OPEN_COUNT_MASK) | (words[row + OPEN_BYTES] << 8))
  cells.setWord(closed, CLOSED_HEADER, openHeader(published, words[row + STATE]))
  words[row + CLOSED] = closed
  const closedCount = (((published & ~BUSY) >>> CLOSED_COUNT_SHIFT) + 1) & CLOSED_COUNT_MASK
  const left = closedCount << CLOSED_COUNT_SHIFT
  Atomics.store(words, row + PUBLISHED, (left | BUSY) >>> 0)
  return left
}

/**
 * Gives a row the chunks of another, which is the first in `from`: published as one step. The readers' view goes from the old chunks to the
 * new ones.
 */
export function copyOpenChunk(from: Uint32Array, to: Uint32Array, row: number): void {
  beginChange(to, row)
  for (let word = 0; word <= CLOSED; word++) to[row + word] = from[word]
  to[row + OPEN_TIME] = from[OPEN_TIME]
  to[row + OPEN_BYTES] = from[OPEN_BYTES]
  Atomics.store(to, row + PUBLISHED, from[PUBLISHED] & ~BUSY)
}
