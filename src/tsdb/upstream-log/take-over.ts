import { Breather } from '../../base/breather.ts'
import type { Env, File, FileSystem } from '../../base/env.ts'
import { errorMessage, wrapError } from '../../base/errors.ts'
import type { Timestamp } from '../../model/time.ts'
import type { BlockMeta } from '../block/block-meta.ts'
import { HINT_FROM_OUT_OF_ORDER, HINT_FROM_STALE_SERIES } from '../compact/compaction-meta.ts'
import { SlabPool } from '../window/slab-pool.ts'
import { Attachments } from './attachments.ts'
import { readChunkFile } from './chunk-file.ts'
import { findUpstreamLog, type LogFile, type ReadableFile, type UpstreamLog } from './log-files.ts'
import { decodeAttachmentRecord, decodeSampleRecord, decodeSeriesRecord, type SampleVisitor } from './log-records.ts'
import { Runs } from './runs.ts'
import { SampleCollector } from './sample-collector.ts'
import { readSegment } from './segment-reader.ts'
import { SeriesCatalog } from './series-catalog.ts'
import { decodeSnapshotRecord } from './snapshot-record.ts'
import { noteOf, publish, readBefore, readNote, type TakenOver, WORK_DIRECTORY, writeNote } from './taken-over.ts'

/** What is collected before it goes to disk. */
const MEMORY_BYTES = 64 * 1024 * 1024
/** How often a long one says how far it is. */
const PROGRESS_MS = 5000
/** Damage beyond that is counted, not told. */
const DAMAGES_TOLD_MAX = 20

export interface TakeOverOptions {
  readonly env: Pick<Env, 'fs' | 'clock' | 'random' | 'log'>
  /** Where Prometheus' files are. */
  readonly from: string
  /** The data directory that gets the blocks: `from`, or another. */
  readonly into: string
  /** All blocks of `from`. */
  readonly blocks: readonly BlockMeta[]
  readonly blockRangeMs: number
  readonly signal: AbortSignal
  readonly memoryBytes?: number
  /** Exemplars, at most so many, and metadata go to the log of `into`. Default: they are left out. */
  readonly attachments?: { readonly exemplarsMax: number }
  /** Told as files are read; most are read twice. */
  onProgress?(filesDone: number, filesTotal: number, bytesDone: number, bytesTotal: number): void
}

export interface TakeOverReport {
  /** Of the blocks that came, by time. */
  readonly directories: readonly string[]
  readonly series: number
  readonly samples: number
  /** Samples whose series nobody names. */
  readonly samplesLost: number
  /** Places with damage. */
  readonly damages: number
}

/**
 * Makes blocks of what Prometheus left in a directory besides blocks, unless that was done before; undefined: there was nothing to do.
 * Ends what an earlier call began. What a file holds does not make it throw, only the disk and the signal do.
 */
export async function takeOver(options: TakeOverOptions): Promise<TakeOverReport | undefined> {
  const { env, from, into } = options
  const { fs, log } = env
  const known = await readNote(fs, into)
  const published = await publish(fs, into, known)
  await fs.remove(`${into}/${WORK_DIRECTORY}`)
  const found = await findUpstreamLog(fs, from)
  // What was read out of another directory says nothing about this one.
  const news = found === undefined ? undefined : await newsOf(env, found, from === into ? known : undefined)
  if (news === undefined) {
    if (published.length === 0 && known.log === null) return undefined
    return { directories: published, series: 0, samples: 0, samplesLost: 0, damages: 0 }
  }
  const start = env.clock.monotonic()
  log.info('taking over what Prometheus left', { dir: from })
  const work = new TakeOver(options, news)
  try {
    const { metas, log: segment, ...counts } = await work.run()
    const note = { ...(from === into ? await noteOf(fs, news) : known), publish: metas.map(({ ulid }) => ulid), log: segment ?? null }
    await fs.mkdir(`${into}/${WORK_DIRECTORY}`)
    await fs.syncDir(`${into}/${WORK_DIRECTORY}`)
    await fs.syncDir(into)
    await writeNote(fs, into, note)
    const directories = [...published, ...(await publish(fs, into, note))]
    await fs.remove(`${into}/${WORK_DIRECTORY}`)
    const durationMs = Math.round(env.clock.monotonic() - start)
    log.info('taken over what Prometheus left', { dir: from, blocks: metas.length, ...counts, durationMs })
    return { directories, ...counts }
  } catch (error) {
    await fs.remove(`${into}/${WORK_DIRECTORY}`).catch(() => {})
    throw wrapError(`take over what Prometheus left in ${from}`, error)
  }
}

/** Whether `takeOver` would find something in a directory. */
export async function hasUntakenLog(fs: FileSystem, dir: string): Promise<boolean> {
  const found = await findUpstreamLog(fs, dir)
  return found !== undefined && (await newsOf({ fs }, found, await readNote(fs, dir))) !== undefined
}

/** What there is, and what of it is new. */
interface News extends UpstreamLog {
  /** Segments up to these numbers, and files of chunks, were read before. */
  readonly walBefore: number
  readonly wblBefore: number
  readonly chunksBefore: number
}

