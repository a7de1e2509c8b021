import { assert } from '../../base/assert.ts'
import type { BinaryPlan } from '../plan/plan.ts'
import { isAnyPresent, type Sink } from './columns.ts'
import type { QueryRun } from './query-run.ts'
import { SameLabels } from './same-labels.ts'
import { Signatures } from './signatures.ts'
import type { Steps } from './steps.ts'

/** and, or, unless. Source: Prometheus promql/engine.go, VectorAnd, VectorOr and VectorUnless. */
export function runSetOperator(run: QueryRun, plan: BinaryPlan, steps: Steps, sink: Sink): Promise<void> {
  return plan.operator === 'or' ? runOr(run, plan, steps, sink) : runFilter(run, plan, steps, sink)
}

/** At which steps any series of a signature has a value. */
class Presence {
  readonly #run: QueryRun
  readonly #stepCount: number
  readonly #columns: Uint8Array[] = []

  constructor(run: QueryRun, steps: Steps) {
    this.#run = run
    this.#stepCount = steps.count
  }

  add(signature: number, present: Uint8Array): void {
    this.#columns[signature] ??= this.#run.memory.flags(this.#stepCount)
    const column = this.#columns[signature]
    for (let k = 0; k < column.length; k++) column[k] |= present[k]
  }

  get(signature: number | undefined): Uint8Array | undefined {
    return signature === undefined ? undefined : this.#columns[signature]
  }
}

/** `and` and `unless`: what the right side has decides which steps of the left one stay. */
async function runFilter(run: QueryRun, plan: BinaryPlan, steps: Steps, sink: Sink): Promise<void> {
  assert(plan.matching !== undefined, 'a set operator has vectors on both sides')
  const signatures = new Signatures(plan.matching, run.memory)
  const right = new Presence(run, steps)
  const wanted = plan.operator === 'and' ? 1 : 0
  await run.execute(plan.right, steps, (series) => {
    right.add(signatures.indexOf(series.labels), series.present)
    run.memory.release(series)
  })
  await run.execute(plan.left, steps, (series) => {
    const { present } = series
    const other = right.get(signatures.find(series.labels))
    if (other !== undefined) {
      for (let k = 0; k < present.length; k++) if (other[k] !== wanted) present[k] = 0
    } else if (wanted === 1) {
      run.memory.release(series)
      return
    }
    if (isAnyPresent(present)) sink(series)
    else run.memory.release(series)
  })
}

/** All of the left side, and of the right side what matches nothing on the left. */
async function runOr(run: QueryRun, plan: BinaryPlan, steps: Steps, sink: Sink): Promise<void> {
  assert(plan.matching !== undefined, 'a set operator has vectors on both sides')
  const signatures = new Signatures(plan.matching, run.memory)
  const left = new Presence(run, steps)
  const merged = new SameLabels(run)
  await run.execute(plan.left, steps, (series) => {
    left.add(signatures.indexOf(series.labels), series.present)
    merged.add(series)
  })
  await run.execute(plan.right, steps, (series) => {
    const { present } = series
    const other = left.get(signatures.find(series.labels))
    if (other !== undefined) for (let k = 0; k < present.length; k++) if (other[k] === 1) present[k] = 0
    if (isAnyPresent(present)) merged.add(series)
    else run.memory.release(series)
  })
  await merged.drain(sink)
}
