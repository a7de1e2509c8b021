// Random queries over random-looking series: no crash, no hang, and the optimised plan answers what the plain one does.
//   node test/prove/promql.ts [--seed N] [--minutes M]
import fc from 'fast-check'
import { proofArguments } from '../support/arguments.ts'
import { signal } from '../support/promql-engine.ts'
import { expressions } from '../support/promql-generator.ts'
import { LABELS, METRICS, plans } from '../support/promql-plans.ts'

const QUERIES_A_ROUND = 500
const { seed, minutes } = proofArguments({ minutes: 60 })
const { checkEqual } = plans()
const { any } = expressions({ metrics: METRICS, labels: LABELS, depthMax: 4 })
const end = Date.now() + minutes * 60_000
let rounds = 0
do {
  // A round's seed follows from the run's; a failure prints the query, made as small as it can be.
  await fc.assert(
    fc.asyncProperty(any, fc.integer({ min: 0, max: 800_000 }), async (query, time) => {
      await checkEqual((engine) => engine.instant(query, time, { signal: signal(), timeoutMs: 10_000 }))
      await checkEqual((engine) => engine.range(query, time - 95_000, time, 15_000, { signal: signal(), timeoutMs: 10_000 }))
    }),
    { numRuns: QUERIES_A_ROUND, seed: seed + rounds },
  )
  rounds++
} while (Date.now() < end)
console.log(`${rounds * QUERIES_A_ROUND} queries, each at a time and over a range: the optimised plan answered what the plain one did`)
