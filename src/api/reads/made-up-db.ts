import { assert } from '../../base/assert.ts'
import type { Labels } from '../../model/labels.ts'
import type { Coverage, LabelRequest, QueryContext, SelectRequest, Series, SeriesSource } from '../../storage/series-source.ts'
import { estimateRead, type ReadEstimate } from '../../tsdb/estimate-read.ts'
import type { Lending } from './read-pool.ts'
import type { MadeUp } from './rehearsal.ts'

/** Made-up windows in the place of a database; `made` is given first. */
export class MadeUpDb implements SeriesSource, Lending {
  readonly name = 'made up'
  readonly isReadable = true
  made: MadeUp | undefined

  coverage(): Coverage {
    return this.#source.coverage()
  }

  select(request: SelectRequest, ctx: QueryContext): AsyncIterable<readonly Series[]> {
    return this.#source.select(request, ctx)
  }

  sampleLabels(request: SelectRequest, ctx: QueryContext): Promise<readonly Labels[]> {
    return this.#source.sampleLabels(request, ctx)
  }

  labelNames(request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    return this.#source.labelNames(request, ctx)
  }

  labelValues(name: string, request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    return this.#source.labelValues(name, request, ctx)
  }

  estimate(request: SelectRequest): ReadEstimate {
    return estimateRead(this.made!.windows, [], request)
  }

  missing(): readonly string[] {
    return []
  }

  untilReadable(): Promise<void> {
    return Promise.resolve()
  }

  lender(): never {
    throw new Error('made-up windows are lent to nobody')
  }

  get #source(): SeriesSource {
    assert(this.made !== undefined, 'windows are made up before they are read')
    return this.made.source
  }
}
