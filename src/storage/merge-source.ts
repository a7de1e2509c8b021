import type { Chunk } from '../chunkenc/codec.ts'
import { compareLabels, Labels } from '../model/labels.ts'
import { evenly } from './label-range.ts'
import { mergeChunks } from './merge-chunks.ts'
import type { Coverage, LabelRequest, QueryContext, SelectRequest, Series, SeriesSource } from './series-source.ts'
import { SERIES_BATCH } from './series-source.ts'
import { uniteTexts } from './unite-texts.ts'

/** Sources that are asked for their next batch at the same time. */
const READ_AT_ONCE = 32
/** Sources that are asked which series they have, where a few of them tell how the series lie. */
const SAMPLED_MAX = 4

/**
 * All series of several sources, each once. Where two of them have a sample of the same time, that of the source named first counts.
 * Sources that have nothing in the range are not asked.
 */
export class MergeSource implements SeriesSource {
  readonly name: string
  readonly #sources: readonly SeriesSource[]

  constructor(name: string, sources: readonly SeriesSource[]) {
    this.name = name
    this.#sources = sources
  }

  coverage(): Coverage {
    let [minTime, maxTime] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const source of this.#sources) {
      const coverage = source.coverage()
      if (coverage.minTime > coverage.maxTime) continue
      minTime = Math.min(minTime, coverage.minTime)
      maxTime = Math.max(maxTime, coverage.maxTime)
    }
    return { minTime, maxTime, externalLabels: this.#sources[0]?.coverage().externalLabels ?? Labels.empty }
  }

  async *select(request: SelectRequest, ctx: QueryContext): AsyncIterable<readonly Series[]> {
    ctx.signal.throwIfAborted()
    const asked = this.#asked(request)
    if (asked.length === 1) {
      yield* asked[0].select(request, ctx)
      return
    }
    const whole = inLabelOrder(request)
    const cursors = asked.map((source, rank) => new Cursor(source.select(whole, ctx)[Symbol.asyncIterator](), rank))
    try {
      // A source lends the bytes of a batch until it is asked for the next one: what is handed on ends where a batch does.
      for (let waiting: readonly Cursor[] = cursors; ; ) {
        await nextBatches(waiting)
        const there = cursors.filter(({ labels }) => labels !== undefined)
        if (there.length === 0) return
        const batch: Series[] = []
        takeAlike(there, batch)
        const heap = new CursorHeap(there.filter(({ labels }) => labels !== undefined))
        while (heap.first !== undefined && batch.length < SERIES_BATCH && !cursors.some(isAtEnd)) {
          const { labels } = heap.first
          const parts: Series[] = []
          while (heap.first?.labels?.equals(labels!)) {
            parts.push(heap.first.take())
            heap.sink()
          }
          batch.push(parts.length === 1 ? parts[0] : { labels: labels!, chunks: mergeChunks(parts.map(chunksOf)) })
        }
        ctx.signal.throwIfAborted()
        if (batch.length > 0) yield batch
        waiting = cursors.filter(isAtEnd)
      }
    } finally {
      await Promise.all(cursors.map((cursor) => cursor.close()))
    }
  }

