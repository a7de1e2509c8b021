import type { Breather } from '../base/breather.ts'
import type { Deletion } from './deletion.ts'
import { matchSeries } from './window/match.ts'
import type { Window } from './window/window.ts'

/** Hides what is there now, in windows, of what is to be deleted. Nothing may be applied to them until it has come back. */
export async function hideDeleted(windows: readonly Window[], { minTime, maxTime, matchers }: Deletion, breather: Breather): Promise<void> {
  for (const window of windows) {
    if (window.minTime > maxTime || window.maxTime < minTime) continue
    window.pins++
    try {
      for (const series of await matchSeries(window, matchers, minTime, maxTime, breather)) {
        // Of a series that others have gone past, what comes next may be older than the deletion.
        const last = window.isLate ? window.maxTime : window.lastTime(series)
        window.tombstones.add(series, Math.max(minTime, window.start), Math.min(maxTime, last))
        if (breather.isDue()) await breather.rest()
      }
    } finally {
      window.pins--
    }
  }
}
