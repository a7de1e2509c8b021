import { CodedError } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import { formatFloat } from '../../model/go-text.ts'
import type { Histogram } from '../../model/histogram.ts'
import { compareLabels, type Labels } from '../../model/labels.ts'
import { formatHistogram } from '../functions/format-histogram.ts'
import { isLabelName } from '../functions/label-functions.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import { countPresent, type Sink, type StepSeries } from './columns.ts'
import { Grouping } from './grouping.ts'
import type { QueryRun } from './query-run.ts'
import type { Steps } from './steps.ts'

/**
 * count_values: a series for each value that occurs in a group, with how often. They come in label order, since the order in which values are first
 * met is another one for a step alone: what chooses among equals by their order would choose others there. Upstream leaves the order to chance.
 */
export async function runCountValues(run: QueryRun, plan: AggregatePlan, steps: Steps, sink: Sink): Promise<void> {
  const { parameter } = plan
  if (parameter?.kind !== 'string') throw new Error('count_values has a string as its parameter')
  const valueLabel = parameter.value
  if (!isLabelName(valueLabel)) throw new CodedError('execution', `invalid label name ${quote(valueLabel)}`)
  // The value is set before grouping: it belongs to the group, and may take the place of a label.
  const grouping = new Grouping(plan.without ? plan.grouping : [...plan.grouping, valueLabel], plan.without, run.memory)
  const counts: StepSeries[] = []
  // A map takes -0 for 0.
  let groupOfValue = new Map<number | Histogram | '-0', number>()
  let labels: Labels | undefined
  await run.execute(plan.input, steps, (series) => {
    // A source that leaves out labels gives series that differ in them the same object, mostly one after the other.
    if (series.labels !== labels) groupOfValue = new Map()
    labels = series.labels
    for (let k = 0; k < steps.count; k++) {
      if (series.present[k] === 0) continue
      const value = series.histograms?.[k] ?? series.values[k]
      const key = Object.is(value, -0) ? '-0' : value
      let group = groupOfValue.get(key)
      if (group === undefined) {
        const text = typeof value === 'number' ? formatFloat(value) : formatHistogram(value)
        group = grouping.indexOf(series.labels.with({ [valueLabel]: text }))
        groupOfValue.set(key, group)
        if (group === counts.length) {
          const fresh = run.memory.series(grouping.labels[group], steps.count)
          fresh.values.fill(0)
          counts.push(fresh)
        }
      }
      counts[group].values[k]++
      counts[group].present[k] = 1
    }
    run.memory.release(series)
  })
  for (const series of counts.sort((a, b) => compareLabels(a.labels, b.labels))) {
    run.memory.chargeSamples(series, countPresent(series.present))
    sink(series)
  }
}
