import { Breather } from '../base/breather.ts'
import type { Clock } from '../base/env.ts'
import { Labels } from '../model/labels.ts'
import type { Coverage, LabelRequest, QueryContext, SelectRequest, Series, SeriesSource } from '../storage/series-source.ts'
import { chargeTexts, uniteTexts } from '../storage/unite-texts.ts'
import { labelNamesOf, labelValuesOf } from './window/label-reader.ts'
import type { SelectionCache } from './window/selection-cache.ts'
import type { Window } from './window/window.ts'
import { sampleOfWindow, selectFromWindows } from './window/window-reader.ts'

/** Windows that do not overlap, in time order, as one source. Whoever has it holds their pins. */
export class WindowsSource implements SeriesSource {
  readonly name = 'windows'
  readonly #windows: readonly Window[]
  readonly #clock: Clock
  readonly #selections: SelectionCache | undefined

  constructor(windows: readonly Window[], clock: Clock, selections?: SelectionCache) {
    this.#windows = windows
    this.#clock = clock
    this.#selections = selections
  }

  coverage(): Coverage {
    let [minTime, maxTime] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const window of this.#windows) {
      minTime = Math.min(minTime, window.minTime)
      maxTime = Math.max(maxTime, window.maxTime)
    }
    return { minTime, maxTime, externalLabels: Labels.empty }
  }

  select(request: SelectRequest, ctx: QueryContext): AsyncIterable<readonly Series[]> {
    return selectFromWindows(this.#windows, request, ctx, new Breather(this.#clock, ctx.signal), this.#selections)
  }

  async sampleLabels(request: SelectRequest, ctx: QueryContext): Promise<readonly Labels[]> {
    const samples: Labels[] = []
    for (const window of this.#windows) samples.push(...(await sampleOfWindow(window, request, ctx, new Breather(this.#clock, ctx.signal))))
    return samples
  }

  labelNames(request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    return this.#united(request, ctx, (window, breather) => labelNamesOf(window, request, breather))
  }

  labelValues(name: string, request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    return this.#united(request, ctx, (window, breather) => labelValuesOf(window, name, request, breather))
  }

  /** `list`: sorted texts of a window. */
  async #united(
    { limit }: LabelRequest,
    { signal, budget }: QueryContext,
    list: (window: Window, breather: Breather) => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const breather = new Breather(this.#clock, signal)
    const lists: (readonly string[])[] = []
    for (const window of this.#windows) {
      signal.throwIfAborted()
      const texts = await list(window, breather)
      chargeTexts(texts, budget)
      lists.push(texts)
      if (breather.isDue()) await breather.rest()
    }
    return uniteTexts(lists, limit, budget)
  }
}
