import type { Breather } from '../../base/breather.ts'
import type { QueryContext, SelectRequest } from '../../storage/series-source.ts'
import { KeptSelection } from './kept-selection.ts'
import type { FoundSeries } from './label-ranks.ts'
import { matchAtAnyTime, matchBytesMax, seriesThatReach } from './match.ts'
import { type SelectionCache, selectionKey } from './selection-cache.ts'
import { seriesInRange } from './series-in-range.ts'
import { type SeriesWalk, walkInAnyOrder, walkInOrder } from './series-walk.ts'
import type { Window } from './window.ts'

/** Who looks for series. `hold` is told of what is going to be held until all has been read. */
export interface Search {
  readonly ctx: QueryContext
  readonly breather: Breather
  hold(bytes: number): void
}

/** The series of a window that a request selects, whatever times they have samples of; rising. What is held meanwhile is charged. */
export async function findSeries(
  window: Window,
  { matchers }: SelectRequest,
  { budget }: QueryContext,
  breather: Breather,
  narrow?: (candidates: Uint32Array) => Uint32Array,
): Promise<Uint32Array> {
  const bytesMax = matchBytesMax(window)
  budget.chargeBytes(bytesMax)
  try {
    return await matchAtAnyTime(window, matchers, breather, narrow)
  } finally {
    budget.releaseBytes(bytesMax)
  }
}

/**
 * Goes through the series that a request selects, and perhaps through others that have no samples between its times. What most of the series
 * have samples in the times of is kept for those who ask again.
 */
export async function walkOf(
  windows: readonly Window[],
  request: SelectRequest,
  search: Search,
  selections: SelectionCache | undefined,
): Promise<SeriesWalk> {
  const key = selections === undefined ? '' : selectionKey(windows, request)
  const known = selections?.find(key, windows)
  if (known !== undefined) return known.walk(windows)
  const seriesCounts = windows.map(({ seriesCount }) => seriesCount)
  const found = await findAll(windows, request, search)
  const foundCount = countOf(found)
  const bytesMin = KeptSelection.bytesMin(foundCount, found.length)
  if (selections?.takes(key, bytesMin) !== true) return walkFound(await thoseThatReach(found, request, search), request, search)
  search.hold(bytesMin)
  const reaching = await thoseThatReach(
    found.map(({ window, series }) => ({ window, series: series.slice() })),
    request,
    search,
  )
  if (2 * countOf(reaching) < foundCount) return walkFound(reaching, request, search)
  const walk = await walkFound(found, request, search)
  const kept = new KeptSelection(request.matchers, windows, seriesCounts, walk, foundCount)
  selections.keep(key, windows, kept)
  return kept.walk(windows)
}

async function findAll(
  windows: readonly Window[],
  request: SelectRequest,
  { ctx, breather, hold }: Search,
): Promise<readonly FoundSeries[]> {
  const { labelRange } = request
  const found: FoundSeries[] = []
  for (const window of windows) {
    ctx.signal.throwIfAborted()
    const series = await findSeries(window, request, ctx, breather, labelRange && ((all) => seriesInRange(window, all, labelRange)))
    hold(series.buffer.byteLength)
    if (series.length > 0) found.push({ window, series })
  }
  return found
}

/** The lists of what was found are changed. */
async function thoseThatReach(
  found: readonly FoundSeries[],
  { minTime, maxTime }: SelectRequest,
  { breather }: Search,
): Promise<readonly FoundSeries[]> {
  const reaching: FoundSeries[] = []
  for (const { window, series } of found) {
    const some = await seriesThatReach(window, series, minTime, maxTime, breather)
    if (some.length > 0) reaching.push({ window, series: some })
  }
  return reaching
}

function walkFound(found: readonly FoundSeries[], { hints }: SelectRequest, { hold, breather }: Search): Promise<SeriesWalk> {
  const names = hints?.labelNames
  const inAnyOrder = hints?.anyOrder === true && names !== undefined
  return inAnyOrder ? walkInAnyOrder(found, names, hold, breather) : walkInOrder(found, names, hold, breather)
}

function countOf(found: readonly FoundSeries[]): number {
  return found.reduce((sum, { series }) => sum + series.length, 0)
}
