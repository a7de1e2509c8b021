import { METRIC_NAME } from '../model/labels.ts'
import type { Metadata } from '../model/metadata.ts'
import { NO_SLOT } from './window/window.ts'
import type { WindowSet } from './window-set.ts'

/** What is said of metrics, by name: what a series that samples can still come to says, in the newest window that has one. */
export function metricMetadata({ windows, slots: { metadata } }: WindowSet): ReadonlyMap<string, Metadata> {
  const found = new Map<string, Metadata>()
  if (metadata.seriesCount === 0) return found
  for (const window of windows.toReversed()) {
    const nameSymbol = window.slotCount === 0 ? -1 : window.symbols.find(METRIC_NAME)
    if (nameSymbol < 0) continue
    const { pairs } = window
    for (let pair = pairs.firstOfName(nameSymbol); pair >= 0; pair = pairs.nextOfName(pair)) {
      const name = window.symbols.text(pairs.value(pair))
      if (found.has(name)) continue
      const series = new Uint32Array(pairs.seriesCount(pair))
      window.copySeries(pair, series, 0)
      for (const one of series) {
        const slot = window.slot(one)
        const said = slot === NO_SLOT ? undefined : metadata.get(slot)
        if (said === undefined) continue
        found.set(name, said)
        break
      }
    }
  }
  return found
}