async function newsOf({ fs }: Pick<Env, 'fs'>, found: UpstreamLog, known: TakenOver | undefined): Promise<News | undefined> {
  const { checkpoint, wal, wbl, chunks } = found
  const lastWal = wal.at(-1)?.number ?? checkpoint?.number ?? -1
  const walBefore = await readBefore(fs, wal, known?.wal ?? null, lastWal)
  const wblBefore = await readBefore(fs, wbl, known?.wbl ?? null, wbl.at(-1)?.number ?? -1)
  // Files of chunks go on where they were as long as the log does.
  const chunksBefore = walBefore < 0 ? -1 : (known?.chunks ?? -1)
  const isNews = lastWal > walBefore || wbl.some(({ number }) => number > wblBefore) || chunks.some(({ number }) => number > chunksBefore)
  return isNews ? { ...found, walBefore, wblBefore, chunksBefore } : undefined
}

/** What was made in the work directory. */
interface Taken {
  readonly metas: readonly BlockMeta[]
  /** The segment of our log. */
  readonly log: number | undefined
  readonly series: number
  readonly samples: number
  readonly samplesLost: number
  readonly damages: number
}

class TakeOver {
  readonly #env: Pick<Env, 'fs' | 'clock' | 'random' | 'log'>
  readonly #options: TakeOverOptions
  readonly #news: News
  readonly #breather: Breather
  #damages = 0
  #filesDone = 0
  #bytesDone = 0
  readonly #filesTotal: number
  readonly #bytesTotal: number
  #saidAt: number

