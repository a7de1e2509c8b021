import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ExpositionError } from './exposition-error.ts'
import { OpenMetricsParser } from './open-metrics-parser.ts'
import { Entry } from './page-parser.ts'

function page(text: string | Uint8Array): [Uint8Array, number] {
  const content = Buffer.from(text)
  const bytes = new Uint8Array(content.length + 1)
  bytes.set(content)
  return [bytes, content.length]
}

/** One line an entry: `series value@time #exemplar s=start`. */
function parse(text: string | Uint8Array, skipCreated = false, withStart = false): string[] {
  const parser = new OpenMetricsParser({ skipCreated })
  parser.reset(...page(text))
  const rows: string[] = []
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    if (entry !== Entry.series) continue
    const time = parser.hasTimestamp ? `@${parser.numbers[1]}` : ''
    const exemplars = parser.exemplars(7).map((e) => ` #${e.labels} ${e.value}${e.hasTimestamp ? `@${e.timestamp}` : ''}`)
    const start = withStart && parser.startTime() !== 0 ? ` s=${parser.startTime()}` : ''
    rows.push(`${parser.labels()} ${parser.numbers[0]}${time}${exemplars.join('')}${start}`)
  }
  return rows
}

test('a page is read into series, values, timestamps and exemplars', () => {
  const check = (text: string, ...want: string[]) => assert.deepEqual(parse(`${text}# EOF\n`), want, text)
  check('')
  assert.deepEqual(parse('# EOF'), [])
  check('a 1\n', 'a 1')
  check('a{} 1\n', 'a 1')
  check('a{b="c",d="e",} 1.5e3\n', 'a{b="c", d="e"} 1500')
  check('a{d="e",b=""} +Inf\n', 'a{d="e"} Infinity')
  check('a 1 1520879607.789\n', 'a 1@1520879607789')
  check('a 1 -1.5\n', 'a 1@-1500')
  check('a 1 1e3\n', 'a 1@1000000')
  check('{"a.b"} 1\n', '{"a.b"} 1')
  check('{"a.b","c d"="e"} 1 2\n', '{"a.b", "c d"="e"} 1@2000')
  check('{x="y","a"} 1\n', 'a{x="y"} 1')
  check('a{b="\\\\x\\"y\\nz\\q"} 1\n', 'a{b="\\\\x\\"y\\nz\\\\q"} 1')
  check('a_total 17 # {id="x"} 0.5\n', 'a_total 17 #{id="x"} 0.5')
  check('a_total 17 1520879607.789 # {id="x",n="\\"q"} 0.5 1.25\n', 'a_total 17@1520879607789 #{id="x", n="\\"q"} 0.5@1250')
  check('a_total 17 # {} 1\n', 'a_total 17 #{} 1')
  check('# TYPE h histogram\n# UNIT h \nh_bucket{le="1"} 1\n', 'h_bucket{le="1.0"} 1')
  check('# TYPE h gaugehistogram\nh_bucket{le="1"} 1\n', 'h_bucket{le="1"} 1')
  check('# TYPE s_seconds summary\n# UNIT s_seconds seconds\ns_seconds{quantile="1"} 1\n', 's_seconds{quantile="1.0"} 1')
  check('# HELP a \n# TYPE "a.b" info\n# HELP a x"y\\n\n')
})

