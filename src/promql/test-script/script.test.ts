import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStaleMarker } from '../../model/staleness.ts'
import { parseSeriesDescription, type SequenceValue } from '../parser/series-description.ts'
import { parseScript } from './script.ts'

function show(value: SequenceValue): string {
  if (value.kind !== 'value') return value.kind === 'omitted' ? '_' : 'histogram'
  return isStaleMarker(value.value) ? 'stale' : String(value.value)
}

test('series are described as upstream describes them', () => {
  const check = (text: string, wantLabels: string, wantValues: string) => {
    const { labels, values } = parseSeriesDescription(text)
    assert.equal(labels.toString(), wantLabels, text)
    assert.equal(values.map(show).join(' '), wantValues, text)
  }
  check('foo', 'foo', '')
  check('foo 1', 'foo', '1')
  check('foo{a="b",} 1 2.5 -3 +4', 'foo{a="b"}', '1 2.5 -3 4')
  check('{} 1', '{}', '1')
  check('{"é x", "l.l"="v"} 1', '{"é x", "l.l"="v"}', '1')
  check('sum{by="x"} 1', 'sum{by="x"}', '1')
  check('foo _ _x3 5', 'foo', '_ _ _ _ 5')
  check('foo 1x2', 'foo', '1 1 1')
  check('foo 1+2x3 -1-1x2', 'foo', '1 3 5 7 -1 -2 -3')
  check('foo 0.1+0.1x2', 'foo', '0.1 0.2 0.30000000000000004')
  check('foo stale 1e3 .5 Inf -Inf NaN', 'foo', 'stale 1000 0.5 Infinity -Infinity NaN')
  check('foo Inf-1x1', 'foo', 'Infinity Infinity')
  check(
    'foo {{schema:0 count:1 buckets:[1 2]}} {{}}x1 {{count:1}}+{{count:2}}x2 1',
    'foo',
    'histogram histogram histogram histogram histogram histogram 1',
  )
})

test('wrong series are refused', () => {
  const refuse = (text: string, message: RegExp) => assert.throws(() => parseSeriesDescription(text), message, text)
  refuse('', /unexpected end of input/)
  refuse('foo a', /unexpected "a" in series values/)
  refuse('foo 1x', /unexpected "1x" in series values/)
  refuse('foo 1+2', /unexpected "1\+2" in series values/)
  refuse('foo 1x99999999', /in series values/)
  refuse('foo _x99999999', /in series values/)
  refuse('foo{a="b"}1', /1:11: parse error: unexpected character in series sequence: '1'/)
  refuse('foo{a=1} 1', /unexpected character inside braces: '1'/)
  refuse('foo{a} 1', /unexpected "}" in label set, expected "="/)
  refuse('foo {{schema:0', /in series values/)
})

test('scripts have loads, clears and evaluations', () => {
  const commands = parseScript(
    `# a comment
load 5m
  a 1 2
  # a comment ends the block as an empty line does

clear
load_with_nhcb 1m
  b_bucket{le="1"} 1

eval instant at 5m a
  a 2

eval range from 0 to 10m step 5m sum(a)
  expect warn msg: some text
  expect info regex: so(me|on)
  expect no_warn
  {} 1 2 _

eval instant at 1m30s a[5m]
  expect range vector from 0 to 5m step 5m
  a 1 2

eval instant at 0 "x"
  expect string "x"

eval instant at 0 1 + 1
  2
eval_ordered instant at 0 sort(a)
  a 1

eval_fail instant at 0 ceil({x="y"})
  expected_fail_message some text
`,
    'x.test',
  )
  assert.deepEqual(
    commands.map(({ kind, line }) => `${kind} ${line}`),
    ['load 2', 'clear 6', 'load 7', 'eval 10', 'eval 13', 'eval 19', 'eval 23', 'eval 26', 'eval 28', 'eval 31'],
  )
  const evals = commands.filter((command) => command.kind === 'eval')
  assert.deepEqual(
    evals.map(({ mode, start, end, stepMs, time }) => [mode, start, end, stepMs, time]),
    [
      ['instant', 300_000, 300_000, 1, 300_000],
      ['range', 0, 600_000, 300_000, 600_000],
      ['instant', 0, 300_000, 300_000, 300_000],
      ['instant', 0, 0, 1, 0],
      ['instant', 0, 0, 1, 0],
      ['instant', 0, 0, 1, 0],
      ['instant', 0, 0, 1, 0],
    ],
  )
  const [warn, info, noWarn] = evals[1].expectations
  assert.ok(warn.type === 'warn' && warn.matches('some text') && !warn.matches('some texts'))
  assert.ok(info.type === 'info' && info.matches('x soon y') && !info.matches('so'))
  assert.equal(noWarn.type, 'no_warn')
  assert.equal(evals[3].string, 'x')
  assert.equal(evals[4].scalar, 2)
  assert.equal(evals[5].expectations[0].type, 'ordered')
  const [fail] = evals[6].expectations
  assert.ok(evals[6].expectations.length === 1 && fail.matches('some text') && !fail.matches('other'))
})

test('what is wrong with a script is said with its place', () => {
  const refuse = (text: string, message: RegExp) => assert.throws(() => parseScript(text, 'x.test'), { code: 'bad_data', message }, text)
  refuse('\nlaod 5m', /^x\.test:2: invalid command "laod 5m"/)
  refuse('load', /^x\.test:1: invalid load command/)
  refuse('load 5x', /^x\.test:1: unknown unit "x" in duration "5x"/)
  refuse('eval foo', /^x\.test:1: invalid evaluation command/)
  refuse('eval range from 5m to 0 step 1m a', /^x\.test:1: end 0 is before start 5m/)
  refuse('eval instant at 0 a\n  expect nothing', /^x\.test:1: invalid expect line/)
  refuse('eval instant at 0 a\n  a 1 2', /^x\.test:1: more than one value for a in an instant evaluation/)
  refuse('eval instant at 0 "a"\n  expect string a', /^x\.test:1: a quoted string is required/)
  refuse('eval instant at 0 a\n  expect fail regex: (', /^x\.test:1: error parsing regexp/)
})
