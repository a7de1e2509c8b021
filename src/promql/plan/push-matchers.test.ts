import { test } from 'node:test'
import fc from 'fast-check'
import { randomSeries } from '../../../test/support/promql-data.ts'
import { signal } from '../../../test/support/promql-engine.ts'
import { plans } from '../../../test/support/promql-plans.ts'

// What is pushed where stands in plan.test.ts; here whether answers, errors and annotations stay what they are.

const MATCHERS = ['job="x"', 'job=~"x|y"', 'instance="0"', 'instance!="1"', 'group="g"', 'group=""', 'group!="g"', 'job!="z"']
const NAMES = ['a', 'b_total', 'h', 'mixed', 'gauge', 'target_info', 'odd', '__name__=~"a|b_total"']
const FUNCTIONS = ['abs', '-', 'minute', 'sum by (job)', 'count by (job, instance)', 'count without (group)', 'group by (job)', 'sum']
const OPERATORS = ['/', '*', '==', '> bool', 'and', 'unless', 'or', '+']
const MATCHINGS = ['', '', 'on (job)', 'on (job, instance)', 'ignoring (group)', 'on ()', 'ignoring (instance, group)']
const GROUPS = ['', '', 'group_left ()', 'group_right (data)']

const selector = fc.tuple(fc.constantFrom(...NAMES), fc.array(fc.constantFrom(...MATCHERS), { maxLength: 2 })).map(([name, matchers]) => {
  const first = name.includes('=') ? name : `__name__="${name}"`
  return `{${[first, ...matchers].join(',')}}`
})

const { joins } = fc.letrec<{ joins: string }>((tie) => ({
  joins: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    selector,
    selector.map((series) => `rate(${series}[1m])`),
    selector.map((series) => `${series} @ 300`),
    selector.map((series) => `timestamp(${series})`),
    fc.tuple(fc.constantFrom(...FUNCTIONS), tie('joins')).map(([func, arg]) => `${func}(${arg})`),
    fc
      .tuple(tie('joins'), fc.constantFrom(...OPERATORS), fc.constantFrom(...MATCHINGS), fc.constantFrom(...GROUPS), tie('joins'))
      .map(([left, operator, matching, group, right]) => {
        const isSet = /^[a-z]/.test(operator)
        return `(${left} ${operator} ${matching} ${isSet || matching === '' ? '' : group} ${right})`
      }),
  ),
}))

for (const delayedNameRemoval of [false, true]) {
  test(`joins answer what they do without matchers that were pushed, names dropped ${delayedNameRemoval ? 'late' : 'at once'}`, async () => {
    const { checkEqual } = plans(randomSeries(7, 60), { delayedNameRemoval })
    await fc.assert(
      fc.asyncProperty(joins, fc.integer({ min: 100_000, max: 600_000 }), async (query, end) => {
        await checkEqual((engine) => engine.range(query, end - 60_000, end, 20_000, { signal: signal() }))
      }),
      { numRuns: 300, seed: 20261122 },
    )
  })
}
