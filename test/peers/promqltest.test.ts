import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { createEngine } from '../../src/promql/engine.ts'
import { runScript, type ScriptResult } from '../../src/promql/test-script/run.ts'
import { type MemorySeries, MemorySource } from '../../src/storage/memory-source.ts'
import { shared } from '../support/peers.ts'
import { splitEngine } from '../support/promql-split.ts'

/**
 * How many evaluations of upstream's scripts pass; may only rise.
 * `passed`: with the engine as upstream's own test has it, which drops metric names late. `passedByDefault`: as it is shipped.
 */
interface Count {
  readonly passed: number
  readonly passedByDefault: number
}

/** What upstream's scripts use of what is behind a flag, as its own test has it on. */
const FEATURES: ReadonlySet<string> = new Set([
  'promql-binop-fill-modifiers',
  'promql-experimental-functions',
  'promql-duration-expr',
  'promql-extended-range-selectors',
])

test('upstream’s PromQL scripts give upstream’s answers', async (t) => {
  const directory = shared(t, 'conformance/promqltest')
  if (directory === undefined) return
  const committed: Count = JSON.parse(readFileSync(new URL('promqltest.count.json', import.meta.url), 'utf8'))
  let [passed, passedByDefault, failed, skipped] = [0, 0, 0, 0]
  const reasons = new Map<string, number>()
  for (const file of readdirSync(directory).sort()) {
    if (!file.endsWith('.test')) continue
    const text = readFileSync(join(directory, file), 'utf8')
    const result = await run(text, file, true)
    const byDefault = await run(text, file, false)
    // What is evaluated in parts answers the same.
    const split = await run(text, file, true, true)
    assert.equal(split.passed, result.passed, `${file}, in parts: ${JSON.stringify(split.failed)}`)
    passed += result.passed
    passedByDefault += byDefault.passed
    failed += result.failed.length
    skipped += result.skipped.length
    for (const { why } of result.skipped) reasons.set(why, (reasons.get(why) ?? 0) + 1)
    t.diagnostic(
      `${file}: ${result.passed} passed (${byDefault.passed} by default), ${result.failed.length} failed, ${result.skipped.length} skipped`,
    )
    for (const { line, expr, reason } of result.failed) t.diagnostic(`  ${file}:${line}: ${expr}: ${reason}`)
  }
  t.diagnostic(`all: ${passed} passed (${passedByDefault} by default), ${failed} failed, ${skipped} skipped`)
  for (const [why, count] of [...reasons].sort((a, b) => b[1] - a[1])) t.diagnostic(`  skipped for ${why}: ${count}`)
  assert.ok(passed >= committed.passed, `${passed} passed, ${committed.passed} did before`)
  assert.ok(passedByDefault >= committed.passedByDefault, `${passedByDefault} passed by default, ${committed.passedByDefault} did before`)
  if (passed > committed.passed || passedByDefault > committed.passedByDefault) {
    t.diagnostic(`more than before: write ${JSON.stringify({ passed, passedByDefault })} to promqltest.count.json`)
  }
})

function run(text: string, file: string, delayedNameRemoval: boolean, isSplit = false): Promise<ScriptResult> {
  // Upstream's test engine holds 10,000 samples at most, and some scripts count on being refused.
  const options = { maxSamples: 10_000, delayedNameRemoval, features: FEATURES }
  const makeEngine = (series: readonly MemorySeries[]) => {
    const source = new MemorySource(series)
    if (isSplit) return splitEngine(source, { partCount: 3, chooser: (part) => (part === 1 ? 'query' : 'helper') }, options)
    return createEngine({ env: virtualEnv(), source, ...options })
  }
  return runScript(text, file, makeEngine, { features: FEATURES })
}
