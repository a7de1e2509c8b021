import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { shared } from '../support/peers.ts'
import { PROMONTORY } from '../support/program.ts'
import { EXPERIMENTAL_FEATURES } from '../support/promql-generator.ts'
import { runScriptsOverHttp } from '../support/promql-servers.ts'

/** What upstream's own test has on. */
const FEATURES = [...EXPERIMENTAL_FEATURES, 'promql-delayed-name-removal'].join(',')

// About a minute of CPU; the machine may have other things to do.
test('upstream’s PromQL scripts give upstream’s answers over HTTP', { timeout: 900_000 }, async (t) => {
  const directory = shared(t, 'conformance/promqltest')
  if (directory === undefined) return
  const { passedOverHttp }: { passedOverHttp: number } = JSON.parse(readFileSync(new URL('promqltest.count.json', import.meta.url), 'utf8'))
  const command = { path: PROMONTORY, args: ['server', `--enable-feature=${FEATURES}`] }
  const { results, serverCount } = await runScriptsOverHttp(directory, command)
  let [all, failures, skips] = [0, 0, 0]
  for (const [file, { passed, failed, skipped }] of results) {
    all += passed
    failures += failed.length
    skips += skipped.length
    t.diagnostic(`${file}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped`)
    for (const { line, expr, reason } of failed) t.diagnostic(`  ${file}:${line}: ${expr}: ${reason}`)
  }
  t.diagnostic(`all: ${all} passed, ${failures} failed, ${skips} skipped, on ${serverCount} servers`)
  assert.ok(all >= passedOverHttp, `${all} passed, ${passedOverHttp} did before`)
})
