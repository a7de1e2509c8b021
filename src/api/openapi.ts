// A description of the API for machines: made from one table, so that it names what is served and nothing else.
// Source of the form: OpenAPI 3.1; of the answers' shapes: docs/protocols/http-api.md.

import { stringify } from 'yaml'
import type { Answer } from '../base/http-answer.ts'
import type { ApiDeps } from './deps.ts'

interface Endpoint {
  readonly path: string
  readonly summary: string
  readonly tag: string
  readonly methods: readonly ('get' | 'post' | 'put' | 'delete')[]
  /** Parameters by name, each with what it says; `!` at the end of a name: must be given, `[]`: may be repeated. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Of the answer; JSON in the envelope where it is not given. */
  readonly contentType?: string
  /** True: the answer is that it is done, 204. */
  readonly isEmpty?: boolean
}

const GET = ['get'] as const
const FORM = ['get', 'post'] as const
const CHANGE = ['post', 'put'] as const
const RANGE = { start: 'Start of the time range: Unix seconds or RFC 3339.', end: 'End of the time range.' }
const MATCH = { 'match[]': 'Series selector.', ...RANGE, limit: 'Most entries of the answer; 0 is no limit.' }
const SEARCH = {
  'match[]': 'Series selector.',
  ...RANGE,
  'search[]': 'What to search for.',
  fuzz_threshold: 'How well a name must fit, 0 to 100.',
  fuzz_alg: 'How it is compared: subsequence or jarowinkler.',
  case_sensitive: 'Whether case counts; true where not given.',
  sort_by: 'alpha or score.',
  sort_dir: 'asc or dsc.',
  include_score: 'Whether results say how well they fit.',
  limit: 'Most results.',
  batch_size: 'Results in a line of the answer.',
}
const QUERY = {
  'query!': 'Expression.',
  timeout: 'How long it may take.',
  limit: 'Most series of the answer; 0 is no limit.',
  lookback_delta: 'How far back a sample may lie.',
  stats: 'Adds statistics of the evaluation; `all` with those of each step, where promql-per-step-stats is on.',
}

