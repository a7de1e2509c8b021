// Search of metric names, label names and label values, as lines of JSON: batches of results, and then how it ended.
// Source: Prometheus docs/querying/api.md, "Searching", and web/api/v1/search.go, behind --enable-feature=search-api.

import { CodedError } from '../base/errors.ts'
import type { FormValues } from '../base/form-values.ts'
import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { METRIC_NAME } from '../model/labels.ts'
import type { LabelRequest, QueryContext } from '../storage/series-source.ts'
import type { ApiDeps } from './deps.ts'
import { badData } from './failure.ts'
import { jsonText } from './json/text.ts'
import { matcherSets, parseFlag, timeOr, wholeNumber } from './parameters.ts'
import { FUZZ_ALGORITHMS, type FuzzAlgorithm, type SearchFilter, searchFilter } from './search-score.ts'
import type { MetadataJson } from './types/metadata.ts'
import type { SearchBatch, SearchResult, SearchTrailer } from './types/search.ts'

const HOUR_MS = 3_600_000
const LIMIT_DEFAULT = 100
const BATCH_DEFAULT = 100
const TERMS_MAX = 32
const HEADERS = { 'content-type': 'application/x-ndjson; charset=utf-8' }

interface Found {
  readonly name: string
  readonly score: number
}

interface Search {
  readonly request: LabelRequest
  readonly filter: SearchFilter | undefined
  readonly order: 'up' | 'down' | 'score'
  readonly limit: number
  readonly batchSize: number
  readonly includeScore: boolean
}

/** /api/v1/search/metric_names. */
export async function searchMetricNames(deps: ApiDeps, request: RouteRequest): Promise<Answer> {
  const search = searchOf(deps, request.form, 'metric_names')
  const metadata = flagOf(request.form, 'include_metadata', false) ? metadataByName(deps) : undefined
  const names = await deps.source.labelValues(METRIC_NAME, search.request, contextOf(deps, request))
  return answer(search, names, (name) => metadata?.get(name) ?? {})
}

/** /api/v1/search/label_names. */
export async function searchLabelNames(deps: ApiDeps, request: RouteRequest): Promise<Answer> {
  const search = searchOf(deps, request.form, 'label_names')
  return answer(search, await deps.source.labelNames(search.request, contextOf(deps, request)), () => ({}))
}

/** /api/v1/search/label_values. */
export async function searchLabelValues(deps: ApiDeps, request: RouteRequest): Promise<Answer> {
  const search = searchOf(deps, request.form, 'label_values')
  const label = request.form.get('label')
  if (label === '') throw badData('missing required parameter "label"')
  return answer(search, await deps.source.labelValues(label, search.request, contextOf(deps, request)), () => ({}))
}

function contextOf(deps: ApiDeps, { signal }: RouteRequest): QueryContext {
  return { signal, budget: deps.newBudget() }
}

/** What the first target that knows a metric says of it, or where no target does who sent it; what they leave open left out. */
function metadataByName(deps: ApiDeps): ReadonlyMap<string, Partial<MetadataJson>> {
  const known = new Map<string, Partial<MetadataJson>>()
  const add = (name: string, said: MetadataJson) => {
    if (!known.has(name)) known.set(name, Object.fromEntries(Object.entries(said).filter(([, text]) => text !== '')))
  }
  for (const page of new Set(deps.targets.active().map((target) => target.metadata))) {
    for (const { name, ...said } of page.list()) add(name, said)
  }
  for (const [name, said] of deps.database.metricMetadata()) add(name, said)
  return known
}

function answer(search: Search, names: readonly string[], more: (name: string) => Partial<MetadataJson>): Answer {
  const { filter, order, limit, includeScore } = search
  let found: Found[] = []
  for (const name of names) {
    const score = filter === undefined ? 1 : filter(name)
    if (score !== undefined) found.push({ name, score })
  }
  // Sources answer in order of names, and sorting keeps the order of what is equal.
  if (order === 'score') found.sort((a, b) => b.score - a.score)
  else if (order === 'down') found.reverse()
  const hasMore = found.length > limit
  if (hasMore) found = found.slice(0, limit)
  const results = found.map(({ name, score }): SearchResult => ({ name, ...(includeScore ? { score } : {}), ...more(name) }))
  return { status: 200, headers: HEADERS, body: lines(results, search.batchSize, hasMore) }
}

