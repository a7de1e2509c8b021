import { METRIC_NAME } from '../../model/labels.ts'
import type { SelectHints } from '../../storage/series-source.ts'
import type { AggregateOperator } from '../parser/ast.ts'
import { mayDifferByName } from './names.ts'
import type { Plan, Selection } from './plan.ts'
import { rewrite } from './rewrite.ts'

/** Aggregations that ask of a series in which group it is, and nothing more. */
export const REDUCTIONS: ReadonlySet<AggregateOperator> = new Set([
  'sum',
  'avg',
  'count',
  'group',
  'min',
  'max',
  'stddev',
  'stdvar',
  'quantile',
])

/**
 * Says of what is only grouped by some labels that nobody looks at the others, so a source need not make them. The metric name stays:
 * annotations tell it. Where it is not fixed all labels do: series that are the same but for the name are an error that has to be seen.
 */
export function projectLabels(plan: Plan): Plan {
  return rewrite(plan, (node) => {
    if (node.kind !== 'aggregate' || node.without || !(REDUCTIONS.has(node.operator) || node.operator === 'count_values')) return node
    const input = onlyLabels(node.input, [...node.grouping, METRIC_NAME])
    return input === node.input ? node : { ...node, input }
  })
}

function onlyLabels(plan: Plan, labelNames: readonly string[]): Plan {
  if (plan.kind === 'select' && !mayDifferByName({ ...plan, reads: 'values' }))
    return { ...plan, selection: hinted(plan.selection, { labelNames }) }
  if (plan.kind !== 'window' || plan.samples.kind !== 'selected') return plan
  const { samples, range } = plan
  if (mayDifferByName({ kind: 'select', selection: samples.selection, reads: 'values', range })) return plan
  return { ...plan, samples: { ...samples, selection: hinted(samples.selection, { labelNames }) } }
}

function hinted(selection: Selection, hints: SelectHints): Selection {
  return { ...selection, hints: { ...selection.hints, ...hints } }
}
