import type { Env } from '../../base/env.ts'
import type { Exemplar } from '../../model/exemplar.ts'
import type { Histogram } from '../../model/histogram.ts'
import type { Labels } from '../../model/labels.ts'
import type { Metadata } from '../../model/metadata.ts'
import type { Timestamp } from '../../model/time.ts'
import type { SeriesRef } from '../../storage/appender.ts'
import type { Deletion } from '../deletion.ts'
import { openPatiently } from '../patient-reads.ts'
import { GatheredSamples, type GatheredTarget } from './gathered-samples.ts'
import type { DamageReport } from './log-damage.ts'
import { sampleSlices } from './sample-slices.ts'
import { type LogPosition, type Segment, segmentNumber, segmentPath } from './segment.ts'
import { SegmentReplay } from './segment-replay.ts'

/** Where the content of a log goes: of each series in order of the log, and a deletion behind all that stands before it. */
export interface ReplayTarget extends GatheredTarget {
  series(labels: Labels, time: Timestamp): SeriesRef
  /** `startTime` is 0 where it is not known, which it may be here and there among those that have one. */
  sample(ref: SeriesRef, t: Timestamp, v: number, startTime: Timestamp): void
  /** Undefined: a stale histogram. */
  histogram(ref: SeriesRef, t: Timestamp, isFloat: boolean, histogram: Histogram | undefined, startTime: Timestamp): void
  exemplar(ref: SeriesRef, exemplar: Exemplar): void
  metadata(ref: SeriesRef, metadata: Metadata): void
  /** What was deleted of what came before; the rest waits for it. */
  deletion(deletion: Deletion): Promise<void>
  /** After each record. */
  progress(bytesDone: number, bytesTotal: number): void
  /** The whole log was checked, and all is known of its series: samples of the last segment come next, in turns, or series by series. */
  restBegins(rest: RestOfLog): void
  /** Whether somebody waits for some of that, or works on it. */
  isAsked(): boolean
  /** After each segment; refs of it are not used again. False ends the replay. */
  segmentEnd(done: number, total: number): boolean
}

/** Samples of the last segment that are not applied yet, until the replay is over. */
export interface RestOfLog {
  /** By the number of a series in the segment: 0 where nothing is known, else the ref + 1. */
  readonly refs: Float64Array
  /**
   * Applies what there is of some series, by their rising numbers, before its turn. False where that is not to be had: histograms, or too many have
   * asked. Rejects for what the disk does not read, and when the replay is ended.
   */
  bring(numbers: readonly number[]): Promise<boolean>
}

export interface ReplayReport extends DamageReport {
  readonly segments: readonly Segment[]
  /** Of the records that were read. */
  bytes: number
  samples: number
  series: number
  /** Samples whose series record was lost. */
  samplesLost: number
}

/** What is known of a log whose beginning does not have to be read. */
export interface ReplayStart {
  readonly position: LogPosition
  /** By their numbers in the segment of the position; 0 where nothing is known, else the ref + 1. */
  readonly refs: Float64Array
  /** As they were at the position. */
  readonly segments: readonly Segment[]
}

/** The numbers of the segments in a directory, oldest first. */
export async function listSegments({ fs }: Pick<Env, 'fs'>, dir: string): Promise<number[]> {
  const numbers = (await fs.readDir(dir)).map(segmentNumber).filter((number) => number !== undefined)
  return numbers.sort((a, b) => a - b)
}

/**
 * Reads the segments `numbers` of a log into `target`, from a position on if there is one. Cuts torn tails, sets damage aside, and never fails for what a segment holds.
 * Throws what the disk says, and of which segment, when it does not read one; nothing of the log is lost by that.
 */
export async function replayLog(
  env: Pick<Env, 'fs' | 'log' | 'clock'>,
  dir: string,
  numbers: readonly number[],
  quarantineDir: string,
  target: ReplayTarget,
  from?: ReplayStart,
  signal?: AbortSignal,
): Promise<ReplayReport> {
  const { fs } = env
  const first = from?.position.segment ?? 0
  const segments: Segment[] = []
  for (const number of numbers.filter((one) => one < first)) {
    const known = from!.segments.find((segment) => segment.number === number)
    segments.push(known ?? { number, path: segmentPath(dir, number), sizeBytes: 0, maxTime: Number.POSITIVE_INFINITY, deletionsEnd: 0 })
  }
  const toRead = numbers.slice(segments.length)
  const report: ReplayReport = { segments, bytes: 0, samples: 0, series: 0, samplesLost: 0, damages: [], corruptions: 0 }
  let bytesTotal = 0
  for (const number of toRead) {
    const sizeBytes = (await fs.stat(segmentPath(dir, number)))?.sizeBytes ?? 0
    // A segment may have lost its end since.
    bytesTotal += Math.max(0, sizeBytes - (number === first ? (from?.position.offset ?? 0) : 0))
  }
  const around = {
    env,
    quarantineDir,
    target,
    gathered: new GatheredSamples(bytesTotal, from?.position.seriesCount ?? 0),
    slices: sampleSlices(),
    report,
    bytesTotal,
    signal,
  }
  for (const [index, number] of toRead.entries()) {
    const file = await openPatiently(env, segmentPath(dir, number), 'write')
    try {
      const replay = new SegmentReplay(around, file, number, number === first ? from : undefined)
      segments.push(index === toRead.length - 1 ? await replay.readLast() : await replay.readAll())
    } finally {
      await file.close()
    }
    if (!target.segmentEnd(index + 1, toRead.length)) break
  }
  return report
}
