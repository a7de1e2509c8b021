import { METRIC_NAME } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import type { Expr } from '../promql/parser/ast.ts'
import { childrenOf } from '../promql/parser/children.ts'
import { QUERY_FEATURES } from '../promql/parser/features.ts'
import { parseExpr } from '../promql/parser/parse.ts'
import { ALERTS_FOR_STATE_METRIC, ALERTS_METRIC } from './alerting-rule.ts'
import type { RuleDefinition } from './rule-definition.ts'

// Which rules of a group may be evaluated beside each other. Two that do not see what the other stores give the same in any order; all
// others keep the order of the file, also where the later one is seen by the earlier one: that sees the evaluation before.

/** What a rule reads; undefined: it cannot be told. */
type Reads = readonly (readonly Matcher[])[] | undefined

/** Labels that everything that a rule stores has, one set for each of its metrics. */
type Writes = readonly Readonly<Record<string, string>>[]

/** Positions of rules, in batches that follow one another; those of one batch may run at once. */
export function independentBatches(rules: readonly RuleDefinition[]): readonly (readonly number[])[] {
  const parts = rules.map((rule) => ({ reads: readsOf(rule), writes: writesOf(rule) }))
  const batches: number[][] = []
  const batchOf: number[] = []
  for (const [index, part] of parts.entries()) {
    let batch = 0
    for (let before = 0; before < index; before++) {
      const other = parts[before]
      if (sees(part.reads, other.writes) || sees(other.reads, part.writes)) batch = Math.max(batch, batchOf[before] + 1)
    }
    batchOf.push(batch)
    batches[batch] ??= []
    batches[batch].push(index)
  }
  return batches
}

function sees(reads: Reads, writes: Writes): boolean {
  if (reads === undefined) return true
  return reads.some((matchers) =>
    writes.some((labels) => matchers.every((matcher) => !(matcher.name in labels) || matcher.matches(labels[matcher.name]))),
  )
}

function writesOf({ kind, name, labels }: RuleDefinition): Writes {
  if (kind === 'recording') return [{ ...labels, [METRIC_NAME]: name }]
  return [ALERTS_METRIC, ALERTS_FOR_STATE_METRIC].map((metric) => ({ [METRIC_NAME]: metric, alertname: name }))
}

function readsOf({ expr, labels, annotations }: RuleDefinition): Reads {
  // A template may ask for anything.
  if ([...Object.values(labels), ...Object.values(annotations)].some((text) => text.includes('{{') && text.includes('query')))
    return undefined
  const selectors: (readonly Matcher[])[] = []
  const visit = (part: Expr): boolean => {
    if (part.kind === 'vectorSelector') selectors.push(part.matchers)
    // It reads metrics that it does not name.
    if (part.kind === 'call' && part.func === 'info') return false
    return childrenOf(part).every(visit)
  }
  return visit(parseExpr(expr, { features: QUERY_FEATURES })) ? selectors : undefined
}
