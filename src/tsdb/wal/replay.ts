import { Breather, doAtOnce, doInTurns } from '../../base/breather.ts'
import { crc32c } from '../../base/crc32c.ts'
import type { Env, File } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { directoryOf } from '../../base/files.ts'
import type { Exemplar } from '../../model/exemplar.ts'
import type { Histogram } from '../../model/histogram.ts'
import type { Labels } from '../../model/labels.ts'
import type { Metadata } from '../../model/metadata.ts'
import type { Timestamp } from '../../model/time.ts'
import type { SeriesRef } from '../../storage/appender.ts'
import type { Deletion } from '../deletion.ts'
import { openPatiently } from '../patient-reads.ts'
import {
  decodeDeletionsRecord,
  decodeExemplarsRecord,
  decodeHistogramsRecord,
  decodeMetadataRecord,
  decodeSamplesFromRecord,
  decodeSeriesRecord,
} from './decode.ts'
import { GatheredSamples, type GatheredTarget } from './gathered-samples.ts'
import { RECORD_HEADER_BYTES, RecordType } from './record.ts'
import { type SampleSlices, sampleSlices } from './sample-slices.ts'
import { type Damage, type SegmentVisitor, scanSegment } from './scan-segment.ts'
import { type LogPosition, type Segment, segmentNumber, segmentPath } from './segment.ts'

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
  /** The whole log was read: what is held comes next, in turns. Not called where that is not to be had series by series. */
  allRead(held: HeldSamples): void
  /** Whether somebody waits for some of that, or works on it. */
  isAsked(): boolean
  /** After each segment; refs of it are not used again. False ends the replay. */
  segmentEnd(done: number, total: number): boolean
}

/** Samples that were read and are not applied yet, until the replay is over. */
export interface HeldSamples {
  /** By the number of a series in the segment: 0 where nothing is known, else the ref + 1. */
  readonly refs: Float64Array
  /** No sample is older. */
  readonly minTime: Timestamp
  /** Applies what is held of some series now, by their rising numbers. */
  applyOf(numbers: readonly number[]): void
}

export interface LogDamage extends Damage {
  readonly segment: number
  /** Where the bytes were copied to; undefined for a torn tail and where nothing is to copy. */
  readonly quarantine: string | undefined
  /** An earlier start has reported it already. */
  readonly known: boolean
}

export interface ReplayReport {
  readonly segments: readonly Segment[]
  /** Of the records that were read. */
  bytes: number
  samples: number
  series: number
  /** Samples whose series record was lost. */
  samplesLost: number
  /** The first `DAMAGES_MAX` places. */
  readonly damages: LogDamage[]
  /** Places with damage, known ones and torn tails not counted. */
  corruptions: number
}

/** What is known of a log whose beginning does not have to be read. */
export interface ReplayStart {
  readonly position: LogPosition
  /** By their numbers in the segment of the position; 0 where nothing is known, else the ref + 1. */
  readonly refs: Float64Array
  /** As they were at the position. */
  readonly segments: readonly Segment[]
}

const DAMAGES_MAX = 1000

/** Queries wait for it: scrapes that come meanwhile take up to half of what it takes. */
export const REPLAY_WEIGHT = 2

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
    segments.push(known ?? { number, path: segmentPath(dir, number), sizeBytes: 0, maxTime: Number.POSITIVE_INFINITY })
  }
  const toRead = numbers.slice(segments.length)
  const report: ReplayReport = { segments, bytes: 0, samples: 0, series: 0, samplesLost: 0, damages: [], corruptions: 0 }
  let bytesTotal = 0
  for (const number of toRead) {
    const sizeBytes = (await fs.stat(segmentPath(dir, number)))?.sizeBytes ?? 0
    // A segment may have lost its end since.
    bytesTotal += Math.max(0, sizeBytes - (number === first ? (from?.position.offset ?? 0) : 0))
  }
  const gathered = new GatheredSamples(bytesTotal, from?.position.seriesCount ?? 0)
  const slices = sampleSlices()
  for (const [index, number] of toRead.entries()) {
    const path = segmentPath(dir, number)
    const file = await openPatiently(env, path, 'write')
    const start = number === first ? from : undefined
    try {
      const isLast = index === toRead.length - 1
      segments.push(
        await replaySegment(env, file, number, isLast, quarantineDir, target, gathered, slices, report, start, bytesTotal, signal),
      )
    } finally {
      await file.close()
    }
    if (!target.segmentEnd(index + 1, toRead.length)) break
  }
  return report
}

