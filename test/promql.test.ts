import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { virtualEnv } from '../src/base/env-virtual.ts'
import { createEngine } from '../src/promql/engine.ts'
import { SIGNATURES } from '../src/promql/functions/signatures.ts'
import { parseExpr } from '../src/promql/parser/parse.ts'
import { AGGREGATORS, BINARY_OPERATORS } from '../src/promql/parser/token.ts'
import { runScript } from '../src/promql/test-script/run.ts'
import { parseScript } from '../src/promql/test-script/script.ts'
import { type MemorySeries, MemorySource } from '../src/storage/memory-source.ts'

import { addParts, FORMS } from './support/promql-coverage.ts'
import { EXPERIMENTAL_FEATURES } from './support/promql-generator.ts'

const directory = new URL('promql/', import.meta.url)

for (const file of readdirSync(directory)) {
  test(`promql/${file}`, async () => {
    const text = readFileSync(new URL(file, directory), 'utf8')
    const makeEngine = (series: readonly MemorySeries[]) =>
      createEngine({ env: virtualEnv(), source: new MemorySource(series), features: EXPERIMENTAL_FEATURES })
    const { passed, failed, skipped } = await runScript(text, file, makeEngine, { features: EXPERIMENTAL_FEATURES })
    assert.deepEqual(failed, [])
    assert.deepEqual(skipped, [])
    assert.ok(passed > 0, 'the script evaluates something')
  })
}

test('the scripts use all of the language', () => {
  const used = new Set<string>()
  for (const file of readdirSync(directory)) {
    for (const command of parseScript(readFileSync(new URL(file, directory), 'utf8'), file)) {
      // What fails, or answers nothing, shows little.
      if (command.kind !== 'eval' || (command.series.length === 0 && command.scalar === undefined)) continue
      addParts(parseExpr(command.expr, { features: EXPERIMENTAL_FEATURES }), used)
    }
  }
  const all = [
    ...[...SIGNATURES.keys()].map((name) => `${name}()`),
    ...AGGREGATORS.map((name) => `${name} aggregation`),
    ...BINARY_OPERATORS.map((operator) => `${operator} operator`),
    ...FORMS,
  ]
  assert.deepEqual(
    all.filter((part) => !used.has(part)),
    [],
  )
})
