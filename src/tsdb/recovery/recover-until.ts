import { Breather } from '../../base/breather.ts'
import type { Env, File } from '../../base/env.ts'
import { CodedError } from '../../base/errors.ts'
import { replaceFile } from '../../base/files.ts'
import { formatRfc3339, parseRfc3339 } from '../../base/rfc3339.ts'
import type { Timestamp } from '../../model/time.ts'
import { decodeHistogramsRecord, decodeSamplesFromRecord, decodeSamplesRecord } from '../wal/decode.ts'
import { RECORD_HEADER_BYTES, RecordType, SEGMENT_HEADER_BYTES } from '../wal/record.ts'
import { scanSegment } from '../wal/scan-segment.ts'
import { segmentNumber, segmentPath } from '../wal/segment.ts'
import { checkpointName, type Manifest } from './checkpoint-format.ts'
import { CheckpointReader } from './checkpoint-reader.ts'
import { checkpointDir, listCheckpoints } from './load-checkpoint.ts'

// Going back: what the log has after a chosen place is set aside before it is read, and nothing is deleted. A checkpoint that may have any of it goes with
// it. Blocks stay what they are. It is done once: a note says for which place.

/** A place in the log. */
export interface RecoverUntil {
  /** As it was given. */
  readonly text: string
  readonly at:
    | { readonly segment: number /** How many of its records; undefined: all. */; readonly recordCount: number | undefined }
    /** Up to the first record with a later sample. */
    | { readonly time: Timestamp }
}

/** Throws a `bad_data` CodedError for what is no place. */
export function parseRecoverUntil(text: string): RecoverUntil {
  const place = /^(\d{1,8})(?::(\d{1,10}))?$/.exec(text)
  if (place !== null) {
    return { text, at: { segment: Number(place[1]), recordCount: place[2] === undefined ? undefined : Number(place[2]) } }
  }
  const time = parseRfc3339(text)
  if (time === undefined)
    throw new CodedError('bad_data', `"${text}" is neither SEGMENT, SEGMENT:RECORDS nor a time as 2026-11-22T02:05:02Z`)
  return { text, at: { time } }
}

interface Cut {
  readonly segment: number
  /** In the segment; Infinity: its end. */
  readonly offset: number
}

const NOTE = 'recovered-until.json'

type Surroundings = Pick<Env, 'fs' | 'log' | 'clock'>

/** Sets aside what a log has after a place, and answers where it is; undefined: that was done before. */
export async function setAside(env: Surroundings, dir: string, until: RecoverUntil): Promise<string | undefined> {
  const { fs, log, clock } = env
  if ((await notedPlace(env, dir)) === until.text) {
    log.info('what came after was set aside by an earlier start', { until: until.text, note: `${dir}/${NOTE}` })
    return undefined
  }
  const logDir = `${dir}/log`
  const aside = `${dir}/set-aside/${formatRfc3339(clock.now()).replaceAll(':', '')}`
  await fs.mkdir(aside)
  const numbers = (await fs.readDir(logDir)).map(segmentNumber).filter((number) => number !== undefined)
  numbers.sort((a, b) => a - b)
  const cut = await findCut(env, logDir, numbers, until)
  const moved: string[] = []
  for (const number of await listCheckpoints(env, dir)) {
    const name = checkpointName(number)
    if (await isBefore(env, `${checkpointDir(dir)}/${name}`, number, cut, until)) continue
    await fs.rename(`${checkpointDir(dir)}/${name}`, `${aside}/${name}`)
    moved.push(name)
  }
  for (const number of numbers) {
    const path = segmentPath(logDir, number)
    const name = path.slice(logDir.length + 1)
    if (number < cut.segment) continue
    if (number > cut.segment) await fs.rename(path, `${aside}/${name}`)
    else if (!(await cutSegment(env, path, cut.offset, `${aside}/${name}`))) continue
    moved.push(name)
  }
  for (const changed of [logDir, aside, dir]) await fs.syncDir(changed)
  await replaceFile(
    fs,
    `${dir}/${NOTE}`,
    new TextEncoder().encode(`${JSON.stringify({ until: until.text, segment: cut.segment, aside })}\n`),
  )
  log.warn('what came after was set aside', { until: until.text, segment: cut.segment, offset: cut.offset, aside, files: moved.join(' ') })
  return aside
}