test("what is wrong is said in upstream's words", () => {
  const check = (text: string | Uint8Array, want: string) =>
    assert.throws(
      () => parse(text),
      (error: Error) => {
        assert.ok(error instanceof ExpositionError)
        assert.equal(error.message, want)
        return true
      },
    )
  check('', 'data does not end with # EOF')
  check('\n', 'expected a valid start token, got "\\n" ("INVALID") while parsing: "\\n"')
  check('metric', 'expected value after metric, got "metric" ("EOF") while parsing: "metric"')
  check('metric 1', 'data does not end with # EOF')
  check('metric 1\n', 'data does not end with # EOF')
  check('a 1\n# EOF\n\n', 'unexpected data after # EOF')
  check('a\n#EOF\n', 'expected value after metric, got "\\n" ("INVALID") while parsing: "a\\n"')
  check('\n\n#EOF\n', 'expected a valid start token, got "\\n" ("INVALID") while parsing: "\\n"')
  check(' a 1\n#EOF\n', 'expected a valid start token, got " " ("INVALID") while parsing: " "')
  check('9\n# EOF\n', 'expected a valid start token, got "9" ("INVALID") while parsing: "9"')
  check('# TYPE u untyped\n# EOF\n', 'invalid metric type "untyped"')
  check('# TYPE c counter \n# EOF\n', 'invalid metric type "counter "')
  check('#  TYPE c counter\n# EOF\n', 'expected a valid start token, got "#  " ("INVALID") while parsing: "#  "')
  check('# TYPE c\n# EOF\n', 'expected text in TYPE')
  check('# TYPE \n# EOF\n', 'expected metric name after TYPE, got "\\n" ("INVALID") while parsing: "# TYPE \\n"')
  check('# UNIT metric suffix\n# EOF\n', 'unit "suffix" not a suffix of metric "metric"')
  check('# UNIT metricsuffix suffix\n# EOF\n', 'unit "suffix" not a suffix of metric "metricsuffix"')
  check('# UNIT m suffix\n# EOF\n', 'unit "suffix" not a suffix of metric "m"')
  check(Buffer.from('# HELP a \xff\n', 'latin1'), 'help text "\\xff" is not a valid utf8 string')
  check('a 0\n1\n# EOF\n', 'expected a valid start token, got "1" ("INVALID") while parsing: "1"')
  check('a\t 1\n# EOF\n', 'expected value after metric, got "\\t" ("INVALID") while parsing: "a\\t"')
  check('a 1 2 3\n# EOF\n', 'expected next entry after timestamp, got " 3\\n" ("TIMESTAMP") while parsing: "a 1 2 3\\n"')
  check(
    'a 1 # {id="x"} 1 2 3\n# EOF\n',
    'expected next entry after exemplar timestamp, got " 3\\n" ("TIMESTAMP") while parsing: "a 1 # {id=\\"x\\"} 1 2 3\\n"',
  )
  check('a 1 # {id="x"}\n# EOF\n', 'expected value after exemplar labels, got "\\n" ("INVALID") while parsing: "a 1 # {id=\\"x\\"}\\n"')
  check('a{b="c" d="e"} 1\n# EOF\n', 'expected comma or brace close, got " " ("INVALID") while parsing: "a{b=\\"c\\" "')
  check('a{b=c} 1\n# EOF\n', 'expected label value, got "c" ("INVALID") while parsing: "a{b=c"')
  check('{b="c"} 1\n# EOF\n', 'metric name not set while parsing: "{b=\\"c\\"} 1"')
  check('a{"b"} 1\n# EOF\n', 'metric name already set while parsing: "a{\\"b\\"}"')
  check('a one\n# EOF\n', 'strconv.ParseFloat: parsing "one": invalid syntax while parsing: "a one"')
  check('a 1e999\n# EOF\n', 'strconv.ParseFloat: parsing "1e999": value out of range while parsing: "a 1e999"')
  check('a 1_0\n# EOF\n', 'unsupported character in float while parsing: "a 1_0"')
  check('a 1 NaN\n# EOF\n', 'invalid timestamp NaN')
  check('a 1 # {} 1 Inf\n# EOF\n', 'invalid exemplar timestamp +Inf')
  check('a 1 # x\n# EOF\n', 'expected a valid start token, got "x" ("INVALID") while parsing: "x"')
  check('a 1 \n# EOF\n', 'expected a valid start token, got "\\n#" ("LINEBREAK") while parsing: "\\n#"')
  check(Buffer.from('a{b="\xff"} 1\n', 'latin1'), 'invalid UTF-8 label value: "\\"\\xff\\""')
  check('a{b="c",b="d"} 1\n# EOF\n', 'label name "b" is not unique: invalid sample')
  check(`a{${'b="c",'.repeat(5000)}} 1\n`, 'series with more than 4096 labels')
  check(`a{b="${'x'.repeat(1 << 20)}"} 1\n`, `series of ${(1 << 20) + 7} bytes, at most 1048576`)
})

