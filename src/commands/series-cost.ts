import { formatFloatText } from '../exposition/float.ts'
import type { FamilyType, MetricFamily } from '../exposition/metric-families.ts'
import { Labels, METRIC_NAME } from '../model/labels.ts'

// What series cost in this store, measured: 20,000 series of 4 and 10 labels, 1 and 3 of them with values of their own, without samples and with
// 120 and 480 of a counter with noise. Docs: docs/operating/budgets.md, "Before a merge".

/** Of a series in memory: its row, slot, hash and first cell; and of each of its labels. */
const SERIES_BYTES = 140
const LABEL_BYTES = 4
/** Of a value that no other series has, beside its characters: pair, symbol and postings. */
const VALUE_BYTES = 70
/** Of a sample in memory: it stays for up to one and a half block ranges of 2 hours. */
const SAMPLE_BYTES = 2.4
const IN_MEMORY_MS = 3 * 3_600_000
/** Of a sample in compacted blocks, where the server does not say: docs/proof/bench-peers.txt. */
export const DISK_SAMPLE_BYTES = 3
const DAY_MS = 86_400_000

/** The series that a page makes, by metric, without the labels of a target. */
export function pageSeries(families: readonly MetricFamily[]): ReadonlyMap<string, readonly Labels[]> {
  return new Map(families.map((family) => [family.name, familySeries(family)]))
}

const IS_HISTOGRAM: ReadonlySet<FamilyType> = new Set(['histogram', 'gauge_histogram'])

function familySeries({ name, type, metrics }: MetricFamily): Labels[] {
  const series: Labels[] = []
  for (const { labels, parts } of metrics) {
    const add = (metric: string, bound?: readonly [name: string, value: number]) => {
      const own = labels.filter(([label]) => label !== bound?.[0])
      series.push(
        Labels.of([[METRIC_NAME, metric], ...own, ...(bound === undefined ? [] : [[bound[0], formatFloatText(bound[1])] as const])]),
      )
    }
    const isHistogram = IS_HISTOGRAM.has(type)
    if (!isHistogram && type !== 'summary') {
      add(name)
      continue
    }
    for (const [bound] of parts) add(isHistogram ? `${name}_bucket` : name, [isHistogram ? 'le' : 'quantile', bound])
    if (isHistogram && parts.at(-1)?.[0] !== Infinity) add(`${name}_bucket`, ['le', Infinity])
    add(`${name}_sum`)
    add(`${name}_count`)
  }
  return series
}

export interface CostOptions {
  /** Targets that expose the page. */
  readonly targets: number
  /** Labels that a target adds. */
  readonly targetLabels: number
  readonly intervalMs: number
  /** Of a sample on disk. */
  readonly sampleBytes: number
}

export interface SeriesCost {
  readonly series: number
  readonly memoryBytes: number
  readonly diskBytesADay: number
}

/** What series of each target cost the fleet. Values of labels are the same for all targets. */
export function seriesCost(series: readonly Labels[], { targets, targetLabels, intervalMs, sampleBytes }: CostOptions): SeriesCost {
  const count = series.length * targets
  let bytes = count * (SERIES_BYTES + (IN_MEMORY_MS / intervalMs) * SAMPLE_BYTES)
  const values = new Set<string>()
  for (const labels of series) {
    bytes += targets * (labels.size + targetLabels) * LABEL_BYTES
    for (const [name, value] of labels) values.add(`${name}=${value}`)
  }
  for (const pair of values) bytes += VALUE_BYTES + pair.length
  return { series: count, memoryBytes: bytes, diskBytesADay: count * (DAY_MS / intervalMs) * sampleBytes }
}