  async sampleLabels(request: SelectRequest, ctx: QueryContext): Promise<readonly Labels[]> {
    const samples: Labels[] = []
    for (const source of evenly(this.#asked(request), SAMPLED_MAX)) samples.push(...(await source.sampleLabels(request, ctx)))
    return samples
  }

  async labelNames(request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    const answers = await Promise.all(this.#asked(request).map((source) => source.labelNames(request, ctx)))
    ctx.signal.throwIfAborted()
    return uniteTexts(answers, request.limit, ctx.budget)
  }

  async labelValues(name: string, request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    const answers = await Promise.all(this.#asked(request).map((source) => source.labelValues(name, request, ctx)))
    ctx.signal.throwIfAborted()
    return uniteTexts(answers, request.limit, ctx.budget)
  }

  #asked({ minTime, maxTime }: { readonly minTime: number; readonly maxTime: number }): readonly SeriesSource[] {
    return this.#sources.filter((source) => {
      const coverage = source.coverage()
      return coverage.minTime <= maxTime && coverage.maxTime >= minTime
    })
  }
}

/** By a part of their labels, or in any order, the series of two sources cannot be put together. */
function inLabelOrder(request: SelectRequest): SelectRequest {
  if (request.hints?.labelNames === undefined && request.hints?.anyOrder === undefined) return request
  const { labelNames, anyOrder, ...hints } = request.hints
  return { ...request, hints }
}

/** A few at a time: of thousands of blocks, each would have its files open and what it reads of them in memory. */
async function nextBatches(cursors: readonly Cursor[]): Promise<void> {
  let next = 0
  const take = async () => {
    while (next < cursors.length) await cursors[next++].nextBatch()
  }
  await Promise.all(Array.from({ length: Math.min(READ_AT_ONCE, cursors.length) }, take))
}

/** Takes series as long as all sources show the same one, as blocks of the same targets mostly do: nothing has to be put in order. */
function takeAlike(cursors: readonly Cursor[], batch: Series[]): void {
  while (batch.length < SERIES_BATCH) {
    const { labels } = cursors[0]
    if (labels === undefined) return
    for (let i = 1; i < cursors.length; i++) if (cursors[i].labels?.equals(labels) !== true) return
    const lists: (readonly Chunk[])[] = []
    for (const cursor of cursors) lists.push(cursor.take().chunks)
    batch.push({ labels, chunks: lists.length === 1 ? lists[0] : mergeChunks(lists) })
  }
}

function chunksOf({ chunks }: Series): readonly Chunk[] {
  return chunks
}

function isAtEnd(cursor: Cursor): boolean {
  return cursor.isAtEnd
}

/** Goes through the series of one source. */
class Cursor {
  /** Of the sources: an earlier one goes before a later one. */
  readonly rank: number
  readonly #batches: AsyncIterator<readonly Series[]>
  #batch: readonly Series[] = []
  #at = 0
  #isDone = false

  constructor(batches: AsyncIterator<readonly Series[]>, rank: number) {
    this.#batches = batches
    this.rank = rank
  }

  /** Of the series that `take` gives; undefined: there is none in this batch. */
  get labels(): Labels | undefined {
    return this.#batch[this.#at]?.labels
  }

  /** All of its batch was taken, and there may be another one. */
  get isAtEnd(): boolean {
    return !this.#isDone && this.#at >= this.#batch.length
  }

  take(): Series {
    return this.#batch[this.#at++]
  }

  async nextBatch(): Promise<void> {
    const { done, value } = await this.#batches.next()
    this.#isDone = done === true
    this.#batch = done ? [] : value
    this.#at = 0
  }

  async close(): Promise<void> {
    if (!this.#isDone) await this.#batches.return?.()
  }
}

/** The cursor whose series comes first, of all that have one. */
class CursorHeap {
  readonly #cursors: Cursor[]

  constructor(cursors: Cursor[]) {
    this.#cursors = cursors.sort(compareCursors)
  }

  get first(): Cursor | undefined {
    return this.#cursors[0]
  }

  /** Puts the first where it belongs after its series was taken. */
  sink(): void {
    const cursors = this.#cursors
    const moved = cursors[0]
    if (moved.labels === undefined) {
      const last = cursors.pop()!
      if (cursors.length === 0) return
      cursors[0] = last
    }
    const sinking = cursors[0]
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= cursors.length) break
      if (child + 1 < cursors.length && compareCursors(cursors[child + 1], cursors[child]) < 0) child++
      if (compareCursors(sinking, cursors[child]) <= 0) break
      cursors[at] = cursors[child]
      at = child
    }
    cursors[at] = sinking
  }
}

function compareCursors(a: Cursor, b: Cursor): number {
  return compareLabels(a.labels!, b.labels!) || a.rank - b.rank
}
