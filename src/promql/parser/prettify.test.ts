import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { expressions } from '../../../test/support/promql-generator.ts'
import { parseExpr } from './parse.ts'
import { prettifyExpr } from './prettify.ts'
import { printExpr } from './print.ts'

const A = 'a'.repeat(60)
const B = 'b'.repeat(60)

test('what does not fit a line is broken, from the outside in', () => {
  const check = (query: string, ...want: string[]) => assert.equal(prettifyExpr(parseExpr(query)), want.join('\n'))
  check('sum(rate(a[5m]))by(b)', 'sum by (b) (rate(a[5m]))')
  check(`${A}+${B}`, `  ${A}`, '+', `  ${B}`)
  check(`${A}/on(x)group_left(y)${B}`, `  ${A}`, '/ on (x) group_left (y)', `  ${B}`)
  check(`topk by(x)(3, ${A}{a="b"} > bool ${B})`, 'topk by (x) (', '  3,', `    ${A}{a="b"}`, '  > bool', `    ${B}`, ')')
  check(`-(${A}-${B})`, '-(', `    ${A}`, '  -', `    ${B}`, ')')
  check(`label_replace(${A}, "${B}", "x", "y", "z")`, 'label_replace(', `  ${A},`, `  "${B}",`, '  "x",', '  "y",', '  "z"', ')')
  check(`rate((${A} or ${B})[1h:1m] offset 5m)`, 'rate(', '  (', `      ${A}`, '    or', `      ${B}`, '  )[1h:1m] offset 5m', ')')
})

test('a broken expression parses to the same tree', () => {
  fc.assert(
    fc.property(expressions({ depthMax: 6 }).any, (query) => {
      const expr = parseExpr(query)
      assert.equal(printExpr(parseExpr(prettifyExpr(expr))), printExpr(expr))
    }),
    { numRuns: 500, seed: 1 },
  )
})
