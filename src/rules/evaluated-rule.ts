import type { Breather } from '../base/breather.ts'
import type { Timestamp } from '../model/time.ts'
import type { VectorSample } from '../promql/value.ts'
import type { RuleDefinition } from './rule-definition.ts'

/** One evaluation of a rule. */
export interface RuleEvaluation {
  /** When the group is evaluated, Unix ms. */
  readonly time: Timestamp
  /** How far before that the queries look. */
  readonly queryOffsetMs: number
  /** Series or alerts that it may make; 0: any number. */
  readonly limit: number
  readonly query: (expr: string, time: Timestamp) => Promise<readonly VectorSample[]>
  /** Called when all was asked and nothing changed yet: throws where the answers are not to be relied on. */
  readonly confirm: () => void
  /** Rested at between the parts of what may be many. */
  readonly breather: Breather
}

/** What a group can evaluate: a recording or an alerting rule. */
export interface EvaluatedRule {
  readonly definition: RuleDefinition
  /** The samples to store. Rejects with upstream's words. */
  evaluate(evaluation: RuleEvaluation): Promise<readonly VectorSample[]>
}
