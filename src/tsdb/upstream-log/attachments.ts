import type { Env } from '../../base/env.ts'
import { EXEMPLAR_LABELS_LENGTH_MAX, type Exemplar } from '../../model/exemplar.ts'
import type { Labels } from '../../model/labels.ts'
import type { Metadata } from '../../model/metadata.ts'
import type { Timestamp } from '../../model/time.ts'
import { SeriesMetadata } from '../series-metadata.ts'
import { LogWriter } from '../wal/log-writer.ts'
import { segmentNumber } from '../wal/segment.ts'
import type { SlabPool } from '../window/slab-pool.ts'
import type { AttachmentVisitor } from './log-records.ts'
import type { SeriesCatalog } from './series-catalog.ts'

/** Series of a batch of the segment. */
const BATCH_SERIES = 10_000

export interface AttachmentOptions {
  /** Only the newest so many are kept. */
  readonly exemplarsMax: number
  /** Exemplars that are older go with the blocks that have their samples, as they do when Prometheus starts. */
  readonly minValidTime: Timestamp
  /** Metadata counts as long as its series is that much behind the newest sample of all at most: as long as Prometheus has it in memory. */
  readonly rangeMs: number
}

interface FoundExemplar {
  readonly series: number
  readonly exemplar: Exemplar
}

/** What a log says of its series besides samples. It becomes a segment of our log, which brings it to where such things are. */
export class Attachments implements AttachmentVisitor {
  readonly #catalog: SeriesCatalog
  readonly #options: AttachmentOptions
  readonly #metadata: SeriesMetadata
  /** A ring once it is full: the oldest is at `#exemplarCount % max`. */
  readonly #exemplars: FoundExemplar[] = []
  #exemplarCount = 0

  constructor(catalog: SeriesCatalog, pool: SlabPool, options: AttachmentOptions) {
    this.#catalog = catalog
    this.#options = options
    this.#metadata = new SeriesMetadata(pool)
  }

  exemplar(ref: number, t: Timestamp, value: number, labels: Labels): void {
    const { exemplarsMax, minValidTime } = this.#options
    const series = this.#catalog.seriesOf(ref)
    if (exemplarsMax <= 0 || series < 0 || !(t >= minValidTime) || !Number.isSafeInteger(t)) return
    if (labels.pairs.reduce((sum, text) => sum + text.length, 0) > EXEMPLAR_LABELS_LENGTH_MAX) return
    const exemplar = { labels, value, timestamp: t, hasTimestamp: true }
    this.#exemplars[this.#exemplarCount++ % exemplarsMax] = { series, exemplar }
  }

  metadata(ref: number, metadata: Metadata): void {
    const series = this.#catalog.seriesOf(ref)
    if (series >= 0) this.#metadata.set(series, metadata)
  }

  /** Writes a segment into `directory` that may go to the log of `dir`, durable; its number, undefined and nothing where there is nothing to say. */
  async write({ fs, clock, log }: Pick<Env, 'fs' | 'clock' | 'log'>, directory: string, dir: string): Promise<number | undefined> {
    const exemplars = this.#inOrder()
    const described = this.#described()
    if (exemplars.length === 0 && described.length === 0) return undefined
    const number = (await lastSegment(fs, `${dir}/log`)) + 1
    const common = { fs, clock, log, dir: directory, fsync: 'interval' as const, segmentBytes: Number.POSITIVE_INFINITY }
    const writer = new LogWriter({ ...common, segmentBefore: number - 1, onSync: () => {}, onFailure: () => {} })
    const numbers = new Map<number, number>()
    const { encoder } = writer
    const { window, lastTimes } = this.#catalog
    let maxTime = Number.NEGATIVE_INFINITY
    const now = clock.now()
    const add = (series: number, said: Timestamp) => {
      // A time that a target made up does not keep the segment for ever.
      const t = Math.min(said, now)
      maxTime = Math.max(maxTime, t)
      if (!numbers.has(series)) numbers.set(series, encoder.series(window, series, t))
    }
    for (let from = 0; from < described.length; from += BATCH_SERIES) {
      writer.beginBatch()
      const batch = described.slice(from, from + BATCH_SERIES)
      for (const series of batch) add(series, lastTimes[series])
      for (const series of batch) encoder.metadata(numbers.get(series)!, this.#metadata.get(series)!)
      await writer.writeBatch(maxTime)
    }
    for (let from = 0; from < exemplars.length; from += BATCH_SERIES) {
      writer.beginBatch()
      const batch = exemplars.slice(from, from + BATCH_SERIES)
      for (const { series, exemplar } of batch) add(series, exemplar.timestamp)
      for (const { series, exemplar } of batch) encoder.exemplar(numbers.get(series)!, exemplar)
      await writer.writeBatch(maxTime)
    }
    await writer.sync()
    await writer.close()
    return number
  }

  #inOrder(): readonly FoundExemplar[] {
    const oldest = this.#exemplarCount > this.#exemplars.length ? this.#exemplarCount % this.#exemplars.length : 0
    return [...this.#exemplars.slice(oldest), ...this.#exemplars.slice(0, oldest)]
  }

  /** The series that are alive and of which something is said. */
  #described(): readonly number[] {
    const { lastTimes, seriesCount } = this.#catalog
    let newest = Number.NEGATIVE_INFINITY
    for (let series = 0; series < seriesCount; series++) newest = Math.max(newest, lastTimes[series])
    const found: number[] = []
    for (let series = 0; series < seriesCount; series++)
      if (lastTimes[series] > newest - this.#options.rangeMs && this.#metadata.get(series) !== undefined) found.push(series)
    return found
  }
}

async function lastSegment(fs: Env['fs'], logDir: string): Promise<number> {
  if ((await fs.stat(logDir)) === null) return 0
  return (await fs.readDir(logDir)).reduce((last, name) => Math.max(last, segmentNumber(name) ?? 0), 0)
}