async function notedPlace({ fs }: Surroundings, dir: string): Promise<string | undefined> {
  if ((await fs.stat(`${dir}/${NOTE}`)) === null) return undefined
  try {
    return (JSON.parse(await fs.readText(`${dir}/${NOTE}`)) as { until?: string }).until
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function findCut(env: Surroundings, logDir: string, numbers: readonly number[], { at }: RecoverUntil): Promise<Cut> {
  if ('segment' in at) {
    if (at.recordCount === undefined || !numbers.includes(at.segment)) return { segment: at.segment, offset: Number.POSITIVE_INFINITY }
    const { recordCount } = at
    const offset = await firstRecord(env, segmentPath(logDir, at.segment), at.segment, (index) => index >= recordCount)
    return { segment: at.segment, offset }
  }
  for (const number of numbers) {
    const offset = await firstRecord(env, segmentPath(logDir, number), number, (_index, newest) => newest > at.time)
    if (offset < Number.POSITIVE_INFINITY) return { segment: number, offset }
  }
  return { segment: numbers.at(-1) ?? 0, offset: Number.POSITIVE_INFINITY }
}

/** Where the first record begins that is asked for; Infinity: there is none. */
async function firstRecord(
  { fs, clock }: Surroundings,
  path: string,
  number: number,
  isIt: (index: number, newest: Timestamp) => boolean,
): Promise<number> {
  let found = Number.POSITIVE_INFINITY
  let offset = SEGMENT_HEADER_BYTES
  let index = 0
  const file = await fs.open(path, 'read')
  try {
    await scanSegment(
      file,
      number,
      {
        record(type, bytes, start, end) {
          if (offset < found && isIt(index, newestOf(type, bytes, start, end))) found = offset
          offset += RECORD_HEADER_BYTES + end - start
          index++
          return undefined
        },
        async damage(damage) {
          offset = damage.offset + damage.sizeBytes
          index += damage.recordsLost
        },
      },
      new Breather(clock),
    )
  } finally {
    await file.close()
  }
  return found
}

function newestOf(type: number, bytes: Uint8Array, start: number, end: number): Timestamp {
  let newest = Number.NEGATIVE_INFINITY
  const onSample = (_series: number, t: Timestamp) => {
    if (t > newest) newest = t
  }
  if (type === RecordType.samples) decodeSamplesRecord(bytes, start, end, onSample)
  else if (type === RecordType.samplesFrom) decodeSamplesFromRecord(bytes, start, end, onSample)
  else if (type === RecordType.histograms) decodeHistogramsRecord(bytes, start, end, onSample)
  return newest
}

/** Whether a checkpoint has nothing of what is set aside. */
async function isBefore({ fs }: Surroundings, path: string, number: number, cut: Cut, { at }: RecoverUntil): Promise<boolean> {
  const file = await fs.open(path, 'read')
  try {
    const { manifest } = await CheckpointReader.open(file, number)
    return (
      isEndBefore(manifest, cut) && (!('time' in at) || manifest.windows.every(({ maxTime }) => maxTime === null || maxTime <= at.time))
    )
  } catch (error) {
    // What cannot be read is set aside as well.
    if (error instanceof RangeError || error instanceof SyntaxError) return false
    throw error
  } finally {
    await file.close()
  }
}

function isEndBefore({ end }: Manifest, cut: Cut): boolean {
  return end.segment < cut.segment || (end.segment === cut.segment && end.offset <= cut.offset)
}

/** Keeps all of a segment aside, and cuts it; false: there is nothing to cut. */
async function cutSegment({ fs }: Surroundings, path: string, offset: number, aside: string): Promise<boolean> {
  const file = await fs.open(path, 'write')
  try {
    if (offset >= (await file.size())) return false
    await fs.remove(aside)
    const copy = await fs.open(aside, 'create')
    try {
      await copyAll(file, copy)
      await copy.sync()
    } finally {
      await copy.close()
    }
    await file.truncate(offset)
    await file.sync()
    return true
  } finally {
    await file.close()
  }
}

async function copyAll(from: File, to: File): Promise<void> {
  const bytes = new Uint8Array(1024 * 1024)
  for (let at = 0; ; ) {
    const count = await from.read(bytes, at)
    if (count === 0) return
    await to.write([bytes.subarray(0, count)], at)
    at += count
  }
}
