import { Counter, Gauge, type Registry, Summary } from 'prom-client'

const SUMMARY = { maxAgeSeconds: 600, ageBuckets: 5 }

/** What rules tell about themselves, by upstream's names. Source: Prometheus rules/group.go, NewGroupMetrics. */
export function ruleMetrics(registry: Registry) {
  const registers = [registry]
  const labelNames = ['rule_group'] as const
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers })
  return {
    evaluations: counter('prometheus_rule_evaluations_total', 'The total number of rule evaluations.'),
    failures: counter('prometheus_rule_evaluation_failures_total', 'The total number of rule evaluation failures.'),
    iterations: counter(
      'prometheus_rule_group_iterations_total',
      'The total number of scheduled rule group evaluations, whether executed or missed.',
    ),
    missed: counter(
      'prometheus_rule_group_iterations_missed_total',
      'The total number of rule group evaluations missed due to slow rule group evaluation.',
    ),
    incomplete: counter('promontory_rule_evaluations_incomplete_total', 'Evaluations of rules that may not have seen all that there is.'),
    unknown: counter(
      'promontory_rule_evaluations_unknown_total',
      'Evaluations of rules that gave nothing, since they require more than there was to be seen.',
    ),
    interval: gauge('prometheus_rule_group_interval_seconds', 'The interval of a rule group.'),
    lastEvaluation: gauge(
      'prometheus_rule_group_last_evaluation_timestamp_seconds',
      'The timestamp of the last rule group evaluation in seconds.',
    ),
    lastDuration: gauge('prometheus_rule_group_last_duration_seconds', 'The duration of the last rule group evaluation.'),
    lastRulesDuration: gauge(
      'prometheus_rule_group_last_rule_duration_sum_seconds',
      'The sum of time in seconds it took to evaluate each rule in the group regardless of concurrency. This should be higher than the group duration if rules are evaluated concurrently.',
    ),
    lastRestore: gauge(
      'prometheus_rule_group_last_restore_duration_seconds',
      'The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series.',
    ),
    lastSamples: gauge(
      'prometheus_rule_group_last_evaluation_samples',
      'The number of samples returned during the last rule group evaluation.',
    ),
    rules: gauge('prometheus_rule_group_rules', 'The number of rules.'),
    evaluationSeconds: new Summary({
      name: 'prometheus_rule_evaluation_duration_seconds',
      help: 'The duration for a rule to execute.',
      registers,
      percentiles: [0.5, 0.9, 0.99],
      ...SUMMARY,
    }),
    groupSeconds: new Summary({
      name: 'prometheus_rule_group_duration_seconds',
      help: 'The duration of rule group evaluations.',
      registers,
      percentiles: [0.01, 0.05, 0.5, 0.9, 0.99],
      ...SUMMARY,
    }),
  }
}
