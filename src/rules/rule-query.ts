import type { Timestamp } from '../model/time.ts'
import type { QueryValue, VectorSample } from '../promql/value.ts'

/** Answers an instant query of a rule. Rejects with upstream's text. `onMissing` is told, for people, what was not to be had of what it reads. */
export type RuleQuery = (expr: string, time: Timestamp, onMissing: (what: string) => void) => Promise<readonly VectorSample[]>

/** What a rule makes of an answer: a scalar is a vector of one sample without labels. Source: Prometheus rules/manager.go, EngineQueryFunc. */
export function vectorOf(value: QueryValue, scalarLabels: VectorSample['labels']): readonly VectorSample[] {
  if (value.type === 'vector') return value.samples
  if (value.type === 'scalar') return [{ labels: scalarLabels, t: value.t, v: value.v }]
  throw new Error('rule result is not a vector or scalar')
}