const ENDPOINTS: readonly Endpoint[] = [
  {
    path: '/query',
    tag: 'query',
    methods: FORM,
    summary: 'Evaluates an expression at one time.',
    parameters: { ...QUERY, time: 'The time.' },
  },
  {
    path: '/query_range',
    tag: 'query',
    methods: FORM,
    summary: 'Evaluates an expression over a range of time.',
    parameters: { ...QUERY, 'start!': 'First time.', 'end!': 'Last time.', 'step!': 'Seconds or a duration.' },
  },
  {
    path: '/query_exemplars',
    tag: 'query',
    methods: FORM,
    summary: 'Finds the exemplars of the series that an expression selects.',
    parameters: { 'query!': 'Expression.', start: 'First time.', end: 'Last time.' },
  },
  { path: '/format_query', tag: 'query', methods: FORM, summary: 'Formats an expression.', parameters: { 'query!': 'Expression.' } },
  { path: '/parse_query', tag: 'query', methods: FORM, summary: 'Gives an expression as a tree.', parameters: { 'query!': 'Expression.' } },
  { path: '/series', tag: 'series', methods: FORM, summary: 'Finds series by selectors.', parameters: MATCH },
  { path: '/labels', tag: 'labels', methods: FORM, summary: 'Lists label names.', parameters: MATCH },
  { path: '/label/{name}/values', tag: 'labels', methods: GET, summary: 'Lists the values of a label.', parameters: MATCH },
  {
    path: '/search/metric_names',
    tag: 'labels',
    methods: FORM,
    summary: 'Searches metric names.',
    parameters: { ...SEARCH, include_metadata: 'Adds type, help and unit.' },
    contentType: 'application/x-ndjson',
  },
  {
    path: '/search/label_names',
    tag: 'labels',
    methods: FORM,
    summary: 'Searches label names.',
    parameters: SEARCH,
    contentType: 'application/x-ndjson',
  },
  {
    path: '/search/label_values',
    tag: 'labels',
    methods: FORM,
    summary: 'Searches the values of a label.',
    parameters: { 'label!': 'Label name.', ...SEARCH },
    contentType: 'application/x-ndjson',
  },
  {
    path: '/metadata',
    tag: 'metadata',
    methods: GET,
    summary: 'Tells type, unit and help of metrics.',
    parameters: { limit: 'Most metrics.', limit_per_metric: 'Most entries of a metric.', metric: 'Only this metric.' },
  },
  {
    path: '/targets/metadata',
    tag: 'metadata',
    methods: GET,
    summary: 'Tells type, unit and help of metrics by target.',
    parameters: { match_target: 'Selector of targets.', metric: 'Only this metric.', limit: 'How many entries end the answer.' },
  },
  {
    path: '/targets',
    tag: 'targets',
    methods: GET,
    summary: 'Lists targets.',
    parameters: { state: 'active, dropped or any.', scrapePool: 'Only this scrape pool.' },
  },
  {
    path: '/targets/relabel_steps',
    tag: 'targets',
    methods: GET,
    summary: 'Shows what each relabeling rule makes of labels.',
    parameters: { 'scrapePool!': 'Scrape pool.', 'labels!': 'Labels as a JSON object.' },
  },
  { path: '/scrape_pools', tag: 'targets', methods: GET, summary: 'Lists scrape pools.' },
  {
    path: '/scrape_pools/config',
    tag: 'targets',
    methods: GET,
    summary: 'Gives the configuration of a scrape pool.',
    parameters: { 'scrapePool!': 'Scrape pool.' },
  },
  { path: '/rules', tag: 'rules', methods: GET, summary: 'Lists rules.', parameters: { type: 'alert or record.' } },
  { path: '/alerts', tag: 'rules', methods: GET, summary: 'Lists active alerts.' },
  { path: '/alertmanagers', tag: 'rules', methods: GET, summary: 'Lists Alertmanagers.' },
  { path: '/status/config', tag: 'status', methods: GET, summary: 'Gives the configuration in force.' },
  { path: '/status/flags', tag: 'status', methods: GET, summary: 'Gives the flags.' },
  {
    path: '/status/self_metrics',
    tag: 'status',
    methods: GET,
    summary: 'Gives the metrics of the server itself.',
    parameters: { metric_name_pattern: 'Regular expression for whole names of metrics.' },
  },
  { path: '/status/runtimeinfo', tag: 'status', methods: GET, summary: 'Tells how the server runs.' },
  { path: '/status/buildinfo', tag: 'status', methods: GET, summary: 'Tells which program it is.' },
  {
    path: '/status/tsdb',
    tag: 'status',
    methods: GET,
    summary: 'Counts series by metric, label and value.',
    parameters: { limit: 'Entries of each list.' },
  },
  {
    path: '/status/budgets',
    tag: 'status',
    methods: GET,
    summary: 'Tells the budgets of series, what they refuse and what grew.',
    parameters: { limit: 'Entries of each list.' },
  },
  { path: '/status/tsdb/blocks', tag: 'status', methods: GET, summary: 'Describes the blocks.' },
  {
    path: '/status/queries',
    tag: 'status',
    methods: GET,
    summary: 'Lists queries that run, and those that ran last with what they cost.',
    parameters: { limit: 'Most queries that ran; 0 is all that are remembered.', sort: 'newest or slowest.' },
  },
  { path: '/status/queries/{id}', tag: 'status', methods: ['delete'] as const, summary: 'Ends a query that runs.' },
  { path: '/status/walreplay', tag: 'status', methods: GET, summary: 'Tells how far the write-ahead log has been read.' },
  { path: '/notifications', tag: 'status', methods: GET, summary: 'Lists what the server wants to be known.' },
  {
    path: '/notifications/live',
    tag: 'status',
    methods: GET,
    summary: 'Tells it as it comes and goes.',
    contentType: 'text/event-stream',
  },
  { path: '/features', tag: 'status', methods: GET, summary: 'Lists what can be used.' },
  {
    path: '/admin/tsdb/delete_series',
    tag: 'admin',
    methods: CHANGE,
    summary: 'Deletes samples of series. With --web.enable-admin-api.',
    parameters: { 'match[]!': 'Series selector.', ...RANGE },
    isEmpty: true,
  },
  {
    path: '/admin/tsdb/clean_tombstones',
    tag: 'admin',
    methods: CHANGE,
    summary: 'Takes what was deleted from the disk. With --web.enable-admin-api.',
    isEmpty: true,
  },
  {
    path: '/admin/tsdb/snapshot',
    tag: 'admin',
    methods: CHANGE,
    summary: 'Makes a data directory of all that is stored. With --web.enable-admin-api.',
    parameters: { skip_head: 'Whether what is in no block yet is left out.' },
  },
  { path: '/write', tag: 'remote', methods: ['post'], summary: 'Takes samples by remote write.', contentType: 'text/plain' },
]

