import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expositionPage, mutatedPage } from '../../test/support/exposition-page-generator.ts'
import type { Random } from '../base/env.ts'
import { seededRandom } from '../base/virtual/random.ts'
import { ExpositionError } from './exposition-error.ts'
import { NhcbParser } from './nhcb-parser.ts'
import { type PageFormat, pageParserFor } from './page-formats.ts'
import { Entry, type PageParser } from './page-parser.ts'

const CONVERT = { ignoreNativeHistograms: false, keepClassicHistograms: false, convertClassicHistograms: true, startTimes: true }

function reset(parser: PageParser, content: Uint8Array): PageParser {
  const bytes = new Uint8Array(content.length + 1)
  bytes.set(content)
  parser.reset(bytes, content.length)
  return parser
}

function shown(parser: PageParser): string {
  const time = parser.hasTimestamp ? `@${parser.numbers[1]}` : ''
  const exemplars = parser.exemplars(7).map((e) => ` #${e.labels} ${e.value}@${e.timestamp}`)
  const start = parser.startTime() === 0 ? '' : ` s=${parser.startTime()}`
  let value = String(parser.numbers[0])
  if (parser.isHistogram) {
    const h = parser.histogram()
    const kind = h.isFloat ? 'float' : 'int'
    value = `{${kind} ${h.schema} count=${h.count} sum=${h.sum} [${h.positiveSpans}|${h.positiveBuckets}] le=[${h.customValues}]}`
  }
  return `${parser.labels()} ${value}${time}${exemplars.join('')}${start}`
}

function parse(format: PageFormat, text: string | Uint8Array, options: Partial<typeof CONVERT> = {}): string[] {
  const parser = reset(pageParserFor(format, { ...CONVERT, ...options }), Buffer.from(text))
  const rows: string[] = []
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) if (entry === Entry.series) rows.push(shown(parser))
  return rows
}

test('classic histograms become native ones', () => {
  const check = (text: string, ...want: string[]) => assert.deepEqual(parse('text', text), want, text)
  const h = (lines: string) => `# TYPE h histogram\n${lines.replaceAll('; ', '\n')}\n`
  check(
    h('h_bucket{le="1"} 2; h_bucket{le="2"} 5; h_bucket{le="+Inf"} 6; h_sum 9; h_count 6'),
    'h {int -53 count=6 sum=9 [0,3|2,3,1] le=[1,2]}',
  )
  check(h('h_sum 9; h_count 6; h_bucket{le="1"} 2'), 'h {int -53 count=6 sum=9 [0,2|2,4] le=[1]}')
  check(h('h_bucket{le="2"} 5; h_bucket{le="1"} 2; h_bucket{le="1"} 9; h_count 6'), 'h {int -53 count=6 sum=0 [0,3|2,3,1] le=[1,2]}')
  check(h('h_bucket{le="1"} 1; h_bucket{le="+Inf"} 1'), 'h {int -53 count=1 sum=0 [0,1|1] le=[1]}')
  check(h('h_count 4'), 'h {int -53 count=4 sum=0 [0,1|4] le=[]}')
  check(h('h_bucket{le="1"} 1.5; h_count 4'), 'h {float -53 count=4 sum=0 [0,2|1.5,2.5] le=[1]}')
  // Empty buckets: up to two in a row stay.
  check(
    h('h_bucket{le="1"} 1; h_bucket{le="2"} 1; h_bucket{le="3"} 2; h_bucket{le="4"} 2; h_bucket{le="5"} 2; h_bucket{le="6"} 2; h_count 3'),
    'h {int -53 count=3 sum=0 [0,3,3,1|1,0,1,1] le=[1,2,3,4,5,6]}',
  )
  // One after the other, labels and times of their own.
  check(
    h('h_bucket{a="1",le="1"} 1 5; h_count{a="1"} 1 5; h_bucket{a="2",le="1"} 1; h_count{a="2"} 1'),
    'h{a="1"} {int -53 count=1 sum=0 [0,1|1] le=[1]}@5',
    'h{a="2"} {int -53 count=1 sum=0 [0,1|1] le=[1]}',
  )
  check(`${h('h_bucket{le="1"} 1; h_count 1')}# a comment\nx 1\n`, 'h {int -53 count=1 sum=0 [0,1|1] le=[1]}', 'x 1')
  // Not of the family, not of the type, not a bound.
  check(h('h_count 1; g_count 2'), 'h {int -53 count=1 sum=0 [0,1|1] le=[]}', 'g_count 2')
  check('# TYPE s summary\ns_count 1\ns_sum 2\n', 's_count 1', 's_sum 2')
  check('h_count 1\nh_bucket{le="1"} 1\n', 'h_count 1', 'h_bucket{le="1"} 1')
  check(h('h_bucket{le="x"} 1; h_bucket 2'), 'h_bucket{le="x"} 1', 'h_bucket 2')
  check('# TYPE "a.h" histogram\n{"a.h_count"} 3\n', '{"a.h"} {int -53 count=3 sum=0 [0,1|3] le=[]}')
  // Contradictions.
  for (const lines of [
    'h_bucket{le="1"} 3; h_bucket{le="2"} 2',
    'h_bucket{le="+Inf"} 3; h_count 4',
    'h_count -1',
    'h_bucket{le="1"} -1',
    'h_sum 1',
    'h_count NaN',
    'h_bucket{le="-Inf"} 1; h_count 1',
  ]) {
    check(h(`${lines}; x 1`), 'x 1')
  }
})