async function replaySegment(
  { fs, log, clock }: Pick<Env, 'fs' | 'log' | 'clock'>,
  file: File,
  number: number,
  isLast: boolean,
  quarantineDir: string,
  target: ReplayTarget,
  gathered: GatheredSamples,
  slices: SampleSlices,
  report: ReplayReport,
  from: ReplayStart | undefined,
  bytesTotal: number,
  signal: AbortSignal | undefined,
): Promise<Segment> {
  /** By the number in the segment; 0 where nothing is known, else the ref + 1. */
  let refs: Float64Array = from?.refs ?? new Float64Array(1024)
  let maxTime = from?.segments.find((segment) => segment.number === number)?.maxTime ?? Number.NEGATIVE_INFINITY
  let samplesLost = 0

  const breather = new Breather(clock, signal, REPLAY_WEIGHT)
  /** What was gathered must be applied before what is to come. */
  const applyGathered = () => doAtOnce(gathered.apply(refs, target))
  const applyInTurns = () => doInTurns(gathered.apply(refs, target), breather)

  const onSeries = (index: number, labels: Labels, time: Timestamp) => {
    if (index < gathered.seriesEnd) applyGathered()
    if (index >= refs.length) {
      const larger = new Float64Array(Math.max(index + 1, 2 * refs.length))
      larger.set(refs)
      refs = larger
    }
    refs[index] = target.series(labels, time) + 1
    report.series++
    // A segment may have nothing but what is said of series that have samples at this time.
    if (time > maxTime) maxTime = time
  }
  /** The ref of a series of the segment, -1 when its record was lost. */
  const refOf = (index: number) => (index < refs.length ? refs[index] - 1 : -1)
  /** The same for a sample at `t`, which is counted. */
  const refOfSample = (index: number, t: Timestamp) => {
    if (t > maxTime) maxTime = t
    const ref = refOf(index)
    if (ref < 0) samplesLost++
    else report.samples++
    return ref
  }
  const gatherSamples = (bytes: Uint8Array, start: number, end: number) => {
    slices.open(bytes, start, end)
    for (let read = slices.read(); read > 0; read = slices.read()) {
      if (!gathered.hasRoom) applyGathered()
      const { times, runCount } = slices
      for (let run = 0; run < runCount; run++) if (times[run] > maxTime) maxTime = times[run]
      gathered.add(slices, read)
    }
  }
  const onSampleFrom = (index: number, t: Timestamp, v: number, startTime: Timestamp) => {
    if (gathered.has(index)) applyGathered()
    const ref = refOfSample(index, t)
    if (ref >= 0) target.sample(ref, t, v, startTime)
  }
  const onHistogram = (index: number, t: Timestamp, isFloat: boolean, histogram: Histogram | undefined, startTime: Timestamp) => {
    if (gathered.has(index)) applyGathered()
    const ref = refOfSample(index, t)
    if (ref >= 0) target.histogram(ref, t, isFloat, histogram, startTime)
  }
  const onExemplar = (index: number, exemplar: Exemplar) => {
    const ref = refOf(index)
    if (ref >= 0) target.exemplar(ref, exemplar)
  }
  const onMetadata = (index: number, metadata: Metadata) => {
    const ref = refOf(index)
    if (ref >= 0) target.metadata(ref, metadata)
  }

  const onDeletions = async (deletions: readonly Deletion[]) => {
    await applyInTurns()
    for (const deletion of deletions) {
      // The segment stays as long as one before it, where what was deleted is.
      maxTime = Math.max(maxTime, deletion.maxTime, ...report.segments.map((segment) => segment.maxTime))
      await target.deletion(deletion)
    }
  }

  const visitor: SegmentVisitor = {
    record(type, bytes, start, end) {
      if (type === RecordType.series) decodeSeriesRecord(bytes, start, end, onSeries)
      else if (type === RecordType.samples) gatherSamples(bytes, start, end)
      else if (type === RecordType.samplesFrom) decodeSamplesFromRecord(bytes, start, end, onSampleFrom)
      else if (type === RecordType.histograms) decodeHistogramsRecord(bytes, start, end, onHistogram)
      else if (type === RecordType.exemplars) decodeExemplarsRecord(bytes, start, end, onExemplar)
      else if (type === RecordType.metadata) decodeMetadataRecord(bytes, start, end, onMetadata)
      else if (type === RecordType.deletions) return onDeletions(decodeDeletionsRecord(bytes, start, end))
      else throw new RangeError(`type ${type} is not known`)
      report.bytes += RECORD_HEADER_BYTES + end - start
      target.progress(report.bytes, bytesTotal)
      return gathered.isFull ? applyInTurns() : undefined
    },
    async damage(damage) {
      let quarantine: string | undefined
      let known = false
      try {
        if (!damage.torn && damage.sizeBytes > 0) {
          const place = await placeFor(fs, file, damage, `${quarantineDir}/${String(number).padStart(8, '0')}-${damage.offset}`)
          quarantine = place.path
          known = place.isThere
        }
        if (quarantine !== undefined && !known) {
          await fs.mkdir(quarantineDir)
          await copyPart(fs, file, damage, quarantine)
        }
        if (damage.atEnd) await file.truncate(damage.offset)
      } catch (error) {
        // It stays where it is, for the next start; what comes after it is read all the same.
        log.error('damage in log segment not set aside', { segment: number, offset: damage.offset, error: errorMessage(error) })
        quarantine = undefined
      }
      if (report.damages.length < DAMAGES_MAX) report.damages.push({ ...damage, segment: number, quarantine, known })
      const fields = {
        segment: number,
        offset: damage.offset,
        sizeBytes: damage.sizeBytes,
        reason: damage.reason,
        wantChecksum: hex(damage.want),
        gotChecksum: hex(damage.got),
        recordsLost: damage.recordsLost,
      }
      if (damage.torn) log.info('torn end of log segment cut off', fields)
      else if (known) log.info('known damage in log segment skipped', fields)
      else {
        report.corruptions++
        log.warn('damage in log segment quarantined', { ...fields, quarantine })
      }
    },
  }
  await scanSegment(file, number, visitor, breather, from?.position)
  if (isLast && gathered.isInRuns) {
    const { minTime } = gathered
    target.allRead({ refs, minTime, applyOf: (numbers) => gathered.applyOf(numbers, refs, target) })
  }
  await doInTurns(gathered.apply(refs, target), breather, () => target.isAsked())
  report.samples += gathered.applied
  samplesLost += gathered.lost
  gathered.applied = 0
  gathered.lost = 0
  if (samplesLost > 0) {
    report.samplesLost += samplesLost
    log.warn('samples lost with the records of their series', { segment: number, samples: samplesLost })
  }
  return { number, path: file.path, sizeBytes: await file.size(), maxTime }
}

