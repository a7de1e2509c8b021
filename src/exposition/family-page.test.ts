import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client'
import { expositionPage } from '../../test/support/exposition-page-generator.ts'
import { seededRandom } from '../base/virtual/random.ts'
import type { EscapingScheme } from '../model/name-escaping.ts'
import type { ExposedFamily } from './exposed-family.ts'
import { familyPage } from './family-page.ts'
import type { NegotiatedFormat } from './negotiate.ts'
import { type PageFormat, pageParserFor } from './page-formats.ts'
import { Entry } from './page-parser.ts'
import { registryFamilies } from './registry-families.ts'
import { textFamilies } from './text-families.ts'

const page = (families: readonly ExposedFamily[], kind: NegotiatedFormat['kind'], escaping: EscapingScheme = 'allow-utf-8') =>
  Buffer.concat([...familyPage(families, { kind, escaping, contentType: '' })])

function samples(format: PageFormat, content: Uint8Array): string[] {
  const options = { ignoreNativeHistograms: true, keepClassicHistograms: false, convertClassicHistograms: false, startTimes: false }
  const parser = pageParserFor(format, options)
  const bytes = Buffer.concat([content, Buffer.alloc(1)])
  parser.reset(bytes, content.length)
  const rows: string[] = []
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    if (entry === Entry.series) rows.push(`${parser.labels()} ${parser.numbers[0]}${parser.hasTimestamp ? `@${parser.numbers[1]}` : ''}`)
  }
  return rows.sort()
}

test('a page says the same in every format', () => {
  const random = seededRandom(8)
  for (let round = 0; round < 60; round++) {
    const { families } = expositionPage(random, { now: 1e12, utf8Names: true, timestamps: true })
    // Bounds have their canonical form only where the type says what they are, and that is not the same everywhere.
    const comparable = families.filter(({ type }) => type !== 'gaugehistogram')
    const text = samples('text', page(comparable, 'text'))
    assert.deepEqual(samples('openmetrics', page(comparable, 'openmetrics')), text)
    assert.deepEqual(samples('protobuf', page(comparable, 'protobuf')), text)
  }
})

test('a text page read into families is the same page', () => {
  const random = seededRandom(12)
  for (let round = 0; round < 60; round++) {
    const { families } = expositionPage(random, { now: 1e12, utf8Names: true, timestamps: true })
    const text = page(families, 'text')
    const again = textFamilies(text.toString())
    assert.deepEqual(samples('text', page(again, 'text')), samples('text', text))
    assert.deepEqual(
      again.map(({ name, help }) => [name, help]),
      families.map(({ name, help }) => [name, help]),
    )
  }
})

test('names are escaped as the reader takes them', () => {
  const families: ExposedFamily[] = [
    { name: 'a.b', type: 'gauge', help: 'H.', unit: '', metrics: [{ kind: 'value', labels: [['c.d', 'e.f']], value: 1 }] },
    { name: 'plain_name', type: 'gauge', help: '', unit: '', metrics: [{ kind: 'value', labels: [], value: 2 }] },
  ]
  const check = (escaping: EscapingScheme, want: string) => assert.equal(page(families, 'text', escaping).toString(), want)
  check('allow-utf-8', '# HELP "a.b" H.\n# TYPE "a.b" gauge\n{"a.b","c.d"="e.f"} 1\n# TYPE plain_name gauge\nplain_name 2\n')
  check('underscores', '# HELP a_b H.\n# TYPE a_b gauge\na_b{c_d="e.f"} 1\n# TYPE plain_name gauge\nplain_name 2\n')
  check('dots', '# HELP a_dot_b H.\n# TYPE a_dot_b gauge\na_dot_b{c_dot_d="e.f"} 1\n# TYPE plain_name gauge\nplain_name 2\n')
  check('values', '# HELP U__a_2e_b H.\n# TYPE U__a_2e_b gauge\nU__a_2e_b{U__c_2e_d="e.f"} 1\n# TYPE plain_name gauge\nplain_name 2\n')
})

test('what we count ourselves, in every format', async () => {
  const registry = new Registry()
  const registers = [registry]
  const counter = new Counter({ name: 'b_total', help: 'Counted.', labelNames: ['x', 'a'], registers })
  counter.inc({ x: '1', a: '2' }, 3)
  new Gauge({ name: 'a', help: 'A "gauge".', registers }).set(-1.5)
  const histogram = new Histogram({ name: 'h', help: 'H.', buckets: [0.5, 2], labelNames: ['code'], registers })
  for (const value of [0.1, 1, 9]) histogram.observe({ code: '200' }, value)
  histogram.observe({ code: '500' }, 1)
  new Summary({ name: 's', help: 'S.', percentiles: [0.5], registers }).observe(4)
  const families = await registryFamilies(registry)
  assert.equal(
    page(families, 'openmetrics').toString(),
    [
      '# HELP a A \\"gauge\\".',
      '# TYPE a gauge',
      'a -1.5',
      '# HELP b Counted.',
      '# TYPE b counter',
      'b_total{a="2",x="1"} 3.0',
      '# HELP h H.',
      '# TYPE h histogram',
      'h_bucket{code="200",le="0.5"} 1',
      'h_bucket{code="200",le="2.0"} 2',
      'h_bucket{code="200",le="+Inf"} 3',
      'h_sum{code="200"} 10.1',
      'h_count{code="200"} 3',
      'h_bucket{code="500",le="0.5"} 0',
      'h_bucket{code="500",le="2.0"} 1',
      'h_bucket{code="500",le="+Inf"} 1',
      'h_sum{code="500"} 1.0',
      'h_count{code="500"} 1',
      '# HELP s S.',
      '# TYPE s summary',
      's{quantile="0.5"} 4.0',
      's_sum 4.0',
      's_count 1',
      '# EOF\n',
    ].join('\n'),
  )
  assert.deepEqual(samples('protobuf', page(families, 'protobuf')), samples('text', Buffer.from(await registry.metrics())))
})

test('families of any size are written whole', () => {
  for (const count of [1, 9, 40, 300, 5000]) {
    const metrics = Array.from({ length: count }, (_, i) => ({
      kind: 'histogram' as const,
      labels: [['i', `${i}`]] as const,
      count: 3,
      sum: i,
      buckets: [1, 2, 4, 8].map((upperBound) => ({
        upperBound,
        count: 3,
        exemplar: { labels: [['trace_id', 'x'.repeat(i % 200)]] as const, value: 1, timestamp: 5 },
      })),
    }))
    const families: ExposedFamily[] = [{ name: 'h', type: 'histogram', help: 'H.', unit: '', metrics }]
    const text = samples('text', page(families, 'text'))
    assert.equal(text.length, count * 7)
    assert.deepEqual(samples('protobuf', page(families, 'protobuf')), text)
    assert.deepEqual(samples('openmetrics', page(families, 'openmetrics')), text)
  }
})
