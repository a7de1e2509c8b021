import { isQuantileInvalid } from '../functions/quantile.ts'
import type { AggregateOperator } from '../parser/ast.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import { runCountValues } from './aggregate-count-values.ts'
import { runLimitK, runLimitRatio } from './aggregate-limit.ts'
import { runTopK } from './aggregate-topk.ts'
import { countSamples, dropHistograms, isAnyPresent, type Sink } from './columns.ts'
import { Grouping } from './grouping.ts'
import type { QueryRun } from './query-run.ts'
import { AvgReducer } from './reduce-avg.ts'
import { CountReducer, GroupReducer } from './reduce-counts.ts'
import { ExtremeReducer } from './reduce-extremes.ts'
import { HistogramGroups } from './reduce-histograms.ts'
import { QuantileReducer } from './reduce-quantile.ts'
import { SumReducer } from './reduce-sum.ts'
import { VarianceReducer } from './reduce-variance.ts'
import type { Reducer } from './reducer.ts'
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

/** Aggregations that take no notice of histograms but to say so. */
const FLOATS_ONLY: ReadonlySet<AggregateOperator> = new Set(['min', 'max', 'stddev', 'stdvar', 'quantile'])

async function openReducer(run: QueryRun, plan: AggregatePlan, steps: Steps): Promise<Reducer> {
  const { memory } = run
  switch (plan.operator) {
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
      return new ExtremeReducer(memory, plan.operator)
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
  const grouping = new Grouping(plan.grouping, plan.without, run.memory)
  const nameDropped: boolean[] = []
  const { operator } = plan
  const ignoresHistograms = FLOATS_ONLY.has(operator)
  const histograms = operator === 'sum' || operator === 'avg' ? new HistogramGroups(run, plan, operator) : undefined
  await run.execute(plan.input, steps, (series) => {
    if (ignoresHistograms && dropHistograms(series)) {
      run.annotations.histogramIgnored(operator, plan.input.range)
      if (!isAnyPresent(series.present)) {
        run.memory.release(series)
        return
      }
    }
    const group = grouping.indexOf(series.labels)
    nameDropped[group] ||= series.dropName
    if (series.histograms !== undefined) histograms?.add(group, series)
    reducer.add(group, series)
    run.memory.release(series)
  })
  for (let group = 0; group < grouping.labels.length; group++) {
    const out = run.memory.series(grouping.labels[group], steps.count)
    await reducer.finish(group, out)
    histograms?.finish(group, out)
    const count = countSamples(out)
    if (count === 0) {
      run.memory.release(out)
      continue
    }
    run.memory.chargeSamples(out, count)
    out.dropName = nameDropped[group]
    sink(out)
    if (run.pacer.isDue()) await run.pacer.rest()
  }
}