test('classic series can be kept, exemplars and start times go along', () => {
  const text = [
    '# TYPE h histogram',
    'h_bucket{le="1"} 1 # {id="a"} 0.5 2',
    'h_bucket{le="+Inf"} 2 # {id="b"} 3',
    'h_count 2',
    'h_sum 3.5',
    'h_created 4',
    '# EOF\n',
  ].join('\n')
  const native = 'h {int -53 count=2 sum=3.5 [0,2|1,1] le=[1]} #{id="a"} 0.5@2000 #{id="b"} 3@7 s=4000'
  assert.deepEqual(parse('openmetrics', text), [native])
  const classic = [
    'h_bucket{le="1.0"} 1 #{id="a"} 0.5@2000 s=4000',
    'h_bucket{le="+Inf"} 2 #{id="b"} 3@7 s=4000',
    'h_count 2 s=4000',
    'h_sum 3.5 s=4000',
  ]
  assert.deepEqual(parse('openmetrics', text, { keepClassicHistograms: true }), [...classic, native])
})

test('native histograms of the target stay what they are', () => {
  const random = seededRandom(3)
  for (let round = 0; round < 20; round++) {
    const { families, protobuf } = expositionPage(random, { now: 1e12, nativeHistograms: true })
    const histograms = families.flatMap(({ name, metrics }) =>
      metrics.flatMap((metric) => (metric.kind === 'histogram' ? [{ name, metric }] : [])),
    )
    const rows = parse('protobuf', protobuf)
    const native = histograms.filter(({ metric }) => metric.native !== undefined)
    assert.equal(rows.filter((row) => / \{(int|float) (?!-53)/.test(row)).length, native.length)
    const both = parse('protobuf', protobuf, { keepClassicHistograms: true })
    assert.equal(both.filter((row) => / \{(int|float) (?!-53)/.test(row)).length, native.length)
  }
})

test('what is expected is taken, whatever comes before it', () => {
  const random = seededRandom(4)
  for (let round = 0; round < 100; round++) {
    const page = expositionPage(random, { now: 1e12, nativeHistograms: true, created: true, timestamps: true, utf8Names: true })
    const format = (['text', 'openmetrics', 'protobuf'] as const)[round % 3]
    const options = { ...CONVERT, keepClassicHistograms: round % 2 === 0 }
    const content = format === 'openmetrics' ? page.openMetrics : page[format]
    const first = reset(pageParserFor(format, options), content)
    const second = reset(pageParserFor(format, options), content)
    for (let entry = first.next(); entry !== Entry.end; entry = first.next()) {
      if (entry === Entry.comment) {
        assert.equal(second.next(), Entry.comment)
        continue
      }
      const isSeries = entry === Entry.series
      const bytes = isSeries
        ? first.seriesBytes.slice(first.seriesStart, first.seriesEnd)
        : first.commentBytes.slice(first.commentStart, first.commentEnd)
      const type = entry === Entry.type ? first.type : undefined
      assert.ok(
        isSeries ? second.takeExpected(bytes, 0, bytes.length) : second.takeExpectedComment(bytes, 0, bytes.length, type),
        `${round}`,
      )
      if (isSeries) assert.equal(shown(second), shown(first))
    }
    assert.equal(second.next(), Entry.end)
  }
})

test('a page that is like the last one reads as it does by itself', () => {
  const random = seededRandom(5)
  for (let round = 0; round < 200; round++) {
    const page = expositionPage(random, { now: 1e12, nativeHistograms: true, created: true, timestamps: true })
    const format = (['text', 'openmetrics', 'protobuf'] as const)[round % 3]
    const options = { ...CONVERT, keepClassicHistograms: round % 5 === 0 }
    const content = format === 'openmetrics' ? page.openMetrics : page[format]
    checkAgain(format, content, content, options)
    if (format !== 'protobuf') checkAgain(format, content, changedLines(random, content), options)
    const convertClassicHistograms = round % 2 === 0
    checkAgain('protobuf', page.protobuf, mutatedPage(random, page.protobuf), { ...options, convertClassicHistograms })
    checkAgain('protobuf', page.protobuf, expositionPage(seededRandom(round), { now: 1e12 }).protobuf, options)
  }
  const before = '# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 1\nh_count 2\n# TYPE x gauge\nx 1\n'
  for (const after of [
    before.replaceAll('h_count 2', 'h_count 2\nh_bucket{le="2"} 2'),
    before.replaceAll('h_sum 1', 'h_bucket{le="2"} 2\nh_sum 1'),
    before.replaceAll('h_sum 1\n', ''),
    before.replaceAll('h_sum 1\n', 'h_sum 1\nh_sum{a="b"} 2\n'),
    before.replaceAll('h_count 2', 'h_count 2\nh_count{a="b"} 3'),
    before.replaceAll('h_count 2', 'h_count 1\nh_bucket{le="2"} 2'),
    before.replaceAll('h_bucket{le="1"} 1', 'h_bucket{le="1"} 3'),
    before.replaceAll('TYPE h ', 'TYPE g '),
    before.replaceAll('TYPE h histogram', 'TYPE h gauge'),
    before.replaceAll('# TYPE x gauge\n', ''),
    before.slice(0, before.indexOf('# TYPE x')),
    before.slice(0, before.indexOf('h_count')),
  ]) {
    checkAgain('text', Buffer.from(before), Buffer.from(after), CONVERT)
    checkAgain('text', Buffer.from(after), Buffer.from(before), CONVERT)
  }
})

/** Takes lines away, doubles them, or moves them. */
function changedLines(random: Random, content: Uint8Array): Uint8Array {
  const lines = Buffer.from(content).toString('latin1').split('\n')
  for (let i = 0; i < 3; i++) {
    const at = Math.floor(random.next() * (lines.length - 2))
    const removed = lines.splice(at, Math.floor(random.next() * 3))
    if (Math.floor(random.next() * 2) === 0) lines.splice(Math.floor(random.next() * (lines.length - 2)), 0, ...removed)
  }
  return Buffer.from(lines.join('\n'), 'latin1')
}

/** Reads the second page with what the first was, as a scrape does. */
function checkAgain(format: PageFormat, before: Uint8Array, after: Uint8Array, options: typeof CONVERT): void {
  const parser = reset(pageParserFor(format, options), before)
  const series: Buffer[] = []
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    if (entry === Entry.series) series.push(Buffer.from(parser.seriesBytes.slice(parser.seriesStart, parser.seriesEnd)))
  }
  const bytes = Buffer.concat(series)
  const offsets = [0]
  for (const { length } of series) offsets.push(offsets[offsets.length - 1] + length)
  const again = reset(pageParserFor(format, options), after)
  const rows: string[] = []
  let fault = ''
  try {
    for (let cursor = 0; ; ) {
      if (cursor < series.length && again.takeExpected(bytes, offsets[cursor], offsets[cursor + 1])) {
        rows.push(shown(again))
        cursor++
        continue
      }
      const entry = again.next()
      if (entry === Entry.end) break
      if (entry !== Entry.series) continue
      rows.push(shown(again))
      // From a series that has moved on, those behind it are expected.
      const at = series.findIndex((one) => one.equals(again.seriesBytes.subarray(again.seriesStart, again.seriesEnd)))
      if (at >= 0) cursor = at + 1
    }
  } catch (error) {
    assert.ok(error instanceof ExpositionError, (error as Error).stack)
    fault = error.message
  }
  const want: string[] = []
  let wantedFault = ''
  try {
    const first = reset(pageParserFor(format, options), after)
    for (let entry = first.next(); entry !== Entry.end; entry = first.next()) if (entry === Entry.series) want.push(shown(first))
  } catch (error) {
    assert.ok(error instanceof ExpositionError, (error as Error).stack)
    wantedFault = error.message
  }
  assert.equal(fault, wantedFault)
  if (fault === '') assert.deepEqual(rows, want, Buffer.from(after).toString())
}

test('garbage is refused or read, never worse', () => {
  const random = seededRandom(6)
  for (let round = 0; round < 300; round++) {
    const page = expositionPage(random, { now: 1e12, nativeHistograms: true, created: true })
    for (const format of ['text', 'openmetrics', 'protobuf'] as const) {
      try {
        parse(format, mutatedPage(random, format === 'openmetrics' ? page.openMetrics : page[format]))
      } catch (error) {
        assert.ok(error instanceof ExpositionError, (error as Error).stack)
      }
    }
  }
})

test('a histogram of many buckets in any order is sorted, not searched through', () => {
  const lines = Array.from({ length: 50_000 }, (_, i) => `h_bucket{le="${50_000 - i}"} ${50_000 - i}`)
  const started = process.cpuUsage()
  assert.equal(parse('text', `# TYPE h histogram\n${lines.join('\n')}\n`).length, 1)
  const { user, system } = process.cpuUsage(started)
  assert.ok((user + system) / 1000 < 3000)
})

test('a parser can be used again after a page that broke off in a histogram', () => {
  const parser = new NhcbParser(pageParserFor('text', { ...CONVERT, convertClassicHistograms: false }), {
    keepClassic: false,
    startTimes: false,
  })
  reset(parser, Buffer.from('# TYPE h histogram\nh_count 1\nh_sum\n'))
  parser.next()
  assert.throws(() => parser.next(), ExpositionError)
  reset(parser, Buffer.from('x 1\n'))
  assert.equal(parser.next(), Entry.series)
  assert.equal(parser.labels().toString(), 'x')
  assert.equal(parser.next(), Entry.end)
})
