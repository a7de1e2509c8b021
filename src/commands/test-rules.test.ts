import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { checkRules } from './check-rules.ts'
import { testRules } from './test-rules.ts'

interface Outcome {
  readonly code: number
  readonly out: readonly string[]
  readonly err: readonly string[]
}

async function run(files: Readonly<Record<string, string>>, command: typeof testRules, args: readonly string[]): Promise<Outcome> {
  const env = virtualEnv()
  await env.fs.mkdir('/w')
  for (const [name, text] of Object.entries(files)) await env.fs.writeFile(`/w/${name}`, text)
  const [out, err]: [string[], string[]] = [[], []]
  const code = await command(args, { env, out: (line) => out.push(line), err: (line) => err.push(line) })
  return { code, out, err }
}

const RULES = `groups:
  - name: g
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
      - alert: Down
        expr: up == 0
        for: 2m
        keep_firing_for: 1m
        labels:
          severity: '{{ if eq $labels.job "api" }}page{{ else }}info{{ end }}'
        annotations:
          summary: '{{ $labels.instance }} is {{ $value }}, {{ with query "job:up:sum" }}{{ . | first | value }}{{ end }} of its job up'
`

const LATER_TESTS = `rule_files: [r*.yml]
tests:
  - start_timestamp: 2026-01-02T03:04:05Z
    interval: 1m
    promql_expr_test: [{expr: time(), eval_time: 1m, exp_samples: [{labels: '{}', value: 1767323105}]}]
  - start_timestamp: 100.5
    promql_expr_test: [{expr: 'time() + 0', eval_time: 0s, exp_samples: [{labels: '{}', value: 100.5}]}]
`

const TESTS = `rule_files: [r*.yml]
tests:
  - name: one
    interval: 1m
    input_series:
      - series: up{instance="a",job="api"}
        values: 1 0 0 0 1 1 1
      - series: up{instance="b",job="api"}
        values: 1x10
    alert_rule_test:
      - {eval_time: 2m, alertname: Down}
      - eval_time: 3m
        alertname: Down
        exp_alerts: [{exp_labels: {instance: a, job: api, severity: page}, exp_annotations: {summary: 'a is 0, 1 of its job up'}}]
      - {eval_time: 4m, alertname: Down, exp_alerts: [{exp_labels: {instance: a, job: api, severity: page}, exp_annotations: {summary: 'a is 0, 1 of its job up'}}]}
      - {eval_time: 5m, alertname: Down}
    promql_expr_test:
      - {expr: 'job:up:sum', eval_time: 5m, exp_samples: [{labels: 'job:up:sum{job="api"}', value: 2}]}
      - {expr: 'ALERTS_FOR_STATE', eval_time: 3m, exp_samples: [{labels: 'ALERTS_FOR_STATE{alertname="Down",instance="a",job="api",severity="page"}', value: 60}]}
`

test('rules do what their tests say', async () => {
  const { code, out, err } = await run({ 'rules.yml': RULES, 'tests.yml': TESTS }, testRules, ['/w/tests.yml'])
  assert.deepEqual({ code, out, err }, { code: 0, out: ['Unit Testing:  /w/tests.yml', '  SUCCESS', ''], err: [] })
})

test('what is not as expected is told, with what came instead', async () => {
  const tests = TESTS.replace('value: 2}', 'value: 3}').replace('severity: page}, exp_ann', 'severity: other}, exp_ann')
  const { code, err } = await run({ 'rules.yml': RULES, 'tests.yml': tests }, testRules, ['/w/tests.yml'])
  assert.equal(code, 1)
  assert.equal(
    err.join('\n'),
    `  FAILED:
    name: one,
    alertname: Down, time: 3m, 
        exp:[
            0:
              Labels:{alertname="Down", instance="a", job="api", severity="other"}
              Annotations:{summary="a is 0, 1 of its job up"}
            ], 
        got:[
            0:
              Labels:{alertname="Down", instance="a", job="api", severity="page"}
              Annotations:{summary="a is 0, 1 of its job up"}
            ]
    expr: "job:up:sum", time: 5m,
        exp: {__name__="job:up:sum", job="api"} 3E+00
        got: {__name__="job:up:sum", job="api"} 2E+00`,
  )
})

