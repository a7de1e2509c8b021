// Samples a second of each format: as `next`, with labels, and by expected series as the scrape cache reads.
// Run: node src/exposition/page-formats.bench.ts

import type { ExposedFamily, ExposedMetric } from './exposed-family.ts'
import { familyPage } from './family-page.ts'
import { type PageFormat, pageParserFor } from './page-formats.ts'
import { Entry } from './page-parser.ts'

const FAMILIES = 20
const SERIES = 40
const BATCHES = 10
const families: ExposedFamily[] = []
for (let family = 0; family < FAMILIES; family++) {
  const isHistogram = family % 4 === 0
  const metrics = Array.from({ length: SERIES }, (_, series): ExposedMetric => {
    const labels = [
      ['handler', `/api/v1/query_${series}`],
      ['code', '200'],
      ['method', 'GET'],
      ['instance', `10.0.0.${series}`],
    ] as const
    if (!isHistogram) return { kind: 'value', labels, value: series % 2 === 0 ? 12345678 + series : (series * 7919) / 1024 }
    const buckets = [0.005, 0.05, 0.5, 1, 10].map((upperBound, i) => ({ upperBound, count: i * 10, exemplar: undefined }))
    return { kind: 'histogram', labels, count: 60, sum: 17.5, buckets }
  })
  const name = `http_request_duration_seconds_${family}${isHistogram ? '' : '_total'}`
  families.push({ name, type: isHistogram ? 'histogram' : 'counter', help: 'Time it took.', unit: '', metrics })
}

let sum = 0

function measure(format: PageFormat, convertClassicHistograms: boolean): void {
  const content = Buffer.concat([...familyPage(families, { kind: format, escaping: 'allow-utf-8', contentType: '' })])
  const bytes = Buffer.concat([content, Buffer.alloc(1)])
  const parser = pageParserFor(format, {
    ignoreNativeHistograms: false,
    keepClassicHistograms: false,
    convertClassicHistograms,
    startTimes: false,
  })
  // As the scrape has them: side by side.
  const known: Uint8Array[] = []
  const entries: { readonly start: number; readonly end: number; readonly isSeries: boolean }[] = []
  parser.reset(bytes, content.length)
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    const isSeries = entry === Entry.series
    const start = entries.at(-1)?.end ?? 0
    const found = isSeries
      ? parser.seriesBytes.slice(parser.seriesStart, parser.seriesEnd)
      : parser.commentBytes.slice(parser.commentStart, parser.commentEnd)
    known.push(found)
    entries.push({ isSeries, start, end: start + found.length })
  }
  const expected = Buffer.concat(known)
  const seriesCount = entries.filter(({ isSeries }) => isSeries).length
  const run = (what: string, pages: number, read: () => void) => {
    // The best of some batches: what the others took more is the machine's.
    let rate = 0
    for (let batch = 0; batch < BATCHES; batch++) {
      const start = process.cpuUsage()
      for (let i = 0; i < pages; i++) read()
      const { user, system } = process.cpuUsage(start)
      rate = Math.max(rate, (pages * seriesCount) / (user + system))
    }
    console.log(`${format.padEnd(12)} ${convertClassicHistograms ? 'nhcb ' : '     '} ${what.padEnd(12)} ${rate.toFixed(2)} M samples/s`)
  }
  run('next', 60, () => {
    parser.reset(bytes, content.length)
    for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) if (entry === Entry.series) sum += parser.numbers[0]
  })
  run('labels', 10, () => {
    parser.reset(bytes, content.length)
    for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) if (entry === Entry.series) sum += parser.labels().size
  })
  run('by position', 60, () => {
    parser.reset(bytes, content.length)
    for (const { start, end, isSeries } of entries) {
      if (isSeries && parser.takeExpected(expected, start, end)) sum += parser.numbers[0]
      else if (!isSeries) parser.next()
    }
  })
}

for (const format of ['text', 'openmetrics', 'protobuf'] as const) measure(format, false)
for (const format of ['text', 'openmetrics', 'protobuf'] as const) measure(format, true)
if (!Number.isFinite(sum)) throw new Error('the sum of all values must be finite')
