import { compareLabels, type Labels } from '../../model/labels.ts'
import { labelsBytes } from '../../model/labels-size.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import type { QueryBudget, QueryContext, Series, SeriesSource } from '../../storage/series-source.ts'

export interface LabelSetsRequest {
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly matcherSets: readonly (readonly Matcher[])[]
  readonly countMax: number
}

/** Label sets that any of the selectors finds, in label order, each once. They stay charged. */
export async function selectLabelSets(
  source: SeriesSource,
  { minTime, maxTime, matcherSets, countMax }: LabelSetsRequest,
  ctx: QueryContext,
): Promise<readonly Labels[]> {
  let all: Labels[] = []
  if (minTime > maxTime) return all
  for (const matchers of matcherSets) {
    const found: Labels[] = []
    // The name by which sources know that samples are not wanted.
    for await (const batch of source.select({ minTime, maxTime, matchers, hints: { func: 'series' } }, ctx)) {
      addLabels(batch, found, ctx.budget)
      if (found.length >= countMax) break
    }
    all = all.length === 0 ? found : mergeUnique(all, found)
  }
  return all.length > countMax ? all.slice(0, countMax) : all
}

/** By itself, since compiled code of the whole would be for one kind of source. */
function addLabels(batch: readonly Series[], found: Labels[], budget: QueryBudget): void {
  for (let i = 0; i < batch.length; i++) {
    const { labels } = batch[i]
    budget.chargeBytes(labelsBytes(labels) + 2 * POINTER_BYTES)
    found.push(labels)
  }
}

/** A set stands in the list of its selector, and in the one that is made of two of these. */
const POINTER_BYTES = 8

function mergeUnique(a: readonly Labels[], b: readonly Labels[]): Labels[] {
  const out: Labels[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const order = compareLabels(a[i], b[j])
    out.push(order <= 0 ? a[i] : b[j])
    if (order <= 0) i++
    if (order >= 0) j++
  }
  for (; i < a.length; i++) out.push(a[i])
  for (; j < b.length; j++) out.push(b[j])
  return out
}
