// Unit tests of rules that reach every field of the format, some with what is not as expected.

interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly keep_firing_for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

interface Group {
  readonly name: string
  readonly interval?: string
  readonly query_offset?: string
  readonly limit?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly rules: readonly Rule[]
}

export interface RuleTestCase {
  readonly title: string
  /** Only the verdict is promtool's. */
  readonly hasOwnWords?: boolean
  readonly groups: readonly Group[]
  /** The file of tests, without its rule_files. */
  readonly file: Readonly<Record<string, unknown>>
}

const up = { series: 'up{instance="a",job="j"}', values: '1 1 0x20' }
const down: Rule = { alert: 'Down', expr: 'up == 0' }
const one = (rules: readonly Rule[], group: Partial<Group> = {}): readonly Group[] => [{ name: 'g', ...group, rules }]
const tests = (...list: readonly object[]) => ({ tests: list.map((test) => ({ interval: '1m', ...test })) })
const expr = (text: string, at: string, ...samples: readonly object[]) => ({ expr: text, eval_time: at, exp_samples: samples })
const alertAt = (at: string, alertname: string, ...exp_alerts: readonly object[]) => ({ eval_time: at, alertname, exp_alerts })
const downA = { exp_labels: { instance: 'a', job: 'j' } }

const annotation = (text: string, want: string, input: readonly object[] = [up]): RuleTestCase => ({
  title: `annotation ${text}`,
  groups: one([{ ...down, annotations: { a: text } }]),
  file: tests({
    input_series: input,
    external_labels: { region: 'eu' },
    external_url: 'http://p:9090/x',
    alert_rule_test: [alertAt('2m', 'Down', { ...downA, exp_annotations: { a: want } })],
  }),
})

