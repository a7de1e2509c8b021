import { compareLabels, Labels } from '../model/labels.ts'
import type { LabelRange, QueryContext, SelectRequest, SeriesSource } from './series-source.ts'

/** Series that a source names of a selection so that others know where its middle is. */
const LABEL_SAMPLES = 64

export function isInRange(labels: Labels, range: LabelRange | undefined): boolean {
  if (range === undefined) return true
  const { from, to } = range
  if (from !== undefined && compareLabels(labels, Labels.fromSortedPairs(from)) < 0) return false
  return to === undefined || compareLabels(labels, Labels.fromSortedPairs(to)) < 0
}

/** Divides a selection into ranges of about as many series, in label order; fewer than `count` where there are few series. */
export async function divideSelection(
  source: SeriesSource,
  request: SelectRequest,
  count: number,
  ctx: QueryContext,
): Promise<readonly LabelRange[]> {
  const samples = [...(await source.sampleLabels(request, ctx))].sort(compareLabels)
  const bounds: Labels[] = []
  for (let i = 1; i < count; i++) {
    const bound = samples[Math.floor((i * samples.length) / count)]
    // What is before the first one known is as good as nothing.
    if (bound === undefined || bound.equals(bounds.at(-1) ?? samples[0])) continue
    bounds.push(bound)
  }
  const ranges: LabelRange[] = []
  for (let i = 0; i <= bounds.length; i++) ranges.push({ from: bounds[i - 1]?.pairs, to: bounds[i]?.pairs })
  return ranges
}

const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2

/** Some of `all`, evenly taken, at most `max` of them; the first one is among them. */
export function evenly<T>(all: ArrayLike<T>, max = LABEL_SAMPLES): T[] {
  const count = Math.min(all.length, max)
  // Not at equal distances: what repeats itself as often would seem to be all the same.
  if (count === all.length) return Array.from(all)
  return Array.from({ length: count }, (_, i) => all[Math.floor(((i * GOLDEN_RATIO) % 1) * all.length)])
}

/** The places of an ascending order that lie in a range; `compare` says how what is at a place stands to a label set. */
export async function placesIn(
  count: number,
  range: LabelRange | undefined,
  compare: (place: number, labels: Labels) => number | Promise<number>,
): Promise<{ readonly first: number; readonly end: number }> {
  const firstFrom = async (pairs: readonly string[]) => {
    const labels = Labels.fromSortedPairs(pairs)
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((await compare(middle, labels)) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
  const first = range?.from === undefined ? 0 : await firstFrom(range.from)
  return { first, end: range?.to === undefined ? count : await firstFrom(range.to) }
}
