import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { virtualEnv } from '../src/base/env-virtual.ts'
import { createEngine } from '../src/promql/engine.ts'
import { runScript } from '../src/promql/test-script/run.ts'

const directory = new URL('promql/', import.meta.url)

for (const file of readdirSync(directory)) {
  test(`promql/${file}`, async () => {
    const text = readFileSync(new URL(file, directory), 'utf8')
    const { passed, failed, skipped } = await runScript(text, file, (source) => createEngine({ env: virtualEnv(), source }))
    assert.deepEqual(failed, [])
    assert.deepEqual(skipped, [])
    assert.ok(passed > 0, 'the script evaluates something')
  })
}