export const RULE_TEST_CASES: readonly RuleTestCase[] = [
  {
    title: 'a recording rule',
    groups: one([{ record: 'job:up:sum', expr: 'sum by (job) (up)' }]),
    file: tests({ input_series: [up], promql_expr_test: [expr('job:up:sum', '1m', { labels: 'job:up:sum{job="j"}', value: 1 })] }),
  },
  {
    title: 'a recording rule with other labels and a wrong value',
    groups: one([{ record: 'r', expr: 'up', labels: { instance: 'other', x: 'y' } }]),
    file: tests({ input_series: [up], promql_expr_test: [expr('r', '1m', { labels: 'r{instance="other",job="j",x="y"}', value: 2 })] }),
  },
  {
    title: 'a rule over what a rule before it stored',
    groups: one([
      { record: 'a', expr: 'up + 1' },
      { record: 'b', expr: 'a * 10' },
    ]),
    file: tests({ input_series: [up], promql_expr_test: [expr('sum(b)', '3m', { labels: '{}', value: 10 })] }),
  },
  {
    title: 'labels of the group',
    groups: one([{ record: 'r', expr: 'up', labels: { own: '1' } }, down], { labels: { team: 'x', own: '2' } }),
    file: tests({
      input_series: [up],
      promql_expr_test: [expr('r', '0m', { labels: 'r{instance="a",job="j",own="1",team="x"}', value: 1 })],
      alert_rule_test: [alertAt('2m', 'Down', { exp_labels: { instance: 'a', job: 'j', own: '2', team: 'x' } })],
    }),
  },
  {
    title: 'an alert that fires at once',
    groups: one([down]),
    file: tests({ input_series: [up], alert_rule_test: [alertAt('1m', 'Down'), alertAt('2m', 'Down', downA)] }),
  },
  {
    title: 'an alert that waits',
    groups: one([{ ...down, for: '5m' }]),
    file: tests({
      input_series: [up],
      alert_rule_test: [alertAt('6m', 'Down'), alertAt('6m59s', 'Down'), alertAt('7m', 'Down', downA), alertAt('20m', 'Down', downA)],
    }),
  },
  {
    title: 'an alert that ends, and begins again',
    groups: one([{ ...down, for: '2m' }]),
    file: tests({
      input_series: [{ ...up, values: '0 0 0 1 0 0 0 1' }],
      alert_rule_test: [
        alertAt('2m', 'Down', downA),
        alertAt('3m', 'Down'),
        alertAt('5m', 'Down'),
        alertAt('6m', 'Down', downA),
        alertAt('7m', 'Down'),
      ],
    }),
  },
  {
    title: 'an alert that is kept firing',
    groups: one([{ ...down, keep_firing_for: '3m' }]),
    file: tests({
      input_series: [{ ...up, values: '0 1 1 1 1 1 0 1' }],
      alert_rule_test: [alertAt('0m', 'Down', downA), alertAt('3m', 'Down', downA), alertAt('4m', 'Down'), alertAt('7m', 'Down', downA)],
    }),
  },
  {
    title: 'states of alerts as series',
    groups: one([{ ...down, for: '2m' }]),
    file: tests({
      input_series: [up],
      promql_expr_test: [
        expr('ALERTS', '2m', { labels: 'ALERTS{alertname="Down",alertstate="pending",instance="a",job="j"}', value: 1 }),
        expr('ALERTS', '4m', { labels: 'ALERTS{alertname="Down",alertstate="firing",instance="a",job="j"}', value: 1 }),
        expr('ALERTS_FOR_STATE', '5m', { labels: 'ALERTS_FOR_STATE{alertname="Down",instance="a",job="j"}', value: 120 }),
        expr('ALERTS', '1m'),
      ],
    }),
  },
  {
    title: 'alerts by several series, one wrong',
    groups: one([down]),
    file: tests({
      name: 'many',
      input_series: [
        { series: 'up{instance="a"}', values: '0' },
        { series: 'up{instance="b"}', values: '0' },
      ],
      alert_rule_test: [alertAt('0m', 'Down', { exp_labels: { instance: 'b' } }, { exp_labels: { instance: 'c' } })],
    }),
  },
  {
    title: 'no alert, though one is expected, and the other way',
    groups: one([down, { alert: 'Up', expr: 'up == 1' }]),
    file: tests({ input_series: [up], alert_rule_test: [alertAt('0m', 'Down', downA), alertAt('0m', 'Up')] }),
  },
  {
    title: 'an alert that no rule has',
    groups: one([down]),
    file: tests({ input_series: [up], alert_rule_test: [alertAt('2m', 'Nope'), alertAt('3m', 'Nope', downA)] }),
  },
  {
    title: 'an alert without its name',
    groups: one([down]),
    file: tests({ name: 'n', input_series: [up], alert_rule_test: [{ eval_time: '90s', exp_alerts: [] }] }),
  },
  {
    title: 'two groups with the same alert',
    groups: [
      { name: 'g1', rules: [down] },
      { name: 'g2', rules: [{ ...down, labels: { severity: 'page' } }] },
    ],
    file: tests({
      input_series: [up],
      alert_rule_test: [alertAt('2m', 'Down', downA, { exp_labels: { instance: 'a', job: 'j', severity: 'page' } })],
    }),
  },
  {
    title: 'groups in an order',
    groups: [
      { name: 'second', rules: [{ record: 'b', expr: 'a + 1' }] },
      { name: 'first', rules: [{ record: 'a', expr: 'sum(up)' }] },
    ],
    file: {
      group_eval_order: ['first', 'second'],
      ...tests({ input_series: [up], promql_expr_test: [expr('b', '0m', { labels: 'b', value: 2 })] }),
    },
  },
  {
    title: 'a group named twice in the order',
    groups: one([down]),
    file: { group_eval_order: ['g', 'g'], ...tests({ input_series: [up] }) },
  },
  {
    title: 'an evaluation interval',
    groups: one([{ ...down, for: '90s' }]),
    file: {
      evaluation_interval: '30s',
      ...tests({
        interval: '30s',
        input_series: [{ ...up, values: '0x20' }],
        alert_rule_test: [alertAt('1m', 'Down'), alertAt('1m30s', 'Down', downA)],
      }),
    },
  },
  {
    title: 'a query between evaluations',
    groups: one([{ record: 'r', expr: 'up' }]),
    file: tests({
      input_series: [{ ...up, values: '0+1x10' }],
      promql_expr_test: [expr('r', '2m30s', { labels: 'r{instance="a",job="j"}', value: 2 })],
    }),
  },
  {
    title: 'a limit that is kept, and one that is not',
    groups: [
      { name: 'kept', limit: 2, rules: [{ record: 'r', expr: 'up' }] },
      { name: 'broken', limit: 1, rules: [{ alert: 'Down', expr: 'up == 0' }] },
    ],
    file: tests({
      input_series: [
        { series: 'up{instance="a"}', values: '1 1 0x5' },
        { series: 'up{instance="b"}', values: '1 1 0x5' },
      ],
      alert_rule_test: [alertAt('3m', 'Down')],
    }),
  },
  {
    title: 'two series that a rule makes one',
    groups: one([{ record: 'r', expr: 'up', labels: { instance: 'x' } }]),
    file: tests({
      input_series: [
        { series: 'up{instance="a"}', values: '1' },
        { series: 'up{instance="b"}', values: '1' },
      ],
      promql_expr_test: [expr('r', '0m')],
    }),
  },
  {
    title: 'two series that an alert makes one',
    groups: one([{ ...down, labels: { instance: 'x' } }]),
    file: tests({
      input_series: [
        { series: 'up{instance="a"}', values: '0' },
        { series: 'up{instance="b"}', values: '0' },
      ],
      alert_rule_test: [alertAt('0m', 'Down')],
    }),
  },
  {
    title: 'a query that fails',
    groups: one([{ record: 'r', expr: 'label_replace(up, "instance", "x", "", "")' }]),
    file: tests({
      input_series: [
        { series: 'up{instance="a",job="j"}', values: '1x5' },
        { series: 'up{instance="b",job="j"}', values: '1x5' },
      ],
      promql_expr_test: [expr('r', '1m')],
    }),
  },
  {
    title: 'expressions that fail or are no vector',
    groups: one([down]),
    file: tests({
      input_series: [up],
      promql_expr_test: [expr('up{', '1m'), expr('up[5m]', '1m'), expr('"text"', '1m')],
    }),
  },
  {
    title: 'labels of a sample that do not parse',
    groups: one([down]),
    file: tests({ input_series: [up], promql_expr_test: [expr('up', '1m', { labels: 'up{', value: 1 })] }),
  },
  {
    title: 'a scalar',
    groups: one([{ record: 'r', expr: '1 + 1' }]),
    file: tests({ promql_expr_test: [expr('r', '0m', { labels: 'r', value: 2 }), expr('3', '0m', { labels: '{}', value: 3 })] }),
  },
  {
    title: 'sequences of values',
    groups: one([{ record: 'r', expr: 'a' }]),
    file: tests({
      input_series: [
        { series: 'a{n="1"}', values: '1+2x3 _ _x2 stale 5' },
        { series: 'a{n="2"}', values: '-1-1x3 0x2 1e3 .5' },
      ],
      promql_expr_test: [
        expr('a', '3m', { labels: 'a{n="1"}', value: 7 }, { labels: 'a{n="2"}', value: -4 }),
        expr('a', '6m', { labels: 'a{n="1"}', value: 7 }, { labels: 'a{n="2"}', value: 0 }),
        expr('a', '7m', { labels: 'a{n="2"}', value: 1000 }),
        expr('r{n="1"}', '8m', { labels: 'r{n="1"}', value: 5 }),
      ],
    }),
  },
  {
    title: 'series that do not parse',
    hasOwnWords: true,
    groups: one([down]),
    file: tests({ input_series: [{ series: 'up{', values: '1' }] }),
  },
  {
    title: 'native histograms',
    groups: one([{ record: 'r', expr: 'sum(h)' }]),
    file: tests({
      input_series: [{ series: 'h{x="1"}', values: '{{schema:0 count:3 sum:4 buckets:[1 2]}}x3' }],
      promql_expr_test: [
        expr('r', '1m', { labels: 'r', histogram: '{{schema:0 count:3 sum:4 counter_reset_hint:not_reset buckets:[1 2]}}' }),
        expr('histogram_count(r)', '1m', { labels: '{}', value: 3 }),
      ],
    }),
  },
  {
    title: 'a native histogram that differs in what it says of resets',
    hasOwnWords: true,
    groups: one([{ record: 'r', expr: 'sum(h)' }]),
    file: tests({
      input_series: [{ series: 'h{x="1"}', values: '{{schema:0 count:3 sum:4 buckets:[1 2]}}x3' }],
      promql_expr_test: [expr('r', '1m', { labels: 'r', histogram: '{{schema:0 count:3 sum:4 buckets:[1 2]}}' })],
    }),
  },
  {
    title: 'nearly equal values, and the same under fuzzy comparison',
    groups: one([{ record: 'r', expr: 'up / 3' }]),
    file: tests({
      input_series: [{ series: 'up', values: '1' }],
      promql_expr_test: [expr('r', '0m', { labels: 'r', value: 0.3333333333333334 })],
    }),
  },
  {
    title: 'fuzzy comparison of what differs by one bit, and by two',
    groups: one([{ record: 'r', expr: 'up / 3' }]),
    file: {
      fuzzy_compare: true,
      ...tests({
        input_series: [{ series: 'up', values: '1' }],
        promql_expr_test: [
          expr('r', '0m', { labels: 'r', value: 0.33333333333333337 }),
          expr('r', '0m', { labels: 'r', value: 0.33333333333333326 }),
          expr('r', '0m', { labels: 'r', value: 0.3333333333333334 }),
        ],
      }),
    },
  },
  {
    title: 'a query offset',
    groups: one([{ record: 'r', expr: 'up' }], { query_offset: '2m' }),
    file: tests({
      input_series: [{ series: 'up', values: '0+1x10' }],
      promql_expr_test: [expr('r', '5m', { labels: 'r', value: 3 }), expr('timestamp(r)', '5m', { labels: '{}', value: 180 })],
    }),
  },
  {
    title: 'an interval of the group',
    groups: one([{ ...down, for: '2m' }], { interval: '5m' }),
    file: tests({ input_series: [{ ...up, values: '0x20' }], alert_rule_test: [alertAt('2m', 'Down', downA)] }),
  },
  annotation('{{ $labels.instance }} {{ .Labels.job }} {{ $value }} {{ .Value }}', 'a j 0 0'),
  annotation('{{ $externalLabels.region }} {{ $externalURL }} {{ .ExternalURL }}', 'eu http://p:9090/x http://p:9090/x'),
  annotation('{{ with query "up" }}{{ . | first | value }}{{ . | first | label "job" }}{{ end }}', '0j'),
  annotation('{{ range query "sort_desc(m)" | sortByLabel "n" }}{{ .Labels.n }}={{ .Value | humanize }} {{ end }}', 'a=1k b=2.5M ', [
    up,
    { series: 'm{n="b"}', values: '2500000x10' },
    { series: 'm{n="a"}', values: '1000x10' },
  ]),
  annotation(
    '{{ humanize 1234.5 }} {{ humanize1024 2048.0 }} {{ humanizeDuration 90061.0 }} {{ humanizePercentage 0.12345 }}',
    '1.234k 2ki 1d 1h 1m 1s 12.35%',
  ),
  annotation(
    '{{ humanizeTimestamp 1435065584.128 }} {{ toTime 1.5 }} {{ parseDuration "1h30m" }}',
    '2015-06-23 13:19:44.128 +0000 UTC 1970-01-01 00:00:01.5 +0000 UTC 5400',
  ),
  annotation(
    '{{ title "hello wORLD" }} {{ toUpper "a" }} {{ toLower "A" }} {{ match "a.c" "abc" }} {{ reReplaceAll "b" "x" "abc" }}',
    'Hello WORLD A a true axc',
  ),
  annotation('{{ graphLink "up == 0" }} {{ tableLink "up" }}', '/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=up&g0.tab=1'),
  annotation(
    '{{ stripPort "a.b.c:80" }} {{ stripDomain "a.b.c:80" }} {{ stripDomain "1.2.3.4:80" }} {{ stripPort "x" }}',
    'a.b.c a:80 1.2.3.4:80 x',
  ),
  annotation(
    '{{ define "T" }}<{{ . }}>{{ end }}{{ template "T" $labels.job }}{{ with args 1 "x" }}{{ .arg1 }}{{ end }}{{ safeHtml "<b>" }}',
    '<j>x<b>',
  ),
  annotation('{{ query "nope" | first }}', 'an error'),
  annotation('{{ query "up{" }}', 'an error'),
  annotation('{{ $labels.instance.x }}', 'an error'),
  annotation('{{ humanize "x" }}', 'an error'),
  annotation('{{ printf "%.2f" $value }} {{ len $labels }} {{ $labels }}', '0.00 3 map[__name__:up instance:a job:j]'),
  {
    title: 'a label that is a template',
    groups: one([{ ...down, labels: { severity: '{{ if eq $value 0.0 }}page{{ else }}none{{ end }}', empty: '' } }]),
    file: tests({
      input_series: [up],
      alert_rule_test: [alertAt('2m', 'Down', { exp_labels: { instance: 'a', job: 'j', severity: 'page' } })],
    }),
  },
  {
    title: 'several tests, of which one fails',
    groups: one([down]),
    file: tests(
      { name: 'good', input_series: [up], alert_rule_test: [alertAt('2m', 'Down', downA)] },
      { name: 'bad', input_series: [up], alert_rule_test: [alertAt('2m', 'Down')] },
    ),
  },
  {
    title: 'a subquery without a step',
    groups: one([{ record: 'r', expr: 'max_over_time(up[5m:])' }]),
    file: tests({ input_series: [{ series: 'up', values: '0+1x10' }], promql_expr_test: [expr('r', '6m', { labels: 'r', value: 6 })] }),
  },
]