function* lines(results: readonly SearchResult[], batchSize: number, hasMore: boolean): Generator<Uint8Array> {
  let at = 0
  do {
    const batch: SearchBatch = { results: results.slice(at, at + batchSize) }
    yield Buffer.from(`${jsonText(batch)}\n`)
    at += batchSize
  } while (at < results.length)
  const trailer: SearchTrailer = { status: 'success', has_more: hasMore }
  yield Buffer.from(`${jsonText(trailer)}\n`)
}

function searchOf(deps: ApiDeps, form: FormValues, endpoint: string): Search {
  if (!deps.features.has('search-api')) throw new CodedError('unavailable', 'search API disabled')
  const now = Math.floor(deps.env.clock.now())
  const minTime = timeOr(form, 'start', now - HOUR_MS)
  const maxTime = timeOr(form, 'end', now)
  if (maxTime < minTime) throw badData('end timestamp must not be before start timestamp')
  const sets = matcherSets(form)
  const terms = form.all('search[]')
  if (terms.length > TERMS_MAX) throw badData(`too many search[] terms: got ${terms.length}, maximum is ${TERMS_MAX}`)
  const threshold = thresholdOf(form.get('fuzz_threshold'))
  const algorithm = algorithmOf(form.get('fuzz_alg'))
  const caseSensitive = flagOf(form, 'case_sensitive', true)
  const includeScore = flagOf(form, 'include_score', false)
  const order = orderOf(form, terms, endpoint)
  const limit = limitOf(form.get('limit'), deps.searchLimitMax)
  const batchSize = countOf(form.get('batch_size'), 'batch_size') || BATCH_DEFAULT
  return {
    request: { minTime, maxTime, matcherSets: sets, limit: 0 },
    filter: searchFilter({ terms, threshold, algorithm, caseSensitive }),
    order,
    limit,
    batchSize,
    includeScore,
  }
}

function thresholdOf(text: string): number {
  if (text === '') return 0
  const percent = wholeNumber(text)
  if (percent === undefined || percent < 0 || percent > 100) throw badData(`invalid fuzz_threshold ${JSON.stringify(text)}: must be 0-100`)
  return percent / 100
}

function algorithmOf(text: string): FuzzAlgorithm {
  if (text === '') return 'subsequence'
  const known = FUZZ_ALGORITHMS.find((name) => name === text)
  if (known === undefined) throw badData(`unsupported fuzz_alg ${JSON.stringify(text)}: must be one of [${FUZZ_ALGORITHMS.join(' ')}]`)
  return known
}

function flagOf(form: FormValues, name: string, fallback: boolean): boolean {
  const text = form.get(name)
  if (text === '') return fallback
  const flag = parseFlag(text)
  if (flag !== undefined) return flag
  throw badData(`invalid ${name} ${JSON.stringify(text)}: must be boolean`)
}

function orderOf(form: FormValues, terms: readonly string[], endpoint: string): Search['order'] {
  const [by, direction] = [form.get('sort_by'), form.get('sort_dir')]
  if (direction !== '' && by === '') throw badData('sort_dir is only valid when sort_by is set')
  if (direction !== '' && by === 'score') throw badData('sort_dir is not supported for sort_by=score')
  if (!['', 'asc', 'dsc'].includes(direction)) throw badData(`invalid sort_dir ${JSON.stringify(direction)}: must be "asc" or "dsc"`)
  if (by === 'score' && terms.length === 0) throw badData('sort_by=score requires search[] to be set')
  if (!['', 'alpha', 'score'].includes(by)) {
    throw badData(`invalid sort_by ${JSON.stringify(by)} for ${endpoint}: must be "alpha" or "score"`)
  }
  return by === 'score' ? 'score' : direction === 'dsc' ? 'down' : 'up'
}

function limitOf(text: string, limitMax: number): number {
  const limit = countOf(text, 'limit')
  if (limit === 0) return limitMax > 0 ? Math.min(LIMIT_DEFAULT, limitMax) : LIMIT_DEFAULT
  if (limitMax > 0 && limit > limitMax) {
    throw badData(`limit ${limit} exceeds the configured maximum (${limitMax}, see --web.search.max-limit)`)
  }
  return limit
}

/** 0 where it is not given. */
function countOf(text: string, name: string): number {
  if (text === '') return 0
  const count = wholeNumber(text)
  if (count === undefined || count < 0) throw badData(`invalid ${name} ${JSON.stringify(text)}: must be non-negative integer`)
  return count
}
