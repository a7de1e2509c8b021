import type { Clock } from '../base/env.ts'
import type { Labels } from '../model/labels.ts'
import type { Coverage, LabelRequest, QueryContext, SelectRequest, Series, SeriesSource } from '../storage/series-source.ts'
import type { DbBlocks, LoadedBlock } from './db-blocks.ts'
import { dbSource } from './db-source.ts'
import { type HeldParts, holdParts } from './hold-parts.ts'
import { SelectionCache } from './window/selection-cache.ts'
import type { Window } from './window/window.ts'
import type { WindowSet } from './window-set.ts'

/** What is kept of which series were selected of windows, of the small reads that are answered in this thread. */
const SELECTION_BYTES = 2 ** 20

export interface DbReaderOptions {
  readonly clock: Clock
  readonly windows: WindowSet
  readonly blocks: DbBlocks
  /** Resolves when everything can be read; rejects when the signal aborts first. */
  untilReadable(signal: AbortSignal): Promise<void>
  /** The same for what a select may find. */
  untilFindable(request: SelectRequest, signal: AbortSignal): Promise<void>
}

/** What windows and blocks of a database have, in the thread that has them. Each question holds what it reads, and waits until that can be read. */
export class DbReader implements SeriesSource {
  readonly name = 'tsdb'
  readonly #options: DbReaderOptions
  readonly #selections = new SelectionCache(SELECTION_BYTES)

  constructor(options: DbReaderOptions) {
    this.#options = options
  }

  coverage(): Coverage {
    const { windows, blocks } = this.#options
    return this.#sourceOf(windows.windows, windows.late.all, blocks.all).coverage()
  }

  async *select(request: SelectRequest, ctx: QueryContext): AsyncIterable<readonly Series[]> {
    await this.#options.untilFindable(request, ctx.signal)
    const held = this.hold(request)
    try {
      yield* held.source.select(request, ctx)
    } finally {
      held.release()
    }
  }

  sampleLabels(request: SelectRequest, ctx: QueryContext): Promise<readonly Labels[]> {
    return this.#ask(request, ctx, (source) => source.sampleLabels(request, ctx))
  }

  labelNames(request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    return this.#ask(request, ctx, (source) => source.labelNames(request, ctx))
  }

  labelValues(name: string, request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    return this.#ask(request, ctx, (source) => source.labelValues(name, request, ctx))
  }

  /** Windows and blocks with something between the times, both inclusive, which stay until they are released. */
  hold({ minTime, maxTime }: Pick<SelectRequest, 'minTime' | 'maxTime'>): HeldParts & {
    readonly source: SeriesSource
    readonly inMemory: SeriesSource
  } {
    const held = holdParts(this.#options.windows, this.#options.blocks, minTime, maxTime)
    const { windows, late, blocks } = held
    return { ...held, source: this.#sourceOf(windows, late, blocks), inMemory: this.#sourceOf(windows, late, []) }
  }

  async #ask<T>(
    request: Pick<SelectRequest, 'minTime' | 'maxTime'>,
    ctx: QueryContext,
    ask: (source: SeriesSource) => Promise<T>,
  ): Promise<T> {
    await this.#options.untilReadable(ctx.signal)
    const held = this.hold(request)
    try {
      return await ask(held.source)
    } finally {
      held.release()
    }
  }

  #sourceOf(windows: readonly Window[], late: readonly Window[], blocks: readonly LoadedBlock[]): SeriesSource {
    const opened = blocks.map(({ block }) => block)
    return dbSource({ windows, late, blocks: opened }, this.#options.clock, this.#selections)
  }
}
