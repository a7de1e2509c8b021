// CPU seconds per million samples of the whole way from a fetched page to the appender, for pages that repeat, that come in another
// order each time, and that are new; and for pages that repeat in the other formats. Run: node src/scrape/page-ingest.bench.ts

import { FLOATS_ONLY } from '../../test/support/floats-only.ts'
import type { ExposedFamily } from '../exposition/exposed-family.ts'
import { OPEN_METRICS_END, openMetricsFamily } from '../exposition/open-metrics-writer.ts'
import { type PageFormat, pageParserFor } from '../exposition/page-formats.ts'
import { protobufFamily } from '../exposition/protobuf-writer.ts'
import { Labels } from '../model/labels.ts'
import { type Appendable, AppendStatus } from '../storage/appender.ts'
import { BodyBuffer, BufferPool } from './body-buffer.ts'
import { markStale, PageIngest } from './page-ingest.ts'
import { MetadataPool, NO_METADATA } from './page-metadata.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import { scrapeFeatures } from './scrape-features.ts'
import { EMPTY_PAGE, PageBuilders, type SeriesPage } from './series-page.ts'

const FAMILIES = 25
const SERIES = 20
const config = {
  sampleLimit: 0,
  honorTimestamps: true,
  trackTimestampsStaleness: false,
  honorLabels: false,
  metricRelabelConfigs: [],
  labelLimit: 0,
  labelNameLengthLimit: 0,
  labelValueLengthLimit: 0,
} as unknown as ScrapeConfig
const PLAIN = { ignoreNativeHistograms: true, keepClassicHistograms: false, convertClassicHistograms: false, startTimes: false }
const features = scrapeFeatures(new Set())
const targetLabels = Labels.of({ job: 'node', instance: '10.0.0.1:9100' })

/** An appender that keeps the newest sample of each series: the least that can be done with one. */
class NewestAppendable implements Appendable {
  readonly values = new Float64Array(1 << 20)
  readonly times = new Float64Array(1 << 20)
  #nextRef = 0
  appender() {
    return {
      ...FLOATS_ONLY,
      series: () => this.#nextRef++ & ((1 << 20) - 1),
      append: (ref: number, t: number, v: number) => {
        this.values[ref] = v
        this.times[ref] = t
        return AppendStatus.ok
      },
      commit: async () => {},
      rollback: () => {},
    }
  }
}

function pageText(pageIndex: number, order: Order): Buffer {
  const lines: string[] = []
  for (let family = 0; family < FAMILIES; family++) {
    lines.push(`# HELP request_duration_seconds_${family} Time it took to answer.\n# TYPE request_duration_seconds_${family} counter\n`)
    for (let series = 0; series < SERIES; series++) {
      const name = `request_duration_seconds_${family}{handler="/api/v1/query_${series}",code="200",method="GET",shard="${order === 'new' ? pageIndex : 0}"}`
      lines.push(`${name} ${series % 2 === 0 ? 12345 + pageIndex * 7 : (pageIndex * 7919 + series) / 1024}\n`)
    }
  }
  if (order === 'shuffled')
    lines.sort((a, b) => ((a.length * 31 + pageIndex * a.charCodeAt(26)) % 17) - ((b.length * 31 + pageIndex * b.charCodeAt(26)) % 17))
  return Buffer.from(lines.join(''))
}

/** The same series in the other formats. */
function pageOf(format: PageFormat, pageIndex: number): Buffer {
  const families = Array.from({ length: FAMILIES }, (_, family): ExposedFamily => {
    const metrics = Array.from({ length: SERIES }, (_, series) => ({
      kind: 'value' as const,
      labels: Object.entries({ handler: `/api/v1/query_${series}`, code: '200', method: 'GET', shard: '0' }),
      value: series % 2 === 0 ? 12345 + pageIndex * 7 : (pageIndex * 7919 + series) / 1024,
    }))
    return { name: `request_duration_seconds_${family}_total`, type: 'counter', help: 'Time it took to answer.', unit: '', metrics }
  })
  if (format === 'protobuf') return Buffer.concat(families.map(protobufFamily))
  return Buffer.from(families.map((family) => openMetricsFamily(family, { created: false })).join('') + OPEN_METRICS_END)
}

type Order = 'same' | 'shuffled' | 'new'

function measure(what: Order | 'openmetrics' | 'protobuf', scrapes: number): void {
  const isText = what === 'same' || what === 'shuffled' || what === 'new'
  const format = isText ? 'text' : what
  const pages = Array.from({ length: what === 'new' ? scrapes : 50 }, (_, i) => (isText ? pageText(i, what) : pageOf(format, i)))
  const pool = new BufferPool(1 << 26)
  const store = new NewestAppendable()
  const metadataPool = new MetadataPool()
  let page: SeriesPage = EMPTY_PAGE
  let metadata = NO_METADATA
  let samples = 0
  const start = process.cpuUsage()
  for (let i = 0; i < scrapes; i++) {
    const text = pages[i % pages.length]
    const body = new BodyBuffer(pool, Infinity, text.length)
    body.append(text, 0, text.length)
    const appender = store.appender()
    const ingest = new PageIngest({
      appender,
      config,
      targetLabels,
      timestamp: i,
      body,
      parser: pageParserFor(format, PLAIN),
      features,
      page,
      metadata,
      salt: 1,
      builders: new PageBuilders(),
    })
    while (!ingest.step(1 << 20));
    markStale(appender, i, page, ingest.page)
    page = ingest.page
    metadata = ingest.metadata(metadataPool)
    samples += ingest.addedCount
    body.release()
  }
  const used = process.cpuUsage(start)
  const seconds = (used.user + used.system) / 1e6
  console.log(
    `${what.padEnd(11)} ${((seconds / samples) * 1e6).toFixed(3)} CPU s per million samples, ${(samples / seconds / 1e6).toFixed(2)} M samples/s`,
  )
}

for (let round = 0; round < 2; round++) {
  measure('same', 20_000)
  measure('shuffled', 2000)
  measure('new', 400)
  measure('openmetrics', 10_000)
  measure('protobuf', 5000)
}
