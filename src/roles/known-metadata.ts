import type { Metadata } from '../model/metadata.ts'
import type { MetricMetadataEntry } from '../remote/write/metadata-request.ts'
import type { TargetsView } from '../scrape/target.ts'

/** What series of a histogram, summary or counter have at the end of their names, and their family has not. */
const SERIES_SUFFIX = /_(?:bucket|sum|count|total|created)$/

/** What is known of metrics: what targets say of families, and for what no target has, what came with series from elsewhere. */
export function* knownMetadata(targets: TargetsView, ofSeries: ReadonlyMap<string, Metadata>): Iterable<MetricMetadataEntry> {
  const said = new Set<string>()
  // Most targets share what they say with others, and need not be looked at twice.
  for (const page of new Set(targets.active().map((target) => target.metadata))) {
    for (const { name, type, unit, help } of page.list()) {
      if (said.has(name)) continue
      said.add(name)
      yield { name, type, unit, help }
    }
  }
  for (const [name, metadata] of ofSeries) if (!said.has(name) && !said.has(name.replace(SERIES_SUFFIX, ''))) yield { name, ...metadata }
}
