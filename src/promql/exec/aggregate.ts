import { isQuantileInvalid } from '../functions/quantile.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import { runCountValues } from './aggregate-count-values.ts'
import { runLimitK, runLimitRatio } from './aggregate-limit.ts'
import { runTopK } from './aggregate-topk.ts'
import type { Sink } from './columns.ts'
import type { QueryRun } from './query-run.ts'
import { AvgReducer } from './reduce-avg.ts'
import { CountReducer, GroupReducer } from './reduce-counts.ts'
import { ExtremeReducer } from './reduce-extremes.ts'
import { QuantileReducer } from './reduce-quantile.ts'
import { SumReducer } from './reduce-sum.ts'
import { VarianceReducer } from './reduce-variance.ts'
import type { Reducer, SplitReducer } from './reducer.ts'
import { Reduction } from './reduction.ts'
import { evaluateScalar } from './scalar.ts'
import type { Steps } from './steps.ts'

/** An aggregation over series, group by group, column by column. */
export async function runAggregate(run: QueryRun, plan: AggregatePlan, steps: Steps, sink: Sink): Promise<void> {
  switch (plan.operator) {
    case 'topk':
    case 'bottomk':
      return runTopK(run, plan, steps, sink)
    case 'limitk':
      return runLimitK(run, plan, steps, sink)
    case 'limit_ratio':
      return runLimitRatio(run, plan, steps, sink)
    case 'count_values':
      return runCountValues(run, plan, steps, sink)
    default:
      return runReduction(run, plan, await openReducer(run, plan, steps), steps, sink)
  }
}

async function openReducer(run: QueryRun, plan: AggregatePlan, steps: Steps): Promise<Reducer> {
  const { memory } = run
  const split = openSplitReducer(run, plan)
  if (split !== undefined) return split
  switch (plan.operator) {
    case 'stddev':
    case 'stdvar':
      return new VarianceReducer(memory, plan.operator)
    case 'quantile': {
      const quantiles = await evaluateScalar(run, plan.parameter!, steps)
      for (const quantile of quantiles) if (isQuantileInvalid(quantile)) run.annotations.invalidQuantile(quantile, plan.parameter!.range)
      return new QuantileReducer(run, quantiles)
    }
    default:
      throw new Error(`aggregation ${plan.operator} is not built`)
  }
}

async function runReduction(run: QueryRun, plan: AggregatePlan, reducer: Reducer, steps: Steps, sink: Sink): Promise<void> {
  const reduction = new Reduction(run, plan, steps, reducer)
  await run.execute(plan.input, steps, (series) => reduction.add(series))
  await reduction.finish(sink)
}

/** The reducer of an aggregation whose parts can be put together; undefined for others. */
export function openSplitReducer({ memory }: QueryRun, { operator }: AggregatePlan): SplitReducer | undefined {
  switch (operator) {
    case 'sum':
      return new SumReducer(memory)
    case 'avg':
      return new AvgReducer(memory)
    case 'count':
      return new CountReducer(memory)
    case 'group':
      return new GroupReducer(memory)
    case 'min':
    case 'max':
      return new ExtremeReducer(memory, operator)
    default:
      return undefined
  }
}