/** /api/v1/openapi.yaml. */
export function openApi({ build, externalUrl }: ApiDeps): Answer {
  const document = {
    openapi: '3.1.0',
    info: { title: 'Promontory: the Prometheus HTTP API', version: build.version },
    servers: [{ url: `${externalUrl.replace(/\/$/, '')}/api/v1` }],
    paths: Object.fromEntries(ENDPOINTS.map((endpoint) => [endpoint.path, pathItem(endpoint)])),
    components: { schemas: SCHEMAS },
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/yaml; charset=utf-8', 'cache-control': 'no-cache, no-store, must-revalidate' },
    body: Buffer.from(stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })),
  }
}

const SCHEMAS = {
  Success: {
    type: 'object',
    required: ['status', 'data'],
    properties: {
      status: { const: 'success' },
      data: {},
      warnings: { type: 'array', items: { type: 'string' } },
      infos: { type: 'array', items: { type: 'string' } },
    },
  },
  Error: {
    type: 'object',
    required: ['status', 'errorType', 'error'],
    properties: { status: { const: 'error' }, errorType: { type: 'string' }, error: { type: 'string' } },
  },
}

function pathItem({ path, summary, tag, methods, parameters = {}, contentType, isEmpty = false }: Endpoint): unknown {
  const fields = Object.entries(parameters).map(([written, description]) => {
    const name = written.replace(/!$/, '')
    const text = { type: 'string' }
    return { name, required: written.endsWith('!'), description, schema: name.endsWith('[]') ? { type: 'array', items: text } : text }
  })
  const inPath = /\{(\w+)\}/.exec(path)?.[1]
  const content =
    contentType === undefined
      ? { 'application/json': { schema: { $ref: '#/components/schemas/Success' } } }
      : { [contentType]: { schema: { type: 'string' } } }
  const responses = {
    ...(isEmpty ? { '204': { description: summary } } : { '200': { description: summary, content } }),
    default: {
      description: 'Why there is no answer.',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    },
  }
  const item: Record<string, unknown> = {}
  if (inPath !== undefined) item['parameters'] = [{ name: inPath, in: 'path', required: true, schema: { type: 'string' } }]
  for (const method of methods) {
    const operation = { operationId: `${method}${path.replaceAll(/[/{}_]+/g, '-').replace(/-$/, '')}`, summary, tags: [tag], responses }
    if (method === 'get' || fields.length === 0) {
      item[method] = { ...operation, ...(fields.length > 0 ? { parameters: fields.map((field) => ({ ...field, in: 'query' })) } : {}) }
      continue
    }
    const schema = {
      type: 'object',
      required: fields.filter((field) => field.required).map(({ name }) => name),
      properties: Object.fromEntries(fields.map(({ name, schema, description }) => [name, { ...schema, description }])),
    }
    item[method] = { ...operation, requestBody: { content: { 'application/x-www-form-urlencoded': { schema } } } }
  }
  return item
}
