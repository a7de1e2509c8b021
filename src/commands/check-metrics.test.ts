import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { checkMetrics } from './check-metrics.ts'

const OWN = `budgets:
  server: {hard_limit: 1000}
  job: {default: {soft_limit: 20, hard_limit: 100}, named: {big: {hard_limit: 5000}}}
  owner: {label: team, default: {hard_limit: 50}}
`

async function check(page: string, ...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const env = virtualEnv()
  await env.fs.writeFile('/promontory.yml', OWN)
  const code = await checkMetrics(args, {
    env,
    input: async () => Buffer.from(page),
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  })
  return { code, out, err }
}

test('a good page passes, and shows its series when asked', async () => {
  const page = '# HELP a_total A.\n# TYPE a_total counter\na_total{x="1"} 1\na_total{x="2"} 1\n'
  assert.deepEqual(await check(page), { code: 0, out: [], err: [] })
  assert.deepEqual((await check(page, '--extended')).out, [
    'Metric     Cardinality    Percentage    ',
    'a_total    2              100.00%       ',
    'Total      2              100%          ',
  ])
})

test('what could be better is said a line each, with an exit code of its own', async () => {
  assert.deepEqual(await check('# TYPE fooMs counter\nfooMs{le="1"} 1\nfooMs{le="1"} 2\n'), {
    code: 3,
    out: [],
    err: [
      'fooMs counter metrics should have "_total" suffix',
      "fooMs metric names should be written in 'snake_case' not 'camelCase'",
      'fooMs metric not unique',
      'fooMs no help text',
      'fooMs non-histogram metrics should not have "le" label',
      'fooMs non-histogram metrics should not have "le" label',
    ],
  })
})

test('what is no page is refused with its line', async () => {
  const fails = async (page: string, message: string) =>
    assert.deepEqual(await check(page), { code: 1, out: [], err: [`error while linting: text format parsing error in line ${message}`] })
  await fails('a 1', '1: unexpected end of input stream')
  await fails('a 1\n\nb{x="\\q"} 1\n', "3: invalid escape sequence '\\q'")
  await fails('a 1\n{x="y"} 1\n', '2: invalid metric name')
  await fails('a 1\n# TYPE a gauge\n', '2: second TYPE line for metric name "a", or TYPE reported after samples')
  assert.equal((await check('', '--what')).code, 2)
})

test('with a file of budgets it says what the series cost, and whether there is room for them', async () => {
  const page = [
    '# TYPE hits counter\n',
    ...Array.from({ length: 12 }, (_, i) => `hits{path="/${i}"} 1\n`),
    '# TYPE took_seconds histogram\ntook_seconds_bucket{le="0.1"} 1\ntook_seconds_bucket{le="+Inf"} 2\ntook_seconds_sum 1\ntook_seconds_count 2\n',
  ].join('')
  const budget = (...args: string[]) => check(page, '--budget=/promontory.yml', ...args)
  const one = await budget('--job=api')
  assert.equal(one.code, 0)
  assert.deepEqual(
    one.out.map((line) => line.replaceAll(/ +/g, ' ')),
    [
      'Metric Series a target New In the fleet Memory Disk a day',
      'hits 12 12 12 23.1KB 203KB',
      'took_seconds 4 4 4 7.78KB 67.5KB',
      'Total 16 16 16 30.8KB 270KB',
      'A series takes 1974 bytes of memory and 17280 bytes of disk a day.',
      'new: hits{path="/0"}',
      'new: hits{path="/1"}',
      'new: hits{path="/2"}',
      'new: hits{path="/3"}',
      'new: hits{path="/4"}',
      'new: and 11 more of each target',
      'Budget of the server: 0 + 16 = 16 series, a limit of 1000: within',
      'Budget of job "api": 0 + 16 = 16 series, a limit of 100: within',
    ],
  )
  assert.equal((await budget('--job=api', '--targets=2')).code, 3)
  const many = await budget('--job=api', '--targets=10', '--owner=shop')
  assert.equal(many.code, 1)
  assert.deepEqual(many.err, [
    'Budget of job "api": 0 + 160 = 160 series, a limit of 100: 60 would be refused',
    'Budget of owner "shop": 0 + 160 = 160 series, a limit of 50: 110 would be refused',
  ])
  assert.equal((await budget('--job=big', '--targets=10')).code, 0)
  assert.equal((await budget()).code, 2)
  assert.equal((await check(page, '--budget=/none.yml', '--job=api')).code, 1)
})
