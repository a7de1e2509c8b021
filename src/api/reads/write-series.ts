import type { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import type { QueryBudget, QueryContext, Series, SeriesSource } from '../../storage/series-source.ts'
import { LabelSetList } from '../json/envelope.ts'
import { labelSetBytes } from '../json/label-set-writer.ts'

export interface SelectorRequest {
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly matchers: readonly Matcher[]
  /** At most this many. */
  readonly countMax: number
}

/** Writes the label sets that one selector finds, in label order, each when it comes: the list of them is never held. What is written stays charged. */
export async function writeSeries(
  source: SeriesSource,
  { minTime, maxTime, matchers, countMax }: SelectorRequest,
  ctx: QueryContext,
): Promise<{ readonly list: LabelSetList; readonly isTruncated: boolean }> {
  const list = new LabelSetList()
  if (minTime > maxTime) return { list, isTruncated: false }
  // The name by which sources know that samples are not wanted.
  for await (const batch of source.select({ minTime, maxTime, matchers, hints: { func: 'series' } }, ctx)) {
    const isTruncated = list.count + batch.length > countMax
    writeBatch(batch, isTruncated ? countMax - list.count : batch.length, list, ctx.budget)
    if (isTruncated) return { list, isTruncated }
  }
  return { list, isTruncated: false }
}

/** By itself, since compiled code of the whole would be for one kind of source. */
function writeBatch(batch: readonly Series[], count: number, list: LabelSetList, budget: QueryBudget): void {
  for (let i = 0; i < count; i++) {
    const { pairs } = batch[i].labels
    budget.chargeBytes(labelSetBytes(pairs))
    list.add(pairs)
  }
}
