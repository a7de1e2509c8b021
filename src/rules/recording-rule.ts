import { LabelsBuilder, METRIC_NAME } from '../model/labels.ts'
import type { VectorSample } from '../promql/value.ts'
import type { EvaluatedRule, RuleEvaluation } from './evaluated-rule.ts'
import type { RuleDefinition } from './rule-definition.ts'

/** A query whose answer is stored under a name of its own. Source: Prometheus rules/recording.go. */
export class RecordingRule implements EvaluatedRule {
  readonly definition: RuleDefinition

  constructor(definition: RuleDefinition) {
    this.definition = definition
  }

  async evaluate({ time, queryOffsetMs, limit, query, confirm, breather }: RuleEvaluation): Promise<readonly VectorSample[]> {
    const { name, expr, labels } = this.definition
    const vector = await query(expr, time - queryOffsetMs)
    confirm()
    const seen = new Set<string>()
    const samples: VectorSample[] = []
    for (const sample of vector) {
      if (breather.isDue()) await breather.rest()
      const builder = new LabelsBuilder(sample.labels).set(METRIC_NAME, name)
      for (const [label, value] of Object.entries(labels)) builder.set(label, value)
      const own = builder.labels()
      seen.add(own.key())
      samples.push({ ...sample, labels: own })
    }
    if (seen.size < samples.length) throw new Error('vector contains metrics with the same labelset after applying rule labels')
    if (limit > 0 && samples.length > limit) throw new Error(`exceeded limit of ${limit} with ${samples.length} series`)
    return samples
  }
}
