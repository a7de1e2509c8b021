import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryAppendable } from '../../test/support/memory-appendable.ts'
import { scrapeConfig } from '../../test/support/scrape-config.ts'
import { TextParser } from '../exposition/text-parser.ts'
import { Labels } from '../model/labels.ts'
import { relabelConfig } from '../model/relabel.ts'
import { BodyBuffer, BufferPool } from './body-buffer.ts'
import { markStale, PageIngest } from './page-ingest.ts'
import { NO_METADATA } from './page-metadata.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import { scrapeFeatures } from './scrape-features.ts'
import { EMPTY_PAGE, PageBuilders } from './series-page.ts'

const TARGET = Labels.of({ job: 'j' })

interface Line {
  readonly series: number
  readonly value: number
  /** Which of several ways to write the series. */
  readonly spelling: number
}

function write({ series, value, spelling }: Line): string {
  const forms = [
    `m{a="${series}",b="x"} ${value}`,
    `m{b="x",a="${series}"} ${value}`,
    `m{ a="${series}", b="x" }  ${value}`,
    `{"m",a="${series}",b="x"} ${value}`,
  ]
  return `${forms[spelling]}\n`
}

/** What is stored when every page is taken by itself, series by series. The plain twin of PageIngest. */
function expected(pages: readonly (readonly Line[])[], dropped: (series: number) => boolean): string[] {
  const stored = new Map<number, string[]>()
  let before = new Set<number>()
  for (let i = 0; i < pages.length; i++) {
    const now = new Set<number>()
    for (const { series, value } of pages[i]) {
      if (dropped(series) || now.has(series)) continue
      now.add(series)
      const samples = stored.get(series) ?? []
      samples.push(`${(i + 1) * 1000}=${value}`)
      stored.set(series, samples)
    }
    for (const series of before) if (!now.has(series)) stored.get(series)!.push(`${(i + 1) * 1000}=stale`)
    before = now
  }
  return [...stored].map(([series, samples]) => `${series}: ${samples.join(' ')}`).sort()
}

async function stored(pages: readonly (readonly Line[])[], stepBytes: number): Promise<string[]> {
  const config = scrapeConfig({ metricRelabelConfigs: [relabelConfig({ sourceLabels: ['a'], regex: '3', action: 'drop' })] })
  const store = new MemoryAppendable()
  const pool = new BufferPool(1 << 20)
  let page = EMPTY_PAGE
  for (let i = 0; i < pages.length; i++) {
    const text = Buffer.from(`# TYPE m gauge\n${pages[i].map(write).join('')}`)
    const body = new BodyBuffer(pool, Infinity)
    body.append(text, 0, text.length)
    const appender = store.appender()
    const timestamp = (i + 1) * 1000
    const ingest = new PageIngest({
      appender,
      config,
      targetLabels: TARGET,
      timestamp,
      body,
      parser: new TextParser(),
      features: scrapeFeatures(new Set()),
      page,
      metadata: NO_METADATA,
      salt: 7,
      builders: new PageBuilders(),
    })
    while (!ingest.step(stepBytes));
    const next = ingest.page
    markStale(appender, timestamp, page, next)
    page = next
    assert.equal(ingest.scrapedCount, pages[i].length)
    assert.equal(ingest.addedCount, pages[i].filter(({ series }) => series !== 3).length)
    await appender.commit()
    body.release()
  }
  return Array.from({ length: 8 }, (_, series) => [series, store.text(`m{a="${series}", b="x", job="j"}`)])
    .filter(([, text]) => text !== '')
    .map(([series, text]) => `${series}: ${text}`)
}

const lines = fc.array(fc.record({ series: fc.nat(7), value: fc.nat(3), spelling: fc.constant(0) }), { maxLength: 12 })

test('whatever follows whatever, each page is stored as if it were read alone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(lines, { maxLength: 8 }), fc.integer({ min: 1, max: 300 }), async (pages, stepBytes) => {
      assert.deepEqual(
        await stored(pages, stepBytes),
        expected(pages, (series) => series === 3),
      )
    }),
    { numRuns: 400 },
  )
})

test('it does not matter how a series is written', async () => {
  const spelled = fc.uniqueArray(fc.record({ series: fc.nat(7), value: fc.nat(3), spelling: fc.nat(3) }), {
    maxLength: 8,
    selector: (line) => line.series,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(spelled, { maxLength: 8 }), async (pages) => {
      assert.deepEqual(
        await stored(pages, 100),
        expected(pages, (series) => series === 3),
      )
    }),
    { numRuns: 300 },
  )
})

/** One page by itself: why it failed, and what was counted. */
function ingest(text: string, fields: Partial<ScrapeConfig>) {
  const store = new MemoryAppendable()
  const bytes = Buffer.from(text)
  const body = new BodyBuffer(new BufferPool(1 << 20), Infinity)
  body.append(bytes, 0, bytes.length)
  const read = new PageIngest({
    appender: store.appender(),
    config: scrapeConfig(fields),
    targetLabels: TARGET,
    timestamp: 1000,
    body,
    parser: new TextParser(),
    features: scrapeFeatures(new Set()),
    page: EMPTY_PAGE,
    metadata: NO_METADATA,
    salt: 1,
    builders: new PageBuilders(),
  })
  let failure = ''
  try {
    while (!read.step(1 << 20));
  } catch (error) {
    failure = (error as Error).message
  }
  return { failure, scraped: read.scrapedCount, added: read.addedCount }
}

test('a series that stands twice on a page counts once towards the sample limit', () => {
  assert.deepEqual(ingest('a 1\na 2\nb 1\n', { sampleLimit: 2 }), { failure: '', scraped: 3, added: 3 })
  assert.deepEqual(ingest('a 1\na 2\nb 1\nc 1\n', { sampleLimit: 2 }), { failure: 'sample limit exceeded', scraped: 4, added: 4 })
})

test('above the sample limit, what metric relabeling drops is still not counted as added', () => {
  const metricRelabelConfigs = [relabelConfig({ sourceLabels: ['__name__'], regex: 'd', action: 'drop' })]
  const page = 'a 1\nd{x="1"} 1\nb 1\nd{x="2"} 1\nc 1\n'
  assert.deepEqual(ingest(page, { sampleLimit: 1, metricRelabelConfigs }), { failure: 'sample limit exceeded', scraped: 5, added: 3 })
})
