// Scrape configurations and the pages that their targets expose. All of it follows from one seed.
import { seededRandom } from '../../src/base/virtual/random.ts'
import type { ExposedFamily, ExposedMetric, LabelPairs } from '../../src/exposition/exposed-family.ts'
import { OPEN_METRICS_END, openMetricsFamily } from '../../src/exposition/open-metrics-writer.ts'
import { protobufFamily } from '../../src/exposition/protobuf-writer.ts'
import { textFamily } from '../../src/exposition/text-family.ts'
import { SCRAPE_PROTOCOLS } from '../../src/scrape/scrape-protocol.ts'
import { type ExpositionPage, expositionPage } from './exposition-page-generator.ts'
import type { ExposedFormat, ExposedTarget } from './exposition-targets.ts'

export interface ExpositionJob {
  readonly settings: Readonly<Record<string, unknown>>
  /** By path. */
  readonly targets: ReadonlyMap<string, ExposedTarget>
}

export interface ExpositionJobsOptions {
  readonly seed: number
  readonly jobCount: number
  readonly pagesPerJob: number
  /** Native histograms are scraped: without that upstream's 3.5 makes zeros of them. */
  readonly native: boolean
  /**
   * Some jobs convert classic histograms. Not among the pages is then what upstream's 3.5 converts in odd ways or not at all: names with
   * quotes, timestamps and start times, empty labels that are honored, labels before __name__, exemplars; gauge, native and float
   * histograms.
   */
  readonly convert: boolean
  /** Unix ms; times of the pages lie before it. */
  readonly now: number
}

const FORMATS: readonly (ExposedFormat | 'negotiated')[] = ['text', 'openMetrics', 'protobuf', 'negotiated']

/** Jobs of `pagesPerJob` pages each; every page is exposed in each format, and in that which is asked for most. */
export function expositionJobs({ seed, jobCount, pagesPerJob, native, convert, now }: ExpositionJobsOptions): readonly ExpositionJob[] {
  const random = seededRandom(seed)
  const chance = (share: number) => random.next() < share
  const below = (count: number) => Math.floor(random.next() * count)
  const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)]

  const settings = (): Record<string, unknown> => {
    const out: Record<string, unknown> = {}
    const maybe = (share: number, field: string, value: () => unknown) => {
      if (chance(share)) out[field] = value()
    }
    maybe(convert ? 0 : 0.2, 'honor_labels', () => true)
    maybe(0.2, 'honor_timestamps', () => false)
    maybe(0.3, 'track_timestamps_staleness', () => true)
    maybe(0.4, 'scrape_protocols', () => [...new Set(Array.from({ length: 1 + below(4) }, () => pick(SCRAPE_PROTOCOLS)))])
    maybe(0.4, 'fallback_scrape_protocol', () => pick(SCRAPE_PROTOCOLS))
    maybe(0.3, 'always_scrape_classic_histograms', () => true)
    maybe(convert ? 0.5 : 0, 'convert_classic_histograms_to_nhcb', () => true)
    maybe(0.2, 'native_histogram_bucket_limit', () => 1 + below(12))
    maybe(0.2, 'native_histogram_min_bucket_factor', () => pick([1.001, 1.1, 1.5, 2, 10, 1000]))
    // Upstream's 3.5 counts only floats.
    maybe(native ? 0 : 0.2, 'sample_limit', () => 5 + below(60))
    maybe(0.05, 'label_limit', () => 6 + below(4))
    maybe(0.1, 'enable_compression', () => false)
    maybe(0.2, 'metric_name_escaping_scheme', () => pick(['underscores', 'dots', 'values']))
    if (out.metric_name_escaping_scheme !== undefined) maybe(0.6, 'metric_name_validation_scheme', () => 'legacy')
    maybe(0.2, 'metric_relabel_configs', () => [
      pick([
        { action: 'labeldrop', regex: 'Code|handler' },
        { action: 'drop', source_labels: ['__name__'], regex: '.*_(count|created|bucket)' },
        { source_labels: ['__name__'], regex: '(.*)_total', target_label: 'was', replacement: '$1' },
      ]),
    ])
    return out
  }

  const page = (families: readonly ExposedFamily[], created: boolean): ExpositionPage => ({
    families,
    text: Buffer.from(families.flatMap((family) => [...textFamily(family)]).join('')),
    openMetrics: Buffer.from(families.map((family) => openMetricsFamily(family, { created })).join('') + OPEN_METRICS_END),
    protobuf: Buffer.concat(families.map(protobufFamily)),
  })

  /** As a process goes on: some metrics go, some come, most stay as they are. */
  const followedBy = (families: readonly ExposedFamily[], more: readonly ExposedFamily[], created: boolean): ExpositionPage => {
    const names = new Set(families.map(({ name }) => name.replace(/_total$|_info$/, '')))
    const kept = families.filter(() => chance(0.85)).map((family) => ({ ...family, metrics: family.metrics.filter(() => chance(0.8)) }))
    const next = [...kept, ...more.filter(({ name }) => !names.has(name.replace(/_total$|_info$/, '')))]
    return page(next, created)
  }

  return Array.from({ length: jobCount }, (_, job) => {
    const targets = new Map<string, ExposedTarget>()
    for (let index = 0; index < pagesPerJob; index++) {
      const options = {
        now,
        utf8Names: !convert && chance(0.3),
        timestamps: !convert && chance(0.3),
        nativeHistograms: native && !convert && chance(0.6),
        created: !convert && chance(0.4),
      }
      const isWanted = ({ type, metrics }: ExposedFamily) => !convert || (type !== 'gaugehistogram' && metrics.every(isWhole))
      const families = () =>
        expositionPage(random, options)
          .families.map(convert ? plain : ofOneKind)
          .filter(isWanted)
      const first = page(families(), options.created)
      const second = followedBy(first.families, families(), options.created)
      const contentType = chance(0.85) ? undefined : pick([null, '', 'text/html', 'text/plain; a=1; a=2'])
      for (const format of FORMATS) targets.set(`/${job}/${index}/${format}`, { pages: [first, second], format, contentType })
    }
    return { settings: settings(), targets }
  })
}

/**
 * With native histograms in all metrics or in none, exemplars at the first of them: upstream judges a family by its first metric, and
 * passes over as many exemplars of a metric as the ones before it had.
 */
function ofOneKind(family: ExposedFamily): ExposedFamily {
  const isNative = (metric: ExposedMetric) => metric.kind === 'histogram' && metric.native !== undefined
  const [first] = family.metrics
  const metrics = family.metrics.filter((metric) => isNative(metric) === isNative(first))
  if (!isNative(first)) return { ...family, metrics }
  return { ...family, metrics: metrics.map((metric, index) => (index === 0 ? metric : withoutExemplars(metric))) }
}

function plain(family: ExposedFamily): ExposedFamily {
  const lower = (labels: LabelPairs) => labels.map(([name, value]) => [name.toLowerCase(), value] as const)
  return { ...family, metrics: family.metrics.map((metric) => ({ ...withoutExemplars(metric), labels: lower(metric.labels) })) }
}

function withoutExemplars(metric: ExposedMetric): ExposedMetric {
  if (metric.kind !== 'histogram') return metric
  return { ...metric, exemplars: [], buckets: metric.buckets.map((bucket) => ({ ...bucket, exemplar: undefined })) }
}

/** Histograms count with whole numbers. */
function isWhole(metric: ExposedMetric): boolean {
  return metric.kind !== 'histogram' || Number.isInteger(metric.count)
}
