import { CodedError } from '../../base/errors.ts'
import { parseRfc3339 } from '../../base/rfc3339.ts'
import { boolean, list, map, scalar, section, text } from '../../base/schema.ts'
import { duration, labels } from '../../model/config-schema.ts'

// Files of unit tests for rules. Source: Prometheus docs/configuration/unit_testing_rules.md; cmd/promtool/unittest.go.

/** A float as YAML and Go write it. */
const number = () =>
  scalar(
    'a number',
    ({ text }) => {
      if (/^[+-]?\.?inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
      if (/^\.?nan$/i.test(text)) return Number.NaN
      const value = Number(text.replaceAll('_', ''))
      if (text.trim() === '' || Number.isNaN(value)) throw new CodedError('bad_data', `found ${JSON.stringify(text)}, want a number`)
      return value
    },
    String,
  )

/** Seconds since the epoch, or RFC 3339. */
const startTime = () =>
  scalar(
    'a time',
    ({ text }) => {
      const ms = /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : (parseRfc3339(text) ?? Number.NaN)
      if (Number.isNaN(ms))
        throw new CodedError('bad_data', `found ${JSON.stringify(text)}, want Unix seconds or a time such as 2026-01-02T03:04:05Z`)
      return ms
    },
    String,
  )

const alertTest = section('alert_test_case', {
  eval_time: duration(),
  alertname: text(),
  exp_alerts: list(section('alert', { exp_labels: labels(), exp_annotations: map(text()) })),
})

const exprTest = section('promql_test_case', {
  expr: text(),
  eval_time: duration(),
  exp_samples: list(section('sample', { labels: text(), value: number(), histogram: text() })),
})

const testGroup = section('test_group', {
  interval: duration(),
  name: text(),
  input_series: list(section('series', { series: text(), values: text() })),
  alert_rule_test: list(alertTest),
  promql_expr_test: list(exprTest),
  external_labels: labels(),
  external_url: text(),
  start_timestamp: startTime(),
})

export const ruleTestFileSchema = section('unit_test_file', {
  rule_files: list(text()),
  evaluation_interval: duration(),
  group_eval_order: list(text()),
  fuzzy_compare: boolean(),
  tests: list(testGroup),
})
