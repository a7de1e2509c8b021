import { Breather } from '../base/breather.ts'
import type { Clock } from '../base/env.ts'
import { Labels } from '../model/labels.ts'
import { ChargedTexts } from '../storage/charged-texts.ts'
import { sortedUpTo } from '../storage/memory-source.ts'
import type { Coverage, LabelRequest, QueryContext, SelectRequest, Series, SeriesSource } from '../storage/series-source.ts'
import { collectLabelNames, collectLabelValues } from './window/label-reader.ts'
import type { Window } from './window/window.ts'
import { selectFromWindows } from './window/window-reader.ts'

/** Windows that do not overlap, in time order, as one source. Whoever has it holds their pins. */
export class WindowsSource implements SeriesSource {
  readonly name = 'windows'
  readonly #windows: readonly Window[]
  readonly #clock: Clock

  constructor(windows: readonly Window[], clock: Clock) {
    this.#windows = windows
    this.#clock = clock
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
    return selectFromWindows(this.#windows, request, ctx, new Breather(this.#clock, ctx.signal))
  }

  async labelNames(request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    const names = new ChargedTexts(ctx.budget)
    await this.#each(ctx, (window, breather) => collectLabelNames(window, request, names, breather))
    return sortedUpTo(names, request.limit)
  }

  async labelValues(name: string, request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    const values = new ChargedTexts(ctx.budget)
    await this.#each(ctx, (window, breather) => collectLabelValues(window, name, request, values, breather))
    return sortedUpTo(values, request.limit)
  }

  async #each({ signal }: QueryContext, visit: (window: Window, breather: Breather) => Promise<void>): Promise<void> {
    const breather = new Breather(this.#clock, signal)
    for (const window of this.#windows) {
      signal.throwIfAborted()
      await visit(window, breather)
      if (breather.isDue()) await breather.rest()
    }
  }
}
