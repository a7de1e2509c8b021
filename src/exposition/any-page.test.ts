import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allParserOptions, readAnyPage } from '../../test/support/any-page.ts'
import { expositionPage, mutatedPage } from '../../test/support/exposition-page-generator.ts'
import { seededRandom } from '../base/virtual/random.ts'
import type { PageFormat } from './page-formats.ts'

const FORMATS = ['text', 'openmetrics', 'protobuf'] as const
const OPTIONS = allParserOptions()

test('any bytes are read or refused, in every format and with all options', () => {
  const random = seededRandom(21)
  let refused = 0
  for (let round = 0; round < 160; round++) {
    const page = expositionPage(random, { now: 1e12, utf8Names: true, timestamps: true, nativeHistograms: true, created: true })
    for (const format of FORMATS) {
      const content = format === 'openmetrics' ? page.openMetrics : page[format]
      const options = OPTIONS[round % OPTIONS.length]
      assert.equal(readAnyPage(format, options, content).refusal, undefined)
      if (readAnyPage(format, options, mutatedPage(random, content)).refusal !== undefined) refused++
    }
  }
  assert.ok(refused > 120 && refused < 480)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...FORMATS), fc.constantFrom(...OPTIONS), (bytes, format, options) => {
      readAnyPage(format, options, bytes)
    }),
    { numRuns: 1000 },
  )
})

test('pages made to be slow are not', () => {
  const many = 15_000
  const numbers = Array.from({ length: many }, (_, i) => i)
  const pages: [PageFormat, string][] = [
    ['openmetrics', `# TYPE a counter\n${numbers.map((i) => `a_total{x="${i}"} 1\n`).join('')}# EOF\n`],
    ['openmetrics', `# TYPE a counter\n${numbers.map((i) => `a_total{x="${i}"} 1\na_created{y="${i}"} 1\n`).join('')}# EOF\n`],
    ['openmetrics', `# TYPE h histogram\n${numbers.map((i) => `h_bucket{le="${many - i}"} 1 # {} 1\n`).join('')}# EOF\n`],
    ['openmetrics', `# TYPE h histogram\n${numbers.map((i) => `h_count{x="${i}"} ${i}\n`).join('')}# EOF\n`],
    ['text', `# TYPE h histogram\n${numbers.map((i) => `h_bucket{le="${i % 2 === 0 ? i : -i}"} 1\n`).join('')}`],
    ['text', `a${'{'.repeat(1_000_000)}`],
    ['text', '"'.repeat(1_000_000)],
    ['openmetrics', `{"${'\\"'.repeat(1_000_000)}`],
    ['openmetrics', `a{x="${'\0'.repeat(1_000_000)}`],
    ['openmetrics', '# HELP a b\n'.repeat(50_000)],
    ['protobuf', '\x33'.repeat(1_000_000)],
    ['protobuf', '\0'.repeat(300_000)],
    ['protobuf', `\x80\x80\x10${'\x0a\0'.repeat(131_072)}`],
  ]
  for (const [format, text] of pages) {
    const content = Buffer.from(text, 'latin1')
    for (const options of OPTIONS.slice(14)) {
      const before = process.cpuUsage()
      readAnyPage(format, options, content)
      const { user, system } = process.cpuUsage(before)
      assert.ok((user + system) / 1000 < 10_000, `${format} ${text.slice(0, 40)}: ${(user + system) / 1000} ms`)
    }
  }
})
