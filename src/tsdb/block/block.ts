import { Breather } from '../../base/breather.ts'
import type { Clock, Env } from '../../base/env.ts'
import { wrapError } from '../../base/errors.ts'
import type { Chunk } from '../../chunkenc/codec.ts'
import { compareLabels, Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import { ChargedTexts } from '../../storage/charged-texts.ts'
import { evenly, placesIn } from '../../storage/label-range.ts'
import { sortedUpTo } from '../../storage/memory-source.ts'
import type { Coverage, LabelRange, LabelRequest, QueryContext, SelectRequest, Series, SeriesSource } from '../../storage/series-source.ts'
import { SERIES_BATCH } from '../../storage/series-source.ts'
import { chargeTexts } from '../../storage/unite-texts.ts'
import type { BlockCache } from './block-cache.ts'
import { peekLabels, readLabels } from './block-index.ts'
import { type BlockMeta, META_FILE, parseMeta } from './block-meta.ts'
import type { ListedBlock } from './block-set.ts'
import { FoundSeries } from './found-series.ts'
import { HeldParts } from './held-parts.ts'
import { findSeries } from './match-series.ts'
import { OpenParts } from './open-parts.ts'
import type { SeriesEntry } from './series-entry.ts'
import type { SymbolTable } from './symbol-table.ts'
import type { TimeInterval, Tombstones } from './tombstones.ts'
import { pushChunks } from './wanted-chunks.ts'

/** Chunk bytes after which a batch is handed on before it is full. */
const BATCH_BYTES = 4 * 1024 * 1024

/** Chunks after which it is: what is there when the young generation is collected is copied, and then kept until all is collected. */
const BATCH_CHUNKS = 384

/**
 * A block on disk. Reads what it needs, when it needs it. docs/formats/blocks.md.
 *
 * It is opened when it is first asked for something: who never asks pays for its meta.json only. While nobody reads it, the cache may give up
 * what is held of it, and it is opened anew for the next one.
 */
export class Block implements SeriesSource {
  readonly directory: string
  readonly #env: Pick<Env, 'fs' | 'clock'>
  readonly #parts: HeldParts
  #meta: BlockMeta
  /** What was deleted since it was listed. */
  #replaced: Tombstones | undefined

  /** `isListed`: somebody else looks at headers and checksums of small files. */
  private constructor(env: Pick<Env, 'fs' | 'clock'>, { directory, meta }: ListedBlock, cache: BlockCache, isListed: boolean) {
    this.#env = env
    this.directory = directory
    this.#meta = meta
    const read = (dropped: () => void) =>
      OpenParts.open(env, directory, cache, dropped, isListed).catch((error: unknown) => {
        throw wrapError(`open block ${directory}`, error)
      })
    this.#parts = new HeldParts(read, () => this.name)
  }

  /** Nothing is read before it is asked for something, and nothing is looked at but what is read. */
  static listed(env: Pick<Env, 'fs' | 'clock'>, listed: ListedBlock, cache: BlockCache): Block {
    return new Block(env, listed, cache, true)
  }

  /**
   * Looks at meta.json, tombstones, all headers and the table of contents. What it reads later is checked then. `known`: what meta.json
   * says, for who has just read it.
   */
  static async open(env: Pick<Env, 'fs' | 'clock'>, directory: string, cache: BlockCache, known?: BlockMeta): Promise<Block> {
    const block = new Block(env, { directory, meta: known ?? (await readMeta(env, directory)) }, cache, false)
    await block.open()
    return block
  }

  get name(): string {
    return blockName(this.meta)
  }

  get meta(): BlockMeta {
    return this.#meta
  }

  /** Those of the time since it was listed; undefined: it is as its files said then. */
  get newTombstones(): Tombstones | undefined {
    return this.#replaced
  }

  /** Whether something of it is deleted, as far as that is known without reading it. */
  get hasTombstones(): boolean {
    const known = this.#replaced ?? this.#parts.now?.tombstones
    return known === undefined ? this.#meta.stats.numTombstones > 0 : known.size > 0
  }

  /** What is deleted of it. Rejects when it cannot be opened. */
  async tombstones(): Promise<Tombstones> {
    return this.#replaced ?? (await this.open()).tombstones
  }

  /** Takes over what was written to the two files that may be replaced. Who is reading goes on with what was. */
  replaced(meta: BlockMeta, tombstones: Tombstones | undefined): void {
    this.#meta = meta
    this.#replaced = tombstones
  }

  /** Opens it, where it is not open. A failure is tried again at the next call. */
  open(): Promise<OpenParts> {
    return this.#parts.open()
  }

  /** Lets go of what is held of it, unless it is being read. */
  rest(): void {
    this.#parts.rest()
  }

  coverage(): Coverage {
    return coverageOf(this.meta)
  }

  /** Bytes of memory that the block holds besides its share of the cache. */
  get heldBytes(): number {
    const { now } = this.#parts
    return now === undefined ? 0 : now.index.heldBytes + 100 * now.tombstones.size
  }

  /** Bytes read from its files since it was opened. */
  get readBytes(): number {
    const { now } = this.#parts
    return now === undefined ? 0 : now.index.file.readBytes + now.chunks.readBytes
  }

  async *select(request: SelectRequest, ctx: QueryContext): AsyncIterable<readonly Series[]> {
    this.#parts.beginReading()
    try {
      yield* this.#select(request, ctx)
    } finally {
      this.#parts.endReading()
    }
  }

  async *#select({ matchers, minTime, maxTime, hints, labelRange }: SelectRequest, ctx: QueryContext): AsyncIterable<readonly Series[]> {
    ctx.signal.throwIfAborted()
    if (!this.#overlaps(minTime, maxTime)) return
    const { chunks: segments } = await this.#parts.used()
    let batch: Series[] = []
    let batchBytes = 0
    let batchChunks = 0
    const wantsChunks = hints?.func !== 'series'
    const found = await this.#find(matchers, minTime, maxTime, ctx, labelRange)
    try {
      for (let there = found.next(); there === true || (await there); there = found.next()) {
        const { entry, labels, deleted } = found
        const chunks: Chunk[] = []
        const waiting = wantsChunks ? pushChunks(segments, entry, { minTime, maxTime, deleted }, chunks) : undefined
        if (waiting !== undefined) await waiting
        for (const chunk of chunks) batchBytes += chunk.end - chunk.start
        if (chunks.length === 0 && wantsChunks) continue
        batchChunks += chunks.length
        batch.push({ labels, chunks })
        if (batch.length < SERIES_BATCH && batchBytes < BATCH_BYTES && batchChunks < BATCH_CHUNKS) continue
        yield* handOn(batch, batchBytes, ctx)
        batch = []
        batchBytes = 0
        batchChunks = 0
      }
      if (batch.length > 0) yield* handOn(batch, batchBytes, ctx)
    } finally {
      found.close()
    }
  }

  async sampleLabels({ matchers, minTime, maxTime }: SelectRequest, ctx: QueryContext): Promise<readonly Labels[]> {
    this.#parts.beginReading()
    try {
      ctx.signal.throwIfAborted()
      if (!this.#overlaps(minTime, maxTime)) return []
      const { index } = await this.#parts.used()
      const { symbols } = await index.tables()
      const { series } = await findSeries(index, matchers, breatherOf(ctx, this.#env.clock))
      const entry = index.newEntry()
      const samples: Labels[] = []
      for (const number of evenly(series)) samples.push(await labelsOf(entry, symbols, number))
      return samples
    } finally {
      this.#parts.endReading()
    }
  }

  async labelNames(request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    this.#parts.beginReading()
    try {
      return await this.#labelNames(request, ctx)
    } finally {
      this.#parts.endReading()
    }
  }

  async #labelNames(request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    ctx.signal.throwIfAborted()
    if (!this.#overlaps(request.minTime, request.maxTime)) return []
    if (await this.#countsWhole(request))
      return sortedUpTo((await (await this.#parts.used()).index.tables()).postings.names(), request.limit)
    const names = new ChargedTexts(ctx.budget)
    for await (const labels of this.#labelSets(request, [], ctx)) for (const [name] of labels) names.add(name)
    return sortedUpTo(names, request.limit)
  }

  async labelValues(name: string, request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    this.#parts.beginReading()
    try {
      return await this.#labelValues(name, request, ctx)
    } finally {
      this.#parts.endReading()
    }
  }

  async #labelValues(name: string, request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    ctx.signal.throwIfAborted()
    const { limit } = request
    if (!this.#overlaps(request.minTime, request.maxTime)) return []
    if (!(await this.#countsWhole(request))) {
      const values = new ChargedTexts(ctx.budget)
      for await (const labels of this.#labelSets(request, [new Matcher('!=', name, '')], ctx)) values.add(labels.get(name))
      return sortedUpTo(values, limit)
    }
    const { postings } = await (await this.#parts.used()).index.tables()
    const values: string[] = []
    for await (const group of postings.groups(name)) {
      ctx.signal.throwIfAborted()
      chargeTexts(group.values, ctx.budget)
      for (const value of group.values) values.push(value)
      if (limit > 0 && values.length >= limit) return values.slice(0, limit)
    }
    return values
  }

  /** The series that matchers select, in label order, with the times of their first and last sample; chunks are not read. */
  async *describeSeries(matchers: readonly Matcher[], ctx: QueryContext): AsyncIterable<DescribedSeries> {
    this.#parts.beginReading()
    try {
      for await (const { entry, labels } of this.#matching(matchers, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, ctx))
        yield { labels, minTime: entry.minTimes[0], maxTime: entry.maxTimes[entry.chunkCount - 1] }
    } finally {
      this.#parts.endReading()
    }
  }

  /**
   * What is to be deleted when all samples between the times go, of the series that matchers select: by the series' number, from its first
   * sample or `minTime` on up to its last one or `maxTime`. What was deleted before is no part of it.
   */
  async *findDeletable(matchers: readonly Matcher[], minTime: Timestamp, maxTime: Timestamp, ctx: QueryContext): AsyncIterable<Deletable> {
    this.#parts.beginReading()
    try {
      if (!this.#overlaps(minTime, maxTime)) return
      for await (const { series, entry } of this.#matching(matchers, minTime, maxTime, ctx)) {
        const last = entry.maxTimes[entry.chunkCount - 1]
        yield { series, minTime: Math.max(minTime, entry.minTimes[0]), maxTime: Math.min(maxTime, last) }
      }
    } finally {
      this.#parts.endReading()
    }
  }

  /** Refuses who asks from now on, waits for who is reading, and lets go of the files. Its directory may be gone by then. */
  close(): Promise<void> {
    return this.#parts.close()
  }

  #overlaps(minTime: Timestamp, maxTime: Timestamp): boolean {
    return this.meta.minTime <= maxTime && this.meta.maxTime > minTime
  }

  /** Whether every series of the block counts, wherever in the range it has samples: upstream answers from the postings as well. */
  async #countsWhole({ matcherSets }: LabelRequest): Promise<boolean> {
    return matcherSets.length === 0 && (await this.tombstones()).size === 0
  }

  async *#labelSets({ matcherSets, minTime, maxTime }: LabelRequest, also: readonly Matcher[], ctx: QueryContext): AsyncIterable<Labels> {
    for (const matchers of matcherSets.length === 0 ? [[]] : matcherSets)
      for await (const { labels } of this.#matching([...matchers, ...also], minTime, maxTime, ctx)) yield labels
  }

  /** The series with something between the times that is not deleted, in label order. What is handed out is good until the next one. */
  async *#matching(matchers: readonly Matcher[], minTime: Timestamp, maxTime: Timestamp, ctx: QueryContext): AsyncIterable<FoundSeries> {
    const found = await this.#find(matchers, minTime, maxTime, ctx)
    try {
      for (let there = found.next(); there === true || (await there); there = found.next()) yield found
    } finally {
      found.close()
    }
  }

  async #find(
    matchers: readonly Matcher[],
    minTime: Timestamp,
    maxTime: Timestamp,
    ctx: QueryContext,
    labelRange?: LabelRange,
  ): Promise<FoundSeries> {
    const breather = breatherOf(ctx, this.#env.clock)
    const { index, tombstones: filed } = await this.#parts.used()
    const { symbols } = await index.tables()
    const { series, late } = await findSeries(index, matchers, breather)
    const entry = index.newEntry()
    const compare = async (place: number, labels: Labels) => compareLabels(await labelsOf(entry, symbols, series[place]), labels)
    const { first, end } = await placesIn(series.length, labelRange, compare)
    const numbers = series.subarray(first, end)
    const tombstones = this.#replaced ?? filed
    return new FoundSeries({ entry, symbols, tombstones, numbers, late, minTime, maxTime }, breather, ctx)
  }
}

async function labelsOf(entry: SeriesEntry, symbols: SymbolTable, series: number): Promise<Labels> {
  if (!entry.peek(series)) await entry.read(series)
  return peekLabels(entry, symbols) ?? readLabels(entry, symbols)
}

const breathers = new WeakMap<QueryContext, Breather>()

/** One a question: each of thousands of blocks is done before its turn is over. */
function breatherOf(ctx: QueryContext, clock: Clock): Breather {
  let breather = breathers.get(ctx)
  if (breather === undefined) breathers.set(ctx, (breather = new Breather(clock, ctx.signal)))
  return breather
}

async function readMeta({ fs }: Pick<Env, 'fs'>, directory: string): Promise<BlockMeta> {
  const path = `${directory}/${META_FILE}`
  try {
    return parseMeta(await fs.readText(path), path)
  } catch (error) {
    throw wrapError(`open block ${directory}`, error)
  }
}

/** Of a block as a source. */
function blockName({ ulid }: BlockMeta): string {
  return `block ${ulid}`
}

function coverageOf({ minTime, maxTime }: BlockMeta): Coverage {
  return { minTime, maxTime: maxTime - 1, externalLabels: Labels.empty }
}

export interface Deletable extends TimeInterval {
  readonly series: number
}

export interface DescribedSeries {
  readonly labels: Labels
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
}

/** What a batch holds is charged while its reader has it. */
function* handOn(batch: readonly Series[], byteCount: number, { signal, budget }: QueryContext): Iterable<readonly Series[]> {
  signal.throwIfAborted()
  budget.chargeBytes(byteCount)
  try {
    yield batch
  } finally {
    budget.releaseBytes(byteCount)
  }
}