test('created lines give start times, and are series only where they are not skipped', () => {
  const text = [
    '# TYPE a counter',
    'a_total{x="1"} 1',
    'a_created{x="1"} 10.5',
    'a_total{x="2"} 2',
    'a_total{x="3"} 3',
    'a_created{x="3"} 30',
    '# TYPE h histogram',
    'h_bucket{y="1",le="1"} 1',
    'h_bucket{y="1",le="+Inf"} 1',
    'h_count{y="1"} 1',
    'h_created{y="1"} 5',
    'h_sum{y="1"} 4',
    '# TYPE g gauge',
    'g_created 3',
    '# TYPE n counter',
    'n_total 1',
    '# EOF\n',
  ].join('\n')
  assert.deepEqual(parse(text, true, true), [
    'a_total{x="1"} 1 s=10500',
    // As upstream: the next created line is of another series.
    'a_total{x="2"} 2',
    'a_total{x="3"} 3 s=30000',
    'h_bucket{le="1.0", y="1"} 1 s=5000',
    'h_bucket{le="+Inf", y="1"} 1 s=5000',
    'h_count{y="1"} 1 s=5000',
    'h_sum{y="1"} 4 s=5000',
    'g_created 3',
    'n_total 1',
  ])
  assert.equal(parse(text).filter((row) => row.includes('_created')).length, 4)
})

test('looking ahead for start times is linear', () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `a_total{x="${i}"} 1`)
  const started = process.cpuUsage()
  parse(`# TYPE a counter\n${lines.join('\n')}\na_created{x="no"} 1\n# EOF\n`, true, true)
  const { user, system } = process.cpuUsage(started)
  assert.ok((user + system) / 1000 < 2000)
})

test('takeExpected takes exactly the series it is asked for, over created lines if need be', () => {
  const check = (line: string, expected: string, want: boolean, skipCreated = false) => {
    const parser = new OpenMetricsParser({ skipCreated })
    parser.reset(...page(`# TYPE a counter\n${line}\n# EOF\n`))
    assert.equal(parser.next(), Entry.type)
    const bytes = Buffer.from(`##${expected}##`)
    assert.equal(parser.takeExpected(bytes, 2, bytes.length - 2), want, `${line} against ${expected}`)
    if (!want) return
    assert.equal(Buffer.from(parser.seriesBytes.subarray(parser.seriesStart, parser.seriesEnd)).toString(), expected)
    const direct = new OpenMetricsParser({ skipCreated: false })
    direct.reset(...page(`# TYPE a counter\n${expected} 1\n# EOF\n`))
    direct.next()
    direct.next()
    assert.equal(parser.labels().toString(), direct.labels().toString())
  }
  check('a{b="c"} 1', 'a{b="c"}', true)
  check('a{b="c"} 1 5 # {x="y"} 2', 'a{b="c"}', true)
  check('{"a.b",c="d"} 1', '{"a.b",c="d"}', true)
  check('{c="d","a.b"} 1', '{c="d","a.b"}', true)
  check('a{} 1', 'a{}', true)
  check('a 1', 'a', true)
  check('a{b="c"} 1', 'a', false)
  check('ab 1', 'a', false)
  check('a\t1', 'a', false)
  check('a_created 1\na 1', 'a', true, true)
  check('a_created 1\na 1', 'a', false)
  check('a_created 1\nb 1', 'a', false, true)
})

test('garbage is refused or read, never worse', () => {
  const pieces = fc.array(
    fc.constantFrom(
      'a',
      '{',
      '}',
      '"',
      '\\',
      ' ',
      '\n',
      '# ',
      '# TYPE a counter\n',
      '# HELP a',
      '# {',
      '=',
      ',',
      '1',
      'a 1',
      '_created',
      '\0',
      'ÿ',
      '# EOF\n',
    ),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        pieces.map((parts) => Buffer.from(parts.join(''))),
        fc.uint8Array({ maxLength: 200 }),
      ),
      fc.boolean(),
      (bytes, skip) => {
        try {
          parse(bytes, skip, true)
        } catch (error) {
          assert.ok(error instanceof ExpositionError, String((error as Error).stack))
        }
      },
    ),
    { numRuns: 3000 },
  )
})
