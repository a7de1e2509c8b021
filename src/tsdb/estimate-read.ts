import type { Matcher } from '../model/matcher.ts'
import type { Timestamp } from '../model/time.ts'
import type { BlockMeta } from './block/block-meta.ts'
import type { Window } from './window/window.ts'

/** What a select may find, roughly; not less than a tenth of the truth where data is even. */
export interface ReadEstimate {
  readonly seriesCount: number
  readonly sampleCount: number
  /** Blocks that are looked at. */
  readonly blockCount: number
}

/** Looks at counts only: microseconds, and nothing of the disk. */
export function estimateRead(
  windows: readonly Window[],
  blocks: readonly BlockMeta[],
  { matchers, minTime, maxTime }: { readonly matchers: readonly Matcher[]; readonly minTime: Timestamp; readonly maxTime: Timestamp },
): ReadEstimate {
  let seriesCount = 0
  let sampleCount = 0
  /** Of the series of the newest window that has any. */
  let share = 1
  for (const window of windows) {
    if (window.sampleCount === 0 || window.seriesCount === 0) continue
    const found = mostSeries(window, matchers)
    share = found / window.seriesCount
    if (window.minTime > maxTime || window.maxTime < minTime) continue
    seriesCount = Math.max(seriesCount, found)
    sampleCount += window.sampleCount * share * overlap(window, minTime, maxTime)
  }
  // What a block has of them is on disk: they are taken to be as frequent in it as in memory, and one in a thousand at least.
  let blockCount = 0
  const shareOfBlocks = Math.max(share, 0.001)
  for (const { minTime: blockMin, maxTime: blockMax, stats } of blocks) {
    if (blockMin > maxTime || blockMax <= minTime) continue
    blockCount++
    seriesCount = Math.max(seriesCount, stats.numSeries * shareOfBlocks)
    sampleCount += stats.numSamples * shareOfBlocks * overlap({ minTime: blockMin, maxTime: blockMax }, minTime, maxTime)
  }
  return { seriesCount, sampleCount, blockCount }
}

/** What has as many series at most is looked at: microseconds. */
const FEW_SERIES = 256
/** So many of them. */
const LOOKED_AT = 24
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2

/** As many as the rarest pair has that the matchers name; of few, about those that have the other pairs, too. */
function mostSeries(window: Window, matchers: readonly Matcher[]): number {
  let most = window.seriesCount
  let rarest = -1
  const wanted: number[] = []
  for (const { name, operator, value } of matchers) {
    if (operator !== '=' || value === '') continue
    const nameSymbol = window.symbols.find(name)
    const valueSymbol = nameSymbol < 0 ? -1 : window.symbols.find(value)
    const pair = valueSymbol < 0 ? -1 : window.pairs.find(nameSymbol, valueSymbol)
    if (pair < 0) return 0
    wanted.push(pair)
    const count = window.pairs.seriesCount(pair)
    if (rarest >= 0 && count >= most) continue
    most = count
    rarest = pair
  }
  if (wanted.length < 2 || most > FEW_SERIES) return most
  const series = new Uint32Array(most)
  const end = window.copySeries(rarest, series, 0)
  const looks = Math.min(end, LOOKED_AT)
  let found = 0
  for (let i = 0; i < looks; i++) {
    // Not at even distances: series that were made together are alike at such.
    const one = series[end === looks ? i : Math.floor(((i * GOLDEN_RATIO) % 1) * end)]
    if (wanted.every((pair) => window.hasPair(one, pair))) found++
  }
  // Of more, one at least.
  return end === looks ? found : Math.max(found, 1) * (end / looks)
}

/** How much of one stretch of time lies within another. */
function overlap(one: { readonly minTime: Timestamp; readonly maxTime: Timestamp }, minTime: Timestamp, maxTime: Timestamp): number {
  const length = one.maxTime - one.minTime
  if (length <= 0) return 1
  return Math.max(0, Math.min(one.maxTime, maxTime) - Math.max(one.minTime, minTime)) / length
}