  constructor(options: TakeOverOptions, news: News) {
    this.#env = options.env
    this.#options = options
    this.#news = news
    this.#breather = new Breather(options.env.clock, options.signal)
    this.#saidAt = options.env.clock.monotonic()
    const { checkpoint, wal, wbl, chunks, snapshot } = news
    const once = [...chunks, ...wbl]
    const twice = [...(checkpoint?.segments ?? []), ...wal, ...(snapshot?.segments ?? [])]
    this.#filesTotal = once.length + 2 * twice.length
    this.#bytesTotal = [...once, ...twice, ...twice].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  async run(): Promise<Taken> {
    const { into, blocks, blockRangeMs, signal, memoryBytes = MEMORY_BYTES, attachments: kept } = this.#options
    const pool = new SlabPool()
    const catalog = new SeriesCatalog(pool)
    await this.#readSeries(catalog)
    const runs = new Runs(this.#env, `${into}/${WORK_DIRECTORY}`, signal)
    const since = minValidTime(blocks)
    const collector = new SampleCollector(catalog, pool, runs, { rangeMs: blockRangeMs, minValidTime: since, memoryBytes })
    const attachments =
      kept === undefined ? undefined : new Attachments(catalog, pool, { ...kept, rangeMs: blockRangeMs, minValidTime: since })
    await this.#readChunks(collector)
    await this.#readSamples(collector, attachments)
    await collector.flush(this.#breather, signal)
    const metas = await runs.merge(catalog, this.#breather)
    const log = await this.#writeLog(attachments)
    const samples = metas.reduce((sum, { stats }) => sum + stats.numSamples, 0)
    return { metas, log, series: catalog.seriesCount, samples, samplesLost: collector.lost, damages: this.#damages + collector.unusable }
  }

  async #writeLog(attachments: Attachments | undefined): Promise<number | undefined> {
    const { into } = this.#options
    const directory = `${into}/${WORK_DIRECTORY}`
    await this.#env.fs.mkdir(directory)
    return attachments?.write(this.#env, directory, into)
  }

  async #readSeries(catalog: SeriesCatalog): Promise<void> {
    const { checkpoint, wal, snapshot } = this.#news
    const visitor = {
      series: catalog.add.bind(catalog),
      tombstone: catalog.delete.bind(catalog),
    }
    // A snapshot knows series that a damaged log may have lost; the log's own word comes after it, and adds deletions.
    for (const segment of snapshot?.segments ?? [])
      await this.#segment(segment, (bytes, start, end) => decodeSnapshotRecord(bytes, start, end, visitor.series))
    for (const segment of [...(checkpoint?.segments ?? []), ...wal])
      await this.#segment(segment, (bytes, start, end) => decodeSeriesRecord(bytes, start, end, visitor))
  }

  async #readChunks(collector: SampleCollector): Promise<void> {
    const { chunks, chunksBefore, snapshot, walBefore } = this.#news
    let isContinued = true
    for (const file of chunks) {
      await this.#withFile(file, (handle) =>
        readChunkFile(
          handle,
          {
            chunk: ({ ref, isOutOfOrder, chunk }) => collector.chunk(ref, isOutOfOrder, chunk, isContinued, file.number > chunksBefore),
            damage: (offset, reason) => {
              isContinued = false
              this.#damage(file, offset, reason)
            },
            read: (sizeBytes) => this.#read(sizeBytes),
            pause: () => this.#pause(collector),
          },
          this.#breather,
        ),
      )
    }
    for (const segment of snapshot?.segments ?? []) {
      const isWanted = snapshot!.number > walBefore
      const record = (bytes: Uint8Array, start: number, end: number) =>
        decodeSnapshotRecord(bytes, start, end, (ref, _, chunk) => {
          // The log has the same samples, if it is whole: it is not kept from bringing them.
          if (chunk !== undefined) collector.chunk(ref, false, chunk, false, isWanted)
        })
      await this.#segment(segment, record, collector)
    }
  }

  async #readSamples(collector: SampleCollector, attachments: Attachments | undefined): Promise<void> {
    const { checkpoint, wal, walBefore, wbl, wblBefore } = this.#news
    const inOrder: SampleVisitor = {
      sample: collector.sample.bind(collector),
      histogram: collector.histogram.bind(collector),
    }
    const late: SampleVisitor = {
      sample: collector.lateSample.bind(collector),
      histogram: (ref, t, _, histogram) => collector.lateHistogram(ref, t, histogram),
    }
    const isCheckpointNew = checkpoint !== undefined && checkpoint.number > walBefore
    for (const segment of [...(isCheckpointNew ? checkpoint.segments : []), ...wal.filter(({ number }) => number > walBefore)])
      await this.#segment(
        segment,
        (bytes, start, end) => {
          decodeSampleRecord(bytes, start, end, inOrder)
          if (attachments !== undefined) decodeAttachmentRecord(bytes, start, end, attachments)
        },
        collector,
      )
    for (const segment of wbl.filter(({ number }) => number > wblBefore))
      await this.#segment(segment, (bytes, start, end) => decodeSampleRecord(bytes, start, end, late), collector)
  }

  async #segment(
    file: LogFile,
    record: (bytes: Uint8Array, start: number, end: number) => void,
    collector: SampleCollector | undefined = undefined,
  ): Promise<void> {
    const visitor = {
      record,
      damage: (offset: number, reason: string, isTorn: boolean) => {
        if (isTorn) this.#env.log.info('torn end of a segment of Prometheus passed over', { path: file.path, offset, reason })
        else this.#damage(file, offset, reason)
      },
      read: (sizeBytes: number) => this.#read(sizeBytes),
      pause: () => (collector === undefined ? undefined : this.#pause(collector)),
    }
    await this.#withFile(file, (handle) => readSegment(handle, 0, visitor, this.#breather))
  }

  /** A file that is gone, or that the disk cannot read, is damage as well; one that we may not read is not: it may be read tomorrow. */
  async #withFile(file: LogFile, use: (handle: ReadableFile) => Promise<void>): Promise<void> {
    if ((await this.#env.fs.stat(file.path)) === null) this.#damage(file, 0, 'the file is gone')
    else {
      const handle = await this.#env.fs.open(file.path, 'read')
      try {
        await use(withReadDamage(handle))
      } catch (error) {
        if (!(error instanceof ReadDamage)) throw error
        this.#damage(file, 0, error.message)
      } finally {
        await handle.close()
      }
    }
    this.#filesDone++
    this.#tell()
  }

  #pause(collector: SampleCollector): Promise<void> | undefined {
    return collector.isFull ? collector.flush(this.#breather, this.#options.signal) : undefined
  }

  #read(sizeBytes: number): void {
    this.#bytesDone += sizeBytes
    this.#tell()
  }

  #tell(): void {
    this.#options.onProgress?.(this.#filesDone, this.#filesTotal, this.#bytesDone, this.#bytesTotal)
    const now = this.#env.clock.monotonic()
    if (now - this.#saidAt < PROGRESS_MS) return
    this.#saidAt = now
    const percent = Math.floor((100 * this.#bytesDone) / Math.max(1, this.#bytesTotal))
    this.#env.log.info('what Prometheus left is being read', { percent, files: this.#filesDone, filesTotal: this.#filesTotal })
  }

  #damage({ path }: LogFile, offset: number, reason: string): void {
    this.#damages++
    const { log } = this.#env
    if (this.#damages <= DAMAGES_TOLD_MAX) log.warn('damage in what Prometheus left, it stays where it is', { path, offset, reason })
    if (this.#damages === DAMAGES_TOLD_MAX) log.warn('further damage is counted only', {})
  }
}

/** The disk cannot read what is there. */
class ReadDamage extends Error {}

/** Tells what the disk cannot read from what it cannot write, which may happen in between. */
function withReadDamage(file: File): ReadableFile {
  return {
    size: () => file.size(),
    async read(into, position) {
      try {
        return await file.read(into, position)
      } catch (error) {
        if ((error as { code?: string }).code !== 'EIO') throw error
        throw new ReadDamage(`read at offset ${position}: ${errorMessage(error)}`, { cause: error })
      }
    },
  }
}

/** Samples in order that are older are in blocks. Source: Prometheus tsdb/db.go, inOrderBlocksMaxTime. */
function minValidTime(blocks: readonly BlockMeta[]): Timestamp {
  let time = Number.NEGATIVE_INFINITY
  for (const { maxTime, compaction } of blocks) {
    const { hints } = compaction
    if (!hints.includes(HINT_FROM_OUT_OF_ORDER) && !hints.includes(HINT_FROM_STALE_SERIES)) time = Math.max(time, maxTime)
  }
  return time
}
