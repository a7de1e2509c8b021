// CPU seconds per million samples of the whole way from a fetched page to the appender, for pages that repeat, that come in another
// order each time, and that are new. Run: node src/scrape/page-ingest.bench.ts

import { FLOATS_ONLY } from '../../test/support/floats-only.ts'
import { TextParser } from '../exposition/text-parser.ts'
import { Labels } from '../model/labels.ts'
import { type Appendable, AppendStatus } from '../storage/appender.ts'
import { BodyBuffer, BufferPool } from './body-buffer.ts'
import { markStale, PageIngest } from './page-ingest.ts'
import { MetadataPool, NO_METADATA } from './page-metadata.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import { scrapeFeatures } from './scrape-features.ts'
import { EMPTY_PAGE, type SeriesPage } from './series-page.ts'

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

function pageText(pageIndex: number, order: 'same' | 'shuffled' | 'new'): Buffer {
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

function measure(order: 'same' | 'shuffled' | 'new', scrapes: number): void {
  const pages = Array.from({ length: order === 'new' ? scrapes : 50 }, (_, i) => pageText(i, order))
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
      parser: new TextParser(),
      features,
      page,
      metadata,
      salt: 1,
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
    `${order.padEnd(9)} ${((seconds / samples) * 1e6).toFixed(3)} CPU s per million samples, ${(samples / seconds / 1e6).toFixed(2)} M samples/s`,
  )
}

for (let round = 0; round < 2; round++) {
  measure('same', 20_000)
  measure('shuffled', 2000)
  measure('new', 400)
}
