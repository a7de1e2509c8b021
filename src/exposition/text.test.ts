import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Labels, METRIC_NAME } from '../model/labels.ts'
import { ExpositionError } from './exposition-error.ts'
import { formatFloatText } from './float.ts'
import { Entry } from './page-parser.ts'
import { TextParser } from './text-parser.ts'
import { helpLine, labelPair, sampleLine, typeLine } from './text-writer.ts'

interface Row {
  readonly series: string
  readonly value: number
  readonly timestamp?: number
}

function page(text: string | Uint8Array): [Uint8Array, number] {
  const content = Buffer.from(text)
  const bytes = new Uint8Array(content.length + 1)
  bytes.set(content)
  return [bytes, content.length]
}

function parse(text: string | Uint8Array): Row[] {
  const parser = new TextParser()
  parser.reset(...page(text))
  const rows: Row[] = []
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    if (entry !== Entry.series) continue
    const row = { series: parser.labels().toString(), value: parser.numbers[0] }
    rows.push(parser.hasTimestamp ? { ...row, timestamp: parser.numbers[1] } : row)
  }
  return rows
}

test('a page is read into series, values and timestamps', () => {
  const check = (text: string, ...want: Row[]) => assert.deepEqual(parse(text), want, text)
  check('')
  check('\n\n  \n')
  check('a 1\n', { series: 'a', value: 1 })
  check('a 1', { series: 'a', value: 1 })
  check('a\t1\t\n', { series: 'a', value: 1 })
  check('a{} 1\n', { series: 'a', value: 1 })
  check('a{b="c"}1\n', { series: 'a{b="c"}', value: 1 })
  check('a {b="c"} 1\n', { series: 'a{b="c"}', value: 1 })
  check('a { b = "c" , d = "e" , } 1 \n', { series: 'a{b="c", d="e"}', value: 1 })
  check('a{d="e" b="c"} 1\n', { series: 'a{b="c", d="e"}', value: 1 })
  check('a{b=""} 1\n', { series: 'a', value: 1 })
  check('a 1 1395066363000\n', { series: 'a', value: 1, timestamp: 1395066363000 })
  check('a 1 -3982045\n', { series: 'a', value: 1, timestamp: -3982045 })
  check('a +Inf\na -Inf\na NaN\n', { series: 'a', value: Infinity }, { series: 'a', value: -Infinity }, { series: 'a', value: NaN })
  check('a -0\n', { series: 'a', value: -0 })
  check('a 1.7560473e+07\n', { series: 'a', value: 17560473 })
  check('a 0.12345678901234568\n', { series: 'a', value: 0.12345678901234568 })
  check('a 5e-324\n', { series: 'a', value: 5e-324 })
  check('{"a.b"} 1\n', { series: '{"a.b"}', value: 1 })
  check('{"a.b","c d"="e"} 1\n', { series: '{"a.b", "c d"="e"}', value: 1 })
  check('{b="c","a"} 1\n', { series: 'a{b="c"}', value: 1 })
  check('a{b="\\\\x\\"y\\nz\\q"} 1\n', { series: 'a{b="\\\\x\\"y\\nz\\\\q"}', value: 1 })
  check('a{b="ünï"} 1\n', { series: 'a{b="ünï"}', value: 1 })
})

test('labels are sorted however many there are', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(500), { maxLength: 60 }), (numbers) => {
      const written = numbers.map((n) => `l${n}="${n}"`).join(',')
      const names = numbers.map((n) => `l${n}`).sort()
      const want = names.length === 0 ? 'a' : `a{${names.map((name) => `${name}="${name.slice(1)}"`).join(', ')}}`
      assert.equal(parse(`a{${written}} 1\n`)[0].series, want)
    }),
  )
  const twice = (count: number) => `a{${Array.from({ length: count }, (_, i) => `l${count - i}="v"`).join(',')},l1="w"} 1\n`
  for (const count of [5, 100]) assert.throws(() => parse(twice(count)), /label name "l1" is not unique: invalid sample$/)
})

