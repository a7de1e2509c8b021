import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Entry } from '../exposition/page-parser.ts'
import { TextParser } from '../exposition/text-parser.ts'
import { MetadataPool, MetadataReader, NO_METADATA, type PageMetadata } from './page-metadata.ts'

/** Reads a page as a scrape does. Answers how many comment lines were recognised, too. */
function read(text: string, last: PageMetadata, pool: MetadataPool): { metadata: PageMetadata; knownCount: number } {
  const parser = new TextParser()
  const bytes = new Uint8Array(Buffer.byteLength(text) + 1)
  bytes.set(Buffer.from(text))
  parser.reset(bytes, bytes.length - 1)
  const reader = new MetadataReader(last)
  let knownCount = 0
  for (;;) {
    if (reader.takeExpected(parser)) {
      knownCount++
      continue
    }
    const entry = parser.next()
    if (entry === Entry.end) return { metadata: reader.result(pool), knownCount }
    if (entry === Entry.type || entry === Entry.help)
      reader.take(parser.commentBytes, parser.commentStart, parser.commentEnd, entry === Entry.type ? parser.type : undefined)
  }
}

test('types and texts are found by name', () => {
  const page = [
    '# HELP a  Two blanks, a \\\\ and\\na break.',
    '# TYPE a counter',
    'a 1',
    '',
    ' #\tTYPE  "b.c"  untyped',
    '{"b.c"} 1',
    '# HELP b.d',
    '# a comment',
    '# TYPE h histogram',
    'h_bucket{le="1"} 1',
  ].join('\n')
  const { metadata } = read(page, NO_METADATA, new MetadataPool())
  assert.deepEqual(metadata.list(), [
    { name: 'a', type: 'counter', help: ' Two blanks, a \\ and\na break.', unit: '' },
    { name: 'b.c', type: 'unknown', help: '', unit: '' },
    { name: 'b.d', type: 'unknown', help: '', unit: '' },
    { name: 'h', type: 'histogram', help: '', unit: '' },
  ])
  assert.equal(metadata.find('a')?.type, 'counter')
  assert.equal(metadata.find('h_bucket'), undefined)
  assert.deepEqual(NO_METADATA.list(), [])
})

test('lines that have not changed are recognised, equal pages are shared', () => {
  const pool = new MetadataPool()
  const page = (help: string, value: number) => `# HELP a ${help}\n# TYPE a gauge\na ${value}\n# TYPE b summary\nb{quantile="0.50"} 1\n`
  const first = read(page('x', 1), NO_METADATA, pool)
  assert.equal(first.knownCount, 0)
  const again = read(page('x', 2), first.metadata, pool)
  assert.deepEqual([again.knownCount, again.metadata === first.metadata], [3, true])
  assert.equal(read(page('x', 3), NO_METADATA, pool).metadata, first.metadata)

  const changed = read(page('y', 2), first.metadata, pool)
  assert.equal(changed.metadata.find('a')?.help, 'y')
  assert.equal(changed.metadata.find('b')?.type, 'summary')
  const shorter = read('# HELP a x\n', first.metadata, pool)
  assert.deepEqual(shorter.metadata.list(), [{ name: 'a', type: 'unknown', help: 'x', unit: '' }])
  assert.equal(read('a 1\n', first.metadata, pool).metadata, NO_METADATA)
  // The last line may lack its line break.
  const open = read('a 1\n# TYPE a gauge', NO_METADATA, pool)
  assert.equal(read('a 1\n# TYPE a gauge', open.metadata, pool).knownCount, 1)
})

test('a type line that is recognised still counts for the series after it', () => {
  const pool = new MetadataPool()
  const { metadata } = read('# TYPE b summary\nb{quantile="0.50"} 1\n', NO_METADATA, pool)
  const text = Buffer.from('# TYPE b summary\nb{quantile="0.50"} 1\n\n')
  const parser = new TextParser()
  parser.reset(text, text.length - 1)
  assert.ok(new MetadataReader(metadata).takeExpected(parser))
  assert.equal(parser.next(), Entry.series)
  assert.equal(parser.labels().get('quantile'), '0.5')
})
