import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { MemorySource } from '../../storage/memory-source.ts'
import { createEngine } from '../engine.ts'
import { almostEqual } from './almost-equal.ts'
import { runScript } from './run.ts'

const DATA = `load 1m
  a{x="1"} 1 2 3
  a{x="2"} 10 20 30
  h {{count:5}}x3
  mixed_bucket{le="+Inf"} 1x3
`

/** The outcome of one evaluation over `DATA`: `passed`, `skipped: why` or the reason of the failure. */
async function outcome(script: string): Promise<string> {
  const { passed, failed, skipped } = await runScript(`${DATA}\n${script}`, 'x.test', (series) =>
    createEngine({ env: virtualEnv(), source: new MemorySource(series) }),
  )
  assert.equal(passed + failed.length + skipped.length, 1)
  return passed === 1 ? 'passed' : (failed[0]?.reason ?? `skipped: ${skipped[0].why}`)
}

test('right expectations pass, wrong ones say what is wrong', async () => {
  const check = async (script: string, want: string | RegExp) => {
    const got = await outcome(script)
    if (typeof want === 'string') assert.equal(got, want, script)
    else assert.match(got, want, script)
  }
  await check('eval instant at 1m a\n a{x="1"} 2\n a{x="2"} 20', 'passed')
  await check('eval instant at 1m a\n a{x="1"} 2\n a{x="2"} 21', 'expected 21 for a{x="2"}, got 20')
  await check('eval instant at 1m a\n a{x="1"} 2', 'unexpected series a{x="2"} with value 20')
  await check('eval instant at 1m a{x="1"}\n a{x="1"} 2\n a{x="3"} 2', 'expected series a{x="3"} is missing')
  await check('eval instant at 1m a{x="1"}\n 2', 'expected scalar, got a vector of 1')
  await check('eval instant at 1m 1\n {} 1', 'expected vector or matrix, got scalar 1')
  await check('eval instant at 1m 1\n 2', 'expected scalar 2, got 1')
  await check('eval instant at 1m "a"\n expect string "b"', 'expected string "b", got "a"')
  await check('eval_ordered instant at 1m sort(a)\n a{x="1"} 2\n a{x="2"} 20', 'passed')
  await check('eval instant at 1m sort(a)\n expect ordered\n a{x="2"} 20\n a{x="1"} 2', 'expected a{x="1"} at position 2, but it is at 1')
  await check('eval range from 0 to 2m step 1m sum(a)\n {} 11 22 33', 'passed')
  await check('eval range from 0 to 2m step 1m sum(a)\n {} 11 22', 'unexpected point of {} at 120000 with value 33')
  await check('eval range from 0 to 2m step 1m sum(a)\n {} 11 22 33 44', 'expected 4 points for {}, the range has room for 3')
  await check('eval range from 0 to 2m step 1m sum(a)\n {} 11 _ 33', 'expected a point of {} at 120000, got one at 60000 (value 22)')
  await check('eval range from 0 to 2m step 1m sum(a)\n {} 11 22 34', 'expected 34 for {} at 120000, got 33')
  await check('eval instant at 1m nonesuch()', '1:1: parse error: unknown function with name "nonesuch"')
  await check('eval instant at 1m nonesuch()\n expect fail', 'passed')
  await check('eval instant at 1m nonesuch()\n expect fail msg: 1:1: parse error: unknown function with name "nonesuch"', 'passed')
  await check('eval instant at 1m nonesuch()\n expect fail msg: other', /^expected error "other", got "1:1: /)
  await check('eval instant at 1m nonesuch()\n expect fail regex: unknown f\\w+', 'passed')
  await check('eval instant at 1m sum(a)\n expect fail', 'expected an error, got none')
  await check('eval instant at 1m sum(a)\n expect warn\n {} 22', 'expected warn annotation "", got none')
  await check('eval instant at 1m quantile(2, a)\n expect no_warn\n {} Inf', /^unexpected warn annotation PromQL warning: quantile value/)
  await check('eval instant at 1m quantile(2, a)\n expect warn regex: quantile value\n {} Inf', 'passed')
  await check('eval instant at 1m quantile(2, a)\n expect warn msg: x\n {} Inf', /^expected warn annotation "x", got /)
})

test('native histograms are loaded, made of classic ones, and compared', async () => {
  const check = async (script: string, want: string) => assert.equal(await outcome(script), want, script)
  const load = 'load 1m\n n {{schema:0 count:3 sum:4 z_bucket:1 z_bucket_w:0.5 offset:1 buckets:[1 0 1]}}\n\n'
  await check(`${load}eval instant at 0 n\n n {{count:3 sum:4 z_bucket:1 z_bucket_w:0.5 offset:1 buckets:[1 0 1 0]}}`, 'passed')
  const other = '{{schema:0 count:3 sum:4 z_bucket:1 z_bucket_w:0.5 buckets:[1=1 3=1]}}'
  await check(`${load}eval instant at 0 n\n n {{count:3}}`, `expected {{schema:0 count:3 sum:0}} for n, got ${other}`)
  await check(`${load}eval instant at 0 n\n n 4`, `expected 4 for n, got ${other}`)
  await check(`${load}eval instant at 0 histogram_sum(n)\n {} 4`, 'passed')
  const wrongHint = '{{schema:0 count:1 sum:0 counter_reset_hint:gauge}}'
  await check(
    'load 1m\n n {{count:1}}\n\neval instant at 0 n\n n {{count:1 counter_reset_hint:gauge}}',
    `expected ${wrongHint} for n, got {{schema:0 count:1 sum:0}}`,
  )
  await check(
    'load 1m\n n {{count:1}}+{{count:2}}x2\n\neval range from 0 to 2m step 1m n\n n {{count:1}} {{count:3}} {{count:5}}',
    'passed',
  )
  const classic = 'load_with_nhcb 1m\n c_bucket{le="1"} 2\n c_bucket{le="+Inf"} 3\n c_count 3\n c_sum 5\n\n'
  await check(`${classic}eval instant at 0 c\n c {{schema:-53 count:3 sum:5 custom_values:[1] buckets:[2 1]}}`, 'passed')
})

test('what is behind a flag that is off is skipped by its name', async () => {
  const check = async (script: string, want: string) => assert.equal(await outcome(script), `skipped: ${want}`)
  await check('eval instant at 1m info(a)', 'feature promql-experimental-functions')
  await check('eval instant at 1m a[5m+1m]', 'feature promql-duration-expr')
})

test('data of several loads adds up until it is cleared', async () => {
  const { passed, failed } = await runScript(
    `load 1m
  a 1 2

load 1m
  a _ _ 3
  b 5

eval instant at 2m a
  a 3

eval instant at 1m a
  a 2

clear

eval instant at 1m a
`,
    'x.test',
    (series) => createEngine({ env: virtualEnv(), source: new MemorySource(series) }),
  )
  assert.deepEqual({ passed, failed }, { passed: 3, failed: [] })
})

test('almostEqual allows a relative error of one in a million', () => {
  const check = (a: number, b: number, want: boolean) => assert.equal(almostEqual(a, b), want, `${a} ${b}`)
  check(1, 1, true)
  check(0, -0, true)
  check(Number.NaN, Number.NaN, true)
  check(Number.NaN, 1, false)
  check(1, 1.000001, true)
  check(1, 1.000003, false)
  check(1e300, 1.000001e300, true)
  check(0, 1e-10, false)
  check(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, true)
  check(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false)
  check(Number.POSITIVE_INFINITY, 1e308, false)
})
