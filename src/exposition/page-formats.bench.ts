// Samples a second of each format: as `next`, with labels, and by expected series as the scrape cache reads.
// Run: node src/exposition/page-formats.bench.ts

import type { ExposedFamily, ExposedMetric } from './exposed-family.ts'
import { familyPage } from './family-page.ts'
import { type PageFormat, pageParserFor } from './page-formats.ts'
import { Entry } from './page-parser.ts'

const FAMILIES = 20
const SERIES = 40
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
  const entries: { readonly bytes: Uint8Array; readonly isSeries: boolean }[] = []
  parser.reset(bytes, content.length)
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    const isSeries = entry === Entry.series
    if (isSeries) entries.push({ isSeries, bytes: parser.seriesBytes.slice(parser.seriesStart, parser.seriesEnd) })
    else entries.push({ isSeries, bytes: parser.commentBytes.slice(parser.commentStart, parser.commentEnd) })
  }
  const seriesCount = entries.filter(({ isSeries }) => isSeries).length
  const run = (what: string, pages: number, read: () => void) => {
    for (let i = 0; i < pages / 4; i++) read()
    const start = process.cpuUsage()
    for (let i = 0; i < pages; i++) read()
    const { user, system } = process.cpuUsage(start)
    const rate = (pages * seriesCount) / (user + system)
    console.log(`${format.padEnd(12)} ${convertClassicHistograms ? 'nhcb ' : '     '} ${what.padEnd(12)} ${rate.toFixed(2)} M samples/s`)
  }
  run('next', 400, () => {
    parser.reset(bytes, content.length)
    for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) if (entry === Entry.series) sum += parser.numbers[0]
  })
  run('labels', 60, () => {
    parser.reset(bytes, content.length)
    for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) if (entry === Entry.series) sum += parser.labels().size
  })
  run('by position', 400, () => {
    parser.reset(bytes, content.length)
    for (const { bytes: expected, isSeries } of entries) {
      if (isSeries && parser.takeExpected(expected, 0, expected.length)) sum += parser.numbers[0]
      else if (!isSeries) parser.next()
    }
  })
}

for (const format of ['text', 'openmetrics', 'protobuf'] as const) measure(format, false)
for (const format of ['text', 'openmetrics', 'protobuf'] as const) measure(format, true)
if (!Number.isFinite(sum)) throw new Error('the sum of all values must be finite')
