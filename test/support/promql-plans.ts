import assert from 'node:assert/strict'
import { errorMessage } from '../../src/base/errors.ts'
import type { QueryEngine } from '../../src/promql/query-engine.ts'
import type { QueryResult } from '../../src/promql/value.ts'
import { engineOver, seriesOf, showValue, type Value } from './promql-engine.ts'

export const METRICS = ['a', 'b_total', 'c:rule']
export const LABELS = { job: ['x', 'y'], le: ['0.1', '+Inf'], group: ['g', ''] }

/** Two engines over the same data, one of which runs plans as they are written. */
export function plans(): { checkEqual(ask: (engine: QueryEngine) => Promise<QueryResult>): Promise<void> } {
  const data = METRICS.flatMap((name, n) =>
    LABELS.job.flatMap((job, j) =>
      LABELS.le.map((le, l) => seriesOf({ __name__: name, job, le, group: j === l ? 'g' : '' }, values(n * 4 + j * 2 + l))),
    ),
  )
  const optimised = engineOver(data)
  const plain = engineOver(data, { optimiser: (plan) => plan })
  return {
    async checkEqual(ask) {
      assert.equal(await outcome(() => ask(optimised)), await outcome(() => ask(plain)))
    },
  }
}

function values(seed: number): Value[] {
  return Array.from({ length: 60 }, (_, i) => {
    const kind = (i * 7 + seed * 13) % 23
    if (kind === 0) return 'stale'
    if (kind < 3) return undefined
    return ((i * (seed + 3)) % 17) + seed
  })
}

/** Sums come out in another order below a hoisted `sort` or `topk`: their last digit may differ. */
function rounded(text: string): string {
  return text.replace(/-?\d+(\.\d+)?(e[+-]\d+)?/g, (number) => Number(number).toPrecision(12))
}

async function outcome(run: () => Promise<QueryResult>): Promise<string> {
  try {
    const result = await run()
    return [rounded(showValue(result)), ...result.warnings.toSorted(), ...result.infos.toSorted()].join('\n')
  } catch (error) {
    return `error ${errorMessage(error)}`
  }
}