test('comments are skipped, types give bounds their canonical form', () => {
  const check = (text: string, ...want: string[]) =>
    assert.deepEqual(
      parse(text).map((row) => row.series),
      want,
      text,
    )
  check('# HELP a b\n#\n#x\n# foo bar\n# EOF\na 1\n', 'a')
  check('# TYPE a histogram\na_bucket{le="1"} 1\na_bucket{le="+Inf"} 1\n', 'a_bucket{le="1.0"}', 'a_bucket{le="+Inf"}')
  check('# TYPE a summary\na{quantile="1"} 1\na{le="1"} 1\n', 'a{quantile="1.0"}', 'a{le="1"}')
  check('# TYPE a gauge\na{le="1"} 1\n', 'a{le="1"}')
  check('#\tTYPE a counter\n# TYPE "a.b" untyped\n# HELP a\n# TYPES\na 1', 'a')
})

test('what is wrong is said with its place', () => {
  const check = (text: string | Uint8Array, want: string) =>
    assert.throws(
      () => parse(text),
      (error: Error) => {
        assert.ok(error instanceof ExpositionError)
        assert.equal(error.message, want)
        return true
      },
    )
  check('a\n', 'line 1, column 2: expected value after metric, found "\\n"')
  check('a 1\nb{x="y} 2\n', 'line 2, column 5: expected label value, found a quote that is not closed')
  check('a 1\n\n b{x=y} 2\n', 'line 3, column 6: expected label value, found "y} 2"')
  check('a{b} 1\n', 'line 1, column 4: expected equal, found "} 1"')
  check('a{="b"} 1\n', 'line 1, column 3: expected label name, found "=\\"b\\"} 1"')
  check('a{"b"} 1\n', 'line 1, column 3: metric name already set')
  check('{b="c"} 1\n', 'line 1, column 7: metric name not set')
  check('a one\n', 'line 1, column 3: expected a float, found "one"')
  check('a 1\r\n', 'line 1, column 3: expected a float, found "1\\r"')
  check('a 1e400\n', 'line 1, column 3: expected a float, found "1e400"')
  check('a 0x1p3\n', 'line 1, column 3: expected a float, found "0x1p3"')
  check('a 1_000\n', 'line 1, column 3: expected a float, found "1_000"')
  check('a 1 2 3\n', 'line 1, column 7: expected next entry after timestamp, found "3"')
  check('a 1 x\n', 'line 1, column 5: expected timestamp or new record, found "x"')
  check('a 1 99999999999999999999\n', 'line 1, column 5: timestamp 99999999999999999999 is out of range')
  check('<html>\n', 'line 1, column 1: expected a valid start token, found "<html>"')
  check('\0\n', 'line 1, column 1: expected a valid start token, found "\\x00"')
  check('# TYPE a metric\n', 'line 1, column 10: invalid metric type "metric"')
  check('# TYPE a\n', 'line 1, column 9: invalid metric type ""')
  check('# TYPE 1 gauge\n', 'line 1, column 8: expected metric name after TYPE, found "1 gauge"')
  check('a{b="c",b="d"} 1\n', 'line 1, column 1: label name "b" is not unique: invalid sample')
  check(Buffer.from('a{b="\xff"} 1\n', 'latin1'), 'line 1, column 6: invalid UTF-8 "ÿ"')
  check(Buffer.from('# HELP a \xff\n', 'latin1'), 'line 1, column 9: help text is not a valid utf8 string')
  check(`a{${'b="c",'.repeat(5000)}} 1\n`, `line 1, column ${3 + 4096 * 6}: series with more than 4096 labels`)
  check(`a{b="${'x'.repeat(1 << 20)}"} 1\n`, `line 1, column 1: series of ${(1 << 20) + 7} bytes, at most 1048576`)
})

test('takeExpected takes exactly the series it is asked for', () => {
  const check = (line: string, expected: string, want: boolean) => {
    const parser = new TextParser()
    parser.reset(...page(line))
    const bytes = Buffer.from(`##${expected}##`)
    assert.equal(parser.takeExpected(bytes, 2, bytes.length - 2), want, `${line} against ${expected}`)
    assert.equal(parser.position > 0, want)
  }
  check('a{b="c"} 1\n', 'a{b="c"}', true)
  check('a{b="c"}\t1 5\n', 'a{b="c"}', true)
  check('a 1\n', 'a', true)
  check('a{b="c"} 1\n', 'a{b="d"}', false)
  check('a{b="c"} 1\n', 'a', false)
  check('a {b="c"} 1\n', 'a', false)
  check('ab 1\n', 'a', false)
  check('a', 'a', false)
  check('# a 1\n', 'a', false)
})

