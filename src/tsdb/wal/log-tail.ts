import { Breather } from '../../base/breather.ts'
import { type Env, type File, sleep } from '../../base/env.ts'
import type { Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import type { LogPiece, LogPlace, LogReader, LogSink } from '../../storage/log-reader.ts'
import { ByteReader } from './byte-writer.ts'
import { decodeMetadataRecord, decodeSeriesRecord } from './decode.ts'
import { EntryColumns } from './entry-columns.ts'
import { RecordType, SEGMENT_HEADER_BYTES, segmentCreated, segmentHeaderProblem } from './record.ts'
import { type Damage, type SegmentPlace, type SegmentVisitor, scanSegment } from './scan-segment.ts'
import { type LogPosition, type Segment, segmentPath } from './segment.ts'

// 1. A follower reads up to the end of what is applied: a batch that fails is taken back from the file, and nobody has seen it.
// 2. A file is opened anew for every look: after an fsync that failed another one has its name, with the same bytes.

/** How long a follower lets batches gather once there is one. */
const GATHER_MS = 100

/** What is followed. */
export interface FollowedLog {
  /** Oldest first. */
  readonly segments: readonly Segment[]
  /** Segments with older samples alone are needed by readers, and nobody else. */
  readonly neededFrom: Timestamp
  /** What is before it is acknowledged. */
  readonly applied: LogPosition
}

/** The log as those see it who follow it. */
export class LogTail implements LogReader {
  readonly #env: Pick<Env, 'fs' | 'clock'>
  readonly #dir: string
  readonly #opened = Promise.withResolvers<FollowedLog>()
  readonly #begun = Promise.withResolvers<LogPlace>()
  #log: FollowedLog | undefined
  #news = Promise.withResolvers<void>()
  readonly #kept = new Map<string, number>()
  readonly #onReleased: () => void

  /** Calls `onReleased` when segments may be removed that were kept for readers. */
  constructor(env: Pick<Env, 'fs' | 'clock'>, dir: string, onReleased: () => void) {
    this.#env = env
    this.#dir = dir
    this.#onReleased = onReleased
  }

  /** What is written from now on goes to segments from this one on. */
  begin(segment: number): void {
    this.#begun.resolve({ segment, created: 0, offset: 0, entry: 0 })
  }

  /** From now on there is something to follow. */
  open(log: FollowedLog): void {
    this.#log = log
    this.#opened.resolve(log)
  }

  /** Something was written. */
  wake(): void {
    this.#news.resolve()
    this.#news = Promise.withResolvers()
  }

  /** Segments from this one on stay. */
  get keptFrom(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#kept.values())
  }

  keepFrom(reader: string, number: number): void {
    const before = this.keptFrom
    if (number === Number.POSITIVE_INFINITY) this.#kept.delete(reader)
    else this.#kept.set(reader, number)
    if (this.keptFrom > before) this.#onReleased()
  }

  async start(signal: AbortSignal): Promise<LogPlace> {
    await untilEither(this.#begun.promise, signal)
    signal.throwIfAborted()
    return this.#begun.promise
  }

  async end(signal: AbortSignal): Promise<LogPlace> {
    const { applied } = await this.#whenOpen(signal)
    const header = applied.offset === 0 ? undefined : await this.#header(applied.segment)
    return { segment: applied.segment, created: header ?? 0, offset: applied.offset, entry: 0 }
  }

  pieces(): readonly LogPiece[] {
    const log = this.#log
    if (log === undefined) return []
    const { neededFrom } = log
    return log.segments.map(({ number, sizeBytes, maxTime }) => ({ number, sizeBytes, maxTime, isSpare: maxTime < neededFrom }))
  }

  async disk(): Promise<{ readonly availableBytes: number; readonly totalBytes: number } | undefined> {
    try {
      return await this.#env.fs.usage(this.#dir)
    } catch {
      return undefined
    }
  }

  async follow(from: LogPlace, sink: LogSink, signal: AbortSignal): Promise<void> {
    const log = await this.#whenOpen(signal)
    const visitor = new FollowVisitor(sink, signal)
    let place = from
    /** Where the scan of the segment that was begun goes on. */
    let scanned: SegmentPlace | undefined
    while (!signal.aborted) {
      const news = this.#news.promise
      const { applied } = log
      const next = log.segments.find(({ number }) => number >= place.segment)
      if (next === undefined || next.number > applied.segment) {
        await this.#untilNews(news, signal)
        continue
      }
      if (next.number !== place.segment) {
        place = { segment: next.number, created: 0, offset: 0, entry: 0 }
        scanned = undefined
      }
      const isLast = next.number === applied.segment
      const until = isLast ? applied.offset : Number.POSITIVE_INFINITY
      if (scanned === undefined || scanned.offset < Math.min(until, next.sizeBytes)) {
        const end = await this.#read(place, scanned, until, visitor, signal)
        if (signal.aborted) return
        if (end === undefined) {
          // It went between the look at the list and the look at the file.
          place = { segment: next.number + 1, created: 0, offset: 0, entry: 0 }
          scanned = undefined
          continue
        }
        scanned = end
        place = { segment: next.number, created: visitor.created, offset: Math.max(end.offset, place.offset), entry: 0 }
        sink.reached(place)
      }
      if (!isLast && next.number < log.applied.segment) {
        place = { segment: next.number + 1, created: 0, offset: 0, entry: 0 }
        scanned = undefined
        sink.reached(place)
      } else if (isLast) await this.#untilNews(news, signal)
    }
  }

  async countFrom(place: LogPlace): Promise<number> {
    let count = 0
    const reader = new ByteReader()
    const visitor: SegmentVisitor = {
      record(type, bytes, start, end, offset) {
        if (offset < place.offset) return undefined
        if (type !== RecordType.samples && type !== RecordType.samplesFrom && type !== RecordType.histograms) return undefined
        reader.open(bytes, start, end)
        reader.zigzag()
        count += reader.varint()
        if (offset === place.offset) count -= place.entry
        return undefined
      },
      damage: async () => {},
    }
    await this.#withFile(place.segment, async (file) => {
      const until = place.segment === this.#log?.applied.segment ? this.#log.applied.offset : Number.POSITIVE_INFINITY
      await scanSegment(file, place.segment, visitor, new Breather(this.#env.clock), { until })
    })
    return count
  }

  /** Reads what is new of a segment; where that ended, undefined when the segment is gone. */
  async #read(
    place: LogPlace,
    scanned: SegmentPlace | undefined,
    until: number,
    visitor: FollowVisitor,
    signal: AbortSignal,
  ): Promise<SegmentPlace | undefined> {
    const { clock } = this.#env
    if (scanned === undefined) {
      const created = await this.#header(place.segment)
      if (created === undefined) return undefined
      const isSame = place.created === 0 || place.created === created
      visitor.begin(place.segment, created, isSame ? place : { ...place, offset: 0, entry: 0 })
    }
    let end: SegmentPlace | undefined
    try {
      const isThere = await this.#withFile(place.segment, async (file) => {
        end = await scanSegment(file, place.segment, visitor, new Breather(clock, signal), { from: scanned, until })
      })
      return isThere ? end : undefined
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    }
  }

  /** When a segment was begun; undefined when it is gone, 0 when it does not say. */
  async #header(number: number): Promise<number | undefined> {
    const bytes = new Uint8Array(SEGMENT_HEADER_BYTES)
    let length = 0
    const isThere = await this.#withFile(number, async (file) => {
      length = await file.readAll([bytes], 0)
    })
    if (!isThere) return undefined
    return length < SEGMENT_HEADER_BYTES || segmentHeaderProblem(bytes, number) !== undefined ? 0 : segmentCreated(bytes)
  }

  /** False when there is no such segment. */
  async #withFile(number: number, act: (file: File) => Promise<void>): Promise<boolean> {
    let file: File
    try {
      file = await this.#env.fs.open(segmentPath(this.#dir, number), 'read')
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return false
      throw error
    }
    try {
      await act(file)
      return true
    } finally {
      await file.close()
    }
  }

  async #whenOpen(signal: AbortSignal): Promise<FollowedLog> {
    if (this.#log !== undefined) return this.#log
    await untilEither(this.#opened.promise, signal)
    signal.throwIfAborted()
    return this.#opened.promise
  }

  async #untilNews(news: Promise<void>, signal: AbortSignal): Promise<void> {
    await untilEither(news, signal)
    await sleep(this.#env.clock, GATHER_MS, signal)
  }
}

