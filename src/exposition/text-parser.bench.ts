// Lines a second of the text parser: as `next` (syntax only), with labels, and by expected series as the scrape cache reads.
// Run: node src/exposition/text-parser.bench.ts

import { Entry } from './page-parser.ts'
import { TextParser } from './text-parser.ts'

const FAMILIES = 50
const SERIES = 20
let text = ''
for (let family = 0; family < FAMILIES; family++) {
  text += `# HELP http_request_duration_seconds_${family} Time it took to answer a request, by handler and code.\n`
  text += `# TYPE http_request_duration_seconds_${family} counter\n`
  for (let series = 0; series < SERIES; series++) {
    const value = series % 3 === 0 ? 12345678 + series : series % 3 === 1 ? '1.7560473e+07' : (series * 7919) / 1024
    text += `http_request_duration_seconds_${family}{handler="/api/v1/query_${series}",code="200",method="GET",instance="10.0.0.${series}"} ${value}\n`
  }
}
const content = Buffer.from(text)
const bytes = new Uint8Array(content.length + 1)
bytes.set(content)

const parser = new TextParser()
const offsets: number[] = []
parser.reset(bytes, content.length)
for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
  if (entry === Entry.series) offsets.push(parser.seriesStart, parser.seriesEnd)
}
const known = content.slice()
let sum = 0

function measure(name: string, pages: number, run: () => void): void {
  for (let i = 0; i < pages / 4; i++) run()
  const start = process.cpuUsage()
  for (let i = 0; i < pages; i++) run()
  const used = process.cpuUsage(start)
  const seconds = (used.user + used.system) / 1e6
  const lines = (pages * offsets.length) / 2
  console.log(
    `${name.padEnd(12)} ${(lines / seconds / 1e6).toFixed(2)} M series lines/s, ${((content.length * pages) / seconds / 1e6).toFixed(0)} MB/s`,
  )
}

measure('next', 2000, () => {
  parser.reset(bytes, content.length)
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) if (entry === Entry.series) sum += parser.numbers[0]
})
measure('labels', 100, () => {
  parser.reset(bytes, content.length)
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) if (entry === Entry.series) sum += parser.labels().size
})
measure('by position', 4000, () => {
  parser.reset(bytes, content.length)
  for (let i = 0; i < offsets.length; ) {
    if (parser.takeExpected(known, offsets[i], offsets[i + 1])) {
      sum += parser.numbers[0]
      i += 2
    } else parser.next()
  }
})
if (!Number.isFinite(sum)) throw new Error('the sum of all values must be finite')