const COPY_BYTES = 64 * 1024

/**
 * Where damage is copied to, and whether it is there already. When a log has begun anew, another damage may have been at the same place of a
 * segment of the same number: it stays.
 */
async function placeFor(
  fs: Env['fs'],
  from: File,
  damage: Damage,
  stem: string,
): Promise<{ readonly path: string; readonly isThere: boolean }> {
  for (let n = 1; ; n++) {
    const path = n === 1 ? `${stem}.bin` : `${stem}-${n}.bin`
    const stat = await fs.stat(path)
    if (stat === null) return { path, isThere: false }
    if (stat.sizeBytes === damage.sizeBytes && (await isSame(fs, from, damage, path))) return { path, isThere: true }
  }
}

async function isSame(fs: Env['fs'], from: File, { offset, sizeBytes }: Damage, path: string): Promise<boolean> {
  const other = await fs.open(path, 'read')
  try {
    const [ours, theirs] = [new Uint8Array(COPY_BYTES), new Uint8Array(COPY_BYTES)]
    for (let done = 0; done < sizeBytes; ) {
      const wanted = Math.min(COPY_BYTES, sizeBytes - done)
      const read = await from.readAll([ours.subarray(0, wanted)], offset + done)
      const found = await other.readAll([theirs.subarray(0, wanted)], done)
      if (read !== found || crc32c(ours, 0, read) !== crc32c(theirs, 0, found)) return false
      if (read === 0) break
      done += read
    }
    return true
  } finally {
    await other.close()
  }
}

/** Copies damage to a file of its own, which is there only when it is whole. */
async function copyPart(fs: Env['fs'], from: File, damage: Damage, path: string): Promise<void> {
  const besides = `${path}.tmp`
  await fs.remove(besides)
  const to = await fs.open(besides, 'create')
  try {
    const bytes = new Uint8Array(COPY_BYTES)
    for (let done = 0; done < damage.sizeBytes; ) {
      const read = await from.read(bytes.subarray(0, Math.min(bytes.length, damage.sizeBytes - done)), damage.offset + done)
      if (read === 0) break
      await to.write([bytes.subarray(0, read)], done)
      done += read
    }
    await to.sync()
  } finally {
    await to.close()
  }
  await fs.rename(besides, path)
  await fs.syncDir(directoryOf(path))
}

function hex(checksum: number | undefined): string | undefined {
  return checksum === undefined ? undefined : checksum.toString(16).padStart(8, '0')
}
