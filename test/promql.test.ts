import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { virtualEnv } from '../src/base/env-virtual.ts'
import { createEngine } from '../src/promql/engine.ts'
import { runScript } from '../src/promql/test-script/run.ts'
import type { SeriesSource } from '../src/storage/series-source.ts'

/** What upstream has behind a flag: the engine of these scripts has all of it. */
const FEATURES: ReadonlySet<string> = new Set([
  'promql-experimental-functions',
  'promql-duration-expr',
  'promql-binop-fill-modifiers',
  'promql-extended-range-selectors',
])

const directory = new URL('promql/', import.meta.url)

for (const file of readdirSync(directory)) {
  test(`promql/${file}`, async () => {
    const text = readFileSync(new URL(file, directory), 'utf8')
    const makeEngine = (source: SeriesSource) => createEngine({ env: virtualEnv(), source, features: FEATURES })
    const { passed, failed, skipped } = await runScript(text, file, makeEngine, { features: FEATURES })
    assert.deepEqual(failed, [])
    assert.deepEqual(skipped, [])
    assert.ok(passed > 0, 'the script evaluates something')
  })
}
