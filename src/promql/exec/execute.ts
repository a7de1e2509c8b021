import type { Plan } from '../plan/plan.ts'
import { runAggregate } from './aggregate.ts'
import { runBinary } from './binary.ts'
import { runCall } from './call.ts'
import type { Sink } from './columns.ts'
import { runInvariant } from './invariant.ts'
import { runNegate } from './negate.ts'
import type { QueryRun } from './query-run.ts'
import { runSelect } from './select.ts'
import { runShared } from './shared.ts'
import { runSplit } from './split.ts'
import type { Steps } from './steps.ts'
import { runWindow } from './window.ts'

/** The operator of each kind of plan: what `QueryRun.execute` does. */
export function execute(run: QueryRun, plan: Plan, steps: Steps, sink: Sink): Promise<void> {
  switch (plan.kind) {
    case 'select':
      return runSelect(run, plan, steps, sink)
    case 'window':
      return runWindow(run, plan, steps, sink)
    case 'call':
      return runCall(run, plan, steps, sink)
    case 'negate':
      return runNegate(run, plan, steps, sink)
    case 'binary':
      return runBinary(run, plan, steps, sink)
    case 'aggregate':
      return runAggregate(run, plan, steps, sink)
    case 'invariant':
      return runInvariant(run, plan, steps, sink)
    case 'split':
      return runSplit(run, plan, steps, sink)
    case 'shared':
      return runShared(run, plan, steps, sink)
    default:
      throw new Error(`plan ${plan.kind} is not a vector`)
  }
}
