import type { Answer } from '../base/http-answer.ts'
import { SIGNATURES } from '../promql/functions/signatures.ts'
import { scrapeConfigSchema } from '../scrape/scrape-config-schema.ts'
import type { ApiDeps } from './deps.ts'
import { dataAnswer } from './json/envelope.ts'
import type { FeaturesData } from './types/features.ts'

const OPERATORS = [
  '!=',
  '!~',
  '%',
  '*',
  '+',
  '-',
  '/',
  '<',
  '</',
  '<=',
  '==',
  '=~',
  '>',
  '>/',
  '>=',
  '@',
  '^',
  'and',
  'atan2',
  'or',
  'unless',
]
const AGGREGATORS = ['avg', 'bottomk', 'count', 'count_values', 'group', 'max', 'min', 'quantile', 'stddev', 'stdvar', 'sum', 'topk']
const EXPERIMENTAL_AGGREGATORS = ['limit_ratio', 'limitk']

/**
 * /api/v1/features. Source of the names: Prometheus util/features and docs/querying/api.md, "Features". What we have not built is false.
 */
export function featureList(deps: ApiDeps): Answer {
  const { features } = deps
  const data: FeaturesData = {
    api: {
      admin: deps.admin !== undefined,
      exclude_alerts: true,
      label_values_match: true,
      lifecycle: deps.lifecycle !== undefined,
      'openapi_3.1': true,
      'openapi_3.2': false,
      otlp_write_receiver: deps.otlpReceiver !== undefined,
      query_stats: true,
      query_warnings: true,
      remote_write_receiver: deps.writeReceiver !== undefined,
      search: features.has('search-api'),
      time_range_labels: true,
      time_range_series: true,
    },
    otlp_receiver: {
      delta_conversion: features.has('otlp-deltatocumulative'),
      native_delta_ingestion: features.has('otlp-native-delta-ingestion'),
    },
    prometheus: {
      agent_mode: deps.isAgent,
      auto_reload_config: features.has('auto-reload-config'),
      server_mode: !deps.isAgent,
      stringlabels: false,
    },
    promql: {
      anchored: features.has('promql-extended-range-selectors'),
      at_modifier: true,
      bool: true,
      by: true,
      delayed_name_removal: features.has('promql-delayed-name-removal'),
      duration_expr: features.has('promql-duration-expr'),
      fill: features.has('promql-binop-fill-modifiers'),
      fill_left: features.has('promql-binop-fill-modifiers'),
      fill_right: features.has('promql-binop-fill-modifiers'),
      group_left: true,
      group_right: true,
      ignoring: true,
      negative_offset: true,
      offset: true,
      on: true,
      per_query_lookback_delta: true,
      per_step_stats: features.has('promql-per-step-stats'),
      smoothed: features.has('promql-extended-range-selectors'),
      subqueries: true,
      type_and_unit_labels: features.has('type-and-unit-labels'),
      without: true,
    },
    promql_functions: Object.fromEntries(
      [...SIGNATURES.values()]
        .map(({ name, experimental }) => [name, !experimental || features.has('promql-experimental-functions')] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    promql_operators: Object.fromEntries([
      ...[...OPERATORS, ...AGGREGATORS].map((name) => [name, true]),
      ...EXPERIMENTAL_AGGREGATORS.map((name) => [name, features.has('promql-experimental-functions')]),
    ]),
    rules: { concurrent_rule_eval: features.has('concurrent-rule-eval'), keep_firing_for: true, query_offset: true },
    scrape: {
      // A field of the configuration; the flag of the name only changes its default.
      extra_scrape_metrics: true,
      start_timestamp_zero_ingestion: features.has('created-timestamp-zero-ingestion'),
      type_and_unit_labels: features.has('type-and-unit-labels'),
    },
    service_discovery_providers: discoveryProviders(),
    tsdb: {
      delayed_compaction: false,
      exemplar_storage: features.has('exemplar-storage'),
      isolation: true,
      native_histograms: true,
      use_uncached_io: false,
    },
    ui: { ui_v2: false, ui_v3: true },
  }
  return dataAnswer(data)
}

/** The mechanisms that a scrape configuration may name: whether they do anything is what its schema says. */
function discoveryProviders(): Readonly<Record<string, boolean>> {
  const info = scrapeConfigSchema.info
  if (info.kind !== 'section') return {}
  const providers: [string, boolean][] = []
  for (const [field, { unsupported }] of info.fields) {
    const name = /^(.+)_sd_configs$/.exec(field)?.[1] ?? (field === 'static_configs' ? 'static' : undefined)
    if (name !== undefined) providers.push([name, !unsupported])
  }
  return Object.fromEntries(providers.sort(([a], [b]) => (a < b ? -1 : 1)))
}
