import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parser } from '@prometheus-io/lezer-promql'
import fc from 'fast-check'
import { expressions } from '../../../test/support/promql-generator.ts'
import { parseScript } from '../test-script/script.ts'
import { parseExpr } from './parse.ts'
import { FeatureError } from './parse-error.ts'

// The console's editor colours and completes with upstream's own grammar for lezer: where that sees nothing wrong, neither may we.

const scripts = join(
  process.env.PROMONTORY_SHARED ?? fileURLToPath(new URL('../../../../shared', import.meta.url)),
  'conformance/promqltest',
)

function lezerAccepts(query: string): boolean {
  let clean = true
  parser.parse(query).iterate({
    enter: (node) => {
      if (node.type.isError) clean = false
    },
  })
  return clean
}

test('lezer accepts what the generator makes', () => {
  // Hexadecimal with a prefix in capitals and the like are beyond lezer; what it does accept it must accept for the same reason.
  let accepted = 0
  fc.assert(
    fc.property(expressions().any, (query) => {
      parseExpr(query)
      if (lezerAccepts(query)) accepted++
    }),
    { numRuns: 500, seed: 2 },
  )
  assert.ok(accepted > 450, `lezer accepts ${accepted} of 500`)
})

test("every expression of upstream's scripts parses, unless it needs a feature", {
  skip: existsSync(scripts) ? false : `no scripts in ${scripts}`,
}, () => {
  for (const file of readdirSync(scripts).filter((name) => name.endsWith('.test'))) {
    for (const command of parseScript(readFileSync(join(scripts, file), 'utf8'), file)) {
      if (command.kind !== 'eval' || !lezerAccepts(command.expr)) continue
      try {
        parseExpr(command.expr)
      } catch (error) {
        assert.ok(error instanceof FeatureError, `${file}:${command.line}: ${command.expr}: ${(error as Error).message}`)
      }
    }
  }
})

test('neither takes what breaks off', () => {
  const check = (query: string) => {
    assert.equal(lezerAccepts(query), false, query)
    assert.throws(() => parseExpr(query), { code: 'bad_data' }, query)
  }
  for (const query of ['foo +', 'foo{a="b"', 'sum(foo', 'foo[5m', 'foo offset', 'rate(foo[5m]) by', 'a b']) check(query)
})
