import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMetrics } from './check-metrics.ts'

async function check(page: string, ...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await checkMetrics(args, {
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
