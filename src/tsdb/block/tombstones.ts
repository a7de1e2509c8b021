import { crc32c } from '../../base/crc32c.ts'
import type { FileSystem } from '../../base/env.ts'
import type { Timestamp } from '../../model/time.ts'
import { ByteWriter } from '../wal/byte-writer.ts'
import { ByteCursor } from './byte-cursor.ts'
import { DamageError, hex } from './damage.ts'

export const TOMBSTONES_FILE = 'tombstones'
const MAGIC = 0x0130ba30
const VERSION = 1
const HEADER_BYTES = 5
const CHECKSUM_BYTES = 4

/** Both inclusive. */
export interface TimeInterval {
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
}

/** What was deleted, by series number: intervals rising, neither overlapping nor touching. */
export type Tombstones = ReadonlyMap<number, readonly TimeInterval[]>

/** The same as `readTombstones`, for a file that was read before: one that is too short to say something is not read again. */
export async function readKnownTombstones(fs: FileSystem, path: string): Promise<Tombstones> {
  const sizeBytes = (await fs.stat(path))?.sizeBytes ?? 0
  return sizeBytes <= HEADER_BYTES + CHECKSUM_BYTES ? new Map() : readTombstones(fs, path)
}

/** What a tombstones file says; nothing where there is none. */
export async function readTombstones(fs: FileSystem, path: string): Promise<Tombstones> {
  let bytes: Buffer
  try {
    bytes = Buffer.from(await fs.readFile(path))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map()
    throw error
  }
  const cursor = new ByteCursor(path, bytes)
  const magic = cursor.u32()
  if (magic !== MAGIC) throw new DamageError(path, 0, 'magic number', hex(magic), hex(MAGIC))
  const version = cursor.u8()
  if (version !== VERSION) throw new DamageError(path, 4, 'version', version, VERSION)
  const end = bytes.length - 4
  if (end < HEADER_BYTES) throw new DamageError(path, HEADER_BYTES, 'rest', `${bytes.length - HEADER_BYTES} bytes`, 'at least 4')
  const got = crc32c(bytes, HEADER_BYTES, end)
  const want = bytes.readUInt32BE(end)
  if (got !== want) throw new DamageError(path, end, 'checksum', hex(got), hex(want))
  cursor.end = end
  const found = new Map<number, TimeInterval[]>()
  while (cursor.left > 0) {
    const series = cursor.varuint()
    const interval = { minTime: readTime(cursor), maxTime: readTime(cursor) }
    const known = found.get(series)
    if (known === undefined) found.set(series, [interval])
    else known.push(interval)
  }
  return new Map([...found].map(([series, intervals]) => [series, joinIntervals(intervals)]))
}

/** A time; those that are further away than 2^52 ms, which upstream has for "ever", are infinite. */
function readTime(cursor: ByteCursor): Timestamp {
  const { bytes, at } = cursor
  let length = 1
  while (length < 10 && at + length < cursor.end && bytes[at + length - 1] >= 0x80) length++
  if (length <= 7) return cursor.varint()
  cursor.skip(length)
  if (bytes[cursor.at - 1] >= 0x80) throw cursor.damage('time', 'longer', 'at most 10 bytes')
  return (bytes[at] & 1) === 1 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** Rising, neither overlapping nor touching. */
export function joinIntervals(intervals: readonly TimeInterval[]): readonly TimeInterval[] {
  const joined: TimeInterval[] = []
  for (const one of [...intervals].sort((a, b) => a.minTime - b.minTime)) {
    const last = joined.at(-1)
    if (last === undefined || one.minTime > last.maxTime + 1) joined.push(one)
    else if (one.maxTime > last.maxTime) joined[joined.length - 1] = { minTime: last.minTime, maxTime: one.maxTime }
  }
  return joined
}

/** What is infinite is written as this far away, and read as infinite again. */
const FAR_MS = 2 ** 51

/** The content of a tombstones file. */
export function formatTombstones(tombstones: Tombstones): Uint8Array {
  const out = new ByteWriter(64)
  for (const [series, intervals] of [...tombstones].sort(([a], [b]) => a - b)) {
    for (const { minTime, maxTime } of intervals) {
      out.reserve(30)
      out.varint(series)
      out.zigzag(Math.max(minTime, -FAR_MS))
      out.zigzag(Math.min(maxTime, FAR_MS))
    }
  }
  const bytes = Buffer.alloc(HEADER_BYTES + out.length + 4)
  bytes.writeUInt32BE(MAGIC, 0)
  bytes[4] = VERSION
  bytes.set(out.bytes.subarray(0, out.length), HEADER_BYTES)
  bytes.writeUInt32BE(crc32c(bytes, HEADER_BYTES, bytes.length - 4), bytes.length - 4)
  return bytes
}

/** The place of the last interval that begins at `t` or before; -1: there is none. */
export function lastBegunAt(intervals: readonly TimeInterval[], t: Timestamp): number {
  let from = 0
  let to = intervals.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (intervals[middle].minTime <= t) from = middle + 1
    else to = middle
  }
  return from - 1
}

/** Whether all of `minTime`…`maxTime` was deleted. */
export function isAllDeleted(intervals: readonly TimeInterval[], minTime: Timestamp, maxTime: Timestamp): boolean {
  const at = lastBegunAt(intervals, minTime)
  return at >= 0 && intervals[at].maxTime >= maxTime
}

/** Whether something of `minTime`…`maxTime` was deleted. */
export function isPartDeleted(intervals: readonly TimeInterval[], minTime: Timestamp, maxTime: Timestamp): boolean {
  const at = lastBegunAt(intervals, maxTime)
  return at >= 0 && intervals[at].maxTime >= minTime
}

export function isDeletedAt(intervals: readonly TimeInterval[], t: Timestamp): boolean {
  const at = lastBegunAt(intervals, t)
  return at >= 0 && t <= intervals[at].maxTime
}
