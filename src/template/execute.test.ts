import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUILTINS } from './builtins.ts'
import { executeTemplate } from './execute.ts'
import { TemplateError, type TemplateLimits } from './meter.ts'
import { parseTemplate } from './parse.ts'
import { TemplateParseError } from './token-stream.ts'
import { type Callable, GoList, GoMap, stringMap, type Value } from './value.ts'

const DATA: Value = new GoMap(
  new Map<string, Value>([
    ['a', 'x'],
    ['n', 5],
    ['list', new GoList(['a', 'b', 'c'], '[]string')],
    ['labels', stringMap([['job', 'api']])],
    ['nul', null],
  ]),
  { typeName: 'map[string]interface {}', zero: undefined },
)

function render(text: string, limits?: TemplateLimits): string {
  const pair: Callable = { params: ['any', 'any'], call: (both) => new GoList(both) }
  const functions = new Map([['pair', pair]])
  const parsed = parseTemplate('t', text, (name) => BUILTINS.has(name) || functions.has(name))
  return executeTemplate({ templates: new Map(parsed.map((template) => [template.name, template])), functions }, 't', DATA, limits)
}

test('a template renders as Go renders it', () => {
  const check = (text: string, want: string) => assert.equal(render(text), want, text)
  check('{{.a}} {{.n}} {{5}} {{1e6}} {{"q\\n"}}', 'x 5 5 1e+06 q\n')
  check('a  {{- 1 -}}  b{{/* no */}}', 'a1b')
  check('{{range $i, $e := .list}}{{if $i}},{{end}}{{$e}}{{end}}', 'a,b,c')
  check('{{range .list}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}{{range .list}}{{break}}{{else}}e{{end}}', 'ac')
  check('{{range 3}}{{.}}{{end}}', '012')
  check('{{with .labels}}{{.job}}{{.none}}|{{index . "job"}}{{end}}{{with .nul}}x{{else with .a}}{{.}}{{end}}', 'api|apix')
  check('{{$x := 1}}{{if true}}{{$x = 2}}{{$x := 3}}{{$x}}{{end}}{{$x}}', '32')
  check('{{define "T"}}[{{.}}]{{end}}{{template "T" .a}}{{block "B" 1}}<{{.}}>{{end}}', '[x]<1>')
  check('{{.missing}} {{.nul}} {{printf "%v" .nul}}', '<no value> <no value> <nil>')
  check('{{and 1 0 2}} {{or 0 "" "x"}} {{not 0}} {{len "é"}} {{slice "abc" 1 2}}', '0 x true 2 b')
  check('{{.a | printf "%s-%q" "z"}}', 'z-"x"')
  check('{{html "<a\'>"}} {{js "</"}} {{urlquery "a b&"}}', '&lt;a&#39;&gt; \\u003C/ a+b%26')
})

test('an error says where it is, in what, and why', () => {
  const check = (text: string, want: string) =>
    assert.throws(
      () => render(text),
      (error) => (error instanceof TemplateError || error instanceof TemplateParseError) && error.message === want,
      `${text} → ${want}`,
    )
  check('a\n  {{ .a.b }}', 'template: t:2:7: executing "t" at <.a.b>: can\'t evaluate field b in type interface {}')
  check(
    '{{ eq 1 1.0 }}',
    'template: t:1:3: executing "t" at <eq 1 1.0>: error calling eq: incompatible types for comparison: int and float64',
  )
  check('{{ index .list 7 }}', 'template: t:1:3: executing "t" at <index .list 7>: error calling index: index out of range: 7')
  check('{{ printf 5 }}', 'template: t:1:10: executing "t" at <5>: expected string; found 5')
  check('\n{{ if }}', 'template: t:2: missing value for if')
  check('{{ nope }}', 'template: t:1: function "nope" not defined')
  check('{{ $x }}', 'template: t:1: undefined variable "$x"')
  check('{{ "x', 'template: t:1: unterminated quoted string')
  check('{{ if 1 }}', 'template: t:1: unexpected EOF')
  check('{{ break }}', 'template: t:1: {{break}} outside {{range}}')
})

test('a template of a hostile hand is stopped', () => {
  const limits = { stepsMax: 10_000, textMax: 10_000, depthMax: 100 }
  const check = (text: string, reason: RegExp) => assert.throws(() => render(text, limits), reason, text.slice(0, 80))
  check('{{range 1000000000}}{{end}}', /took more than 10000 steps/)
  check('{{range 100}}{{range 100}}{{range 100}}{{end}}{{end}}{{end}}', /took more than 10000 steps/)
  check('{{$x := "aaaaaaaaaa"}}{{range 30}}{{$x = print $x $x}}{{end}}', /made more than 10000 characters/)
  check('{{printf "%999999d" 1}}', /made more than 10000 characters/)
  check('{{$x := "aaaaaaaaaa"}}{{range 8}}{{$x = print $x $x}}{{end}}{{range 600}}{{len $x}}{{end}}', /took more than 10000 steps/)
  check('{{$x := pair 1 1}}{{range 60}}{{$x = pair $x $x}}{{end}}{{$x}}', /made a value of more than 10000 characters/)
  check('{{define "r"}}{{template "r"}}{{end}}{{template "r"}}', /exceeded maximum template depth \(100\)/)
  const nested = '{{define "r"}}{{if 1}}{{with 1}}{{range 1}}{{template "r"}}{{end}}{{end}}{{end}}{{end}}{{template "r"}}'
  assert.throws(
    () => render(nested, { ...limits, stepsMax: 10_000_000, depthMax: 1_000_000 }),
    /^TemplateError: .*maximum template depth$|^Error: template: t: exceeded maximum template depth$/,
  )
  check(`${'{{if 1}}'.repeat(5000)}${'{{end}}'.repeat(5000)}`, /max depth exceeded/)
  check(`{{${'('.repeat(5000)}1${')'.repeat(5000)}}}`, /max expression depth exceeded/)
})