const labelText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
const seriesLabels = fc
  .tuple(
    labelText,
    fc.dictionary(
      labelText.filter((name) => name !== '__name__'),
      labelText,
      { maxKeys: 6, noNullPrototype: true },
    ),
  )
  .map(([name, labels]) => Labels.of([...Object.entries(labels), ['__name__', name] as [string, string]]))
const samples = fc.array(
  fc.record({ labels: seriesLabels, value: fc.double(), timestamp: fc.option(fc.maxSafeInteger(), { nil: undefined }) }),
  { maxLength: 20 },
)

function writtenLine(labels: Labels, value: number, timestamp?: number): string {
  const pairs = [...labels].filter(([name]) => name !== METRIC_NAME).map(([name, text]) => labelPair(name, text))
  return sampleLine(labels.get(METRIC_NAME), pairs.join(','), value, timestamp)
}

test('what is written is read back', () => {
  fc.assert(
    fc.property(samples, (rows) => {
      const lines = rows.map(({ labels, value, timestamp }) => writtenLine(labels, value, timestamp))
      const text = helpLine('family', 'a\\b\nc') + typeLine('family', 'gauge') + lines.join('')
      const read = parse(text)
      assert.equal(read.length, rows.length)
      for (let i = 0; i < rows.length; i++) {
        assert.equal(read[i].series, rows[i].labels.toString())
        assert.ok(Object.is(read[i].value, rows[i].value))
        assert.equal(read[i].timestamp, rows[i].timestamp)
      }
    }),
  )
})

test('every decimal is read as exactly as Number reads it', () => {
  const decimal = fc
    .tuple(
      fc.constantFrom('', '-', '+'),
      fc.bigInt({ min: 0n, max: 10n ** 20n }),
      fc.nat(20),
      fc.option(fc.integer({ min: -330, max: 308 })),
    )
    .map(([sign, digits, point, exponent]) => {
      const text = digits.toString().padStart(point + 1, '0')
      return `${sign}${text.slice(0, text.length - point)}.${text.slice(text.length - point)}${exponent === null ? '' : `e${exponent}`}`
    })
    .filter((text) => Number.isFinite(Number(text)))
  fc.assert(
    fc.property(decimal, (text) => assert.ok(Object.is(parse(`a ${text}\n`)[0].value, Number(text)), text)),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => assert.ok(Object.is(parse(`a ${formatFloatText(value)}\n`)[0].value, value))),
    { numRuns: 1000 },
  )
})

test('garbage is refused or read, never worse', () => {
  const pieces = fc.array(
    fc.constantFrom('a', '{', '}', '"', '\\', ' ', '\n', '#', '# TYPE ', '# HELP ', '=', ',', '1', '-', '.', 'e', '\0', 'ÿ', 'NaN'),
    {
      maxLength: 60,
    },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        pieces.map((parts) => Buffer.from(parts.join(''))),
        fc.uint8Array({ maxLength: 200 }),
      ),
      (bytes) => {
        try {
          parse(bytes)
        } catch (error) {
          assert.ok(error instanceof ExpositionError, String(error))
        }
      },
    ),
    { numRuns: 3000 },
  )
})

test('names and values are escaped and quoted', () => {
  assert.equal(helpLine('a', 'x\\y\nz'), '# HELP a x\\\\y\\nz\n')
  assert.equal(typeLine('x.y', 'counter'), '# TYPE "x.y" counter\n')
  assert.equal(writtenLine(Labels.of({ __name__: 'a', b: 'q"\\\n', 'c.d': 'e' }), 1e6, 5), 'a{b="q\\"\\\\\\n","c.d"="e"} 1e+06 5\n')
  assert.equal(writtenLine(Labels.of({ __name__: 'x.y' }), NaN), '{"x.y"} NaN\n')
})