test('only the tests that are asked for run', async () => {
  const tests = TESTS.replace('value: 2}', 'value: 3}')
  const check = async (pattern: string, want: number) =>
    assert.equal((await run({ 'rules.yml': RULES, 'tests.yml': tests }, testRules, ['--run', pattern, '/w/tests.yml'])).code, want, pattern)
  await check('^one$', 1)
  await check('other', 0)
})

test('a file that is none is refused with the place of every problem', async () => {
  const check = async (command: typeof testRules, text: string, ...want: readonly string[]) => {
    const { code, err } = await run({ 'f.yml': text }, command, ['/w/f.yml'])
    assert.equal(code, 1)
    assert.deepEqual(
      err.map((line) => line.replace(/^ +(?:FAILED: ?)?/, '')).filter((line) => line !== ''),
      want,
    )
  }
  const rule = (fields: string) => `groups:\n  - name: g\n    rules:\n      - {${fields}}\n`
  await check(
    checkRules,
    rule('record: a, expr: "sum("'),
    '/w/f.yml:4:27: could not parse expression: 1:5: parse error: unclosed left parenthesis',
  )
  await check(checkRules, rule('record: a, alert: b, expr: up'), "/w/f.yml:4:18: only one of 'record' and 'alert' must be set")
  await check(checkRules, rule('expr: up'), "/w/f.yml:4:9: one of 'record' or 'alert' must be set")
  await check(checkRules, rule('record: a'), "/w/f.yml:4:9: field 'expr' must be set in rule")
  await check(checkRules, rule('record: a, expr: up, for: 5m'), "/w/f.yml:4:36: invalid field 'for' in recording rule")
  await check(
    checkRules,
    rule('record: "a{b}", expr: up'),
    '/w/f.yml:4:18: braces present in the recording rule name; should it be in expr?: a{b}',
  )
  await check(
    checkRules,
    rule('alert: a, expr: up, annotations: {d: "{{ $x }}"}'),
    '/w/f.yml:4:47: annotation "d": template: __alert_a:1: undefined variable "$x"',
  )
  await check(checkRules, rule('record: a, expr: up, foo: 1'), '/w/f.yml:4:31: unknown field foo in rule, did you mean for?')
  await check(checkRules, 'groups:\n  - {name: g}\n  - {name: g}\n', '/w/f.yml:3:12: groupname: "g" is repeated in the same file')
  await check(checkRules, 'scrape_configs: []\n', '/w/f.yml:1:1: unknown field scrape_configs in rulegroups, known fields: groups')
  await check(testRules, 'tests:\n  - {intervall: 1m}\n', '/w/f.yml:2:6: unknown field intervall in test_group, did you mean interval?')
})

test('rules twice are told and fail only when asked', async () => {
  const text = 'groups: [{name: g, rules: [{record: a, expr: b, labels: {x: y}}, {record: a, expr: c, labels: {x: y}}]}]'
  const { code, err } = await run({ 'f.yml': text }, checkRules, ['/w/f.yml'])
  assert.equal(code, 0)
  assert.deepEqual(err.slice(0, 3), ['  FAILED:', 'lint error 1 duplicate rule(s) found.', 'Metric: a'])
  assert.equal((await run({ 'f.yml': text }, checkRules, ['--lint-fatal', '/w/f.yml'])).code, 3)
  assert.deepEqual((await run({ 'f.yml': text }, checkRules, ['--lint=none', '/w/f.yml'])).out.at(-1), '  SUCCESS: 2 rules found')
})

test('a test may start at a time of its own', async () => {
  const { code, err } = await run({ 'r.yml': RULES, 't.yml': LATER_TESTS }, testRules, ['/w/t.yml'])
  assert.deepEqual([code, err], [0, []])
})