/** Resolves with the promise, or when the signal aborts. */
async function untilEither(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise: aborted, resolve } = Promise.withResolvers<void>()
  const onAbort = () => resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Tells a sink what a scan finds; of what is before a place, the series and what is known of them. */
class FollowVisitor implements SegmentVisitor {
  readonly #sink: LogSink
  readonly #signal: AbortSignal
  readonly #entries = new EntryColumns()
  #segment = 0
  #from: LogPlace | undefined
  created = 0

  constructor(sink: LogSink, signal: AbortSignal) {
    this.#sink = sink
    this.#signal = signal
  }

  begin(segment: number, created: number, from: LogPlace): void {
    this.#segment = segment
    this.created = created
    this.#from = from
    this.#sink.segment(segment, created)
  }

  record(type: number, bytes: Uint8Array, start: number, end: number, offset: number): Promise<void> | undefined {
    this.#signal.throwIfAborted()
    if (type === RecordType.series) decodeSeriesRecord(bytes, start, end, this.#onSeries)
    else if (type === RecordType.metadata) decodeMetadataRecord(bytes, start, end, (series, said) => this.#sink.metadata(series, said))
    const { offset: fromOffset, entry } = this.#from!
    if (offset < fromOffset) return undefined
    const from = offset === fromOffset ? entry : 0
    switch (type) {
      case RecordType.samples:
      case RecordType.samplesFrom:
        this.#entries.read(type, bytes, start, end)
        return this.#sink.samples(this.#entries, offset, from)
      case RecordType.histograms:
        this.#entries.read(type, bytes, start, end)
        return this.#sink.histograms(this.#entries, offset, from)
      case RecordType.exemplars:
        this.#entries.read(type, bytes, start, end)
        return this.#sink.exemplars(this.#entries, offset, from)
      default:
        return undefined
    }
  }

  readonly #onSeries = (number: number, labels: Labels): void => this.#sink.series(number, labels)

  /** What a crash has left of a batch that was not acknowledged is nothing to tell of. */
  async damage(damage: Damage): Promise<void> {
    if (!damage.torn) this.#sink.damage(this.#segment, damage.offset, damage.reason)
  }
}
