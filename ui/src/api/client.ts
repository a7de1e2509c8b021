import type { BudgetsData } from '../../../src/api/types/budgets.ts'
import type { Envelope } from '../../../src/api/types/envelope.ts'
import type { ExemplarsData } from '../../../src/api/types/exemplars.ts'
import type { FeaturesData } from '../../../src/api/types/features.ts'
import type { MetadataData } from '../../../src/api/types/metadata.ts'
import type { Metric, QueryData } from '../../../src/api/types/query.ts'
import type { RelabelStepsData } from '../../../src/api/types/relabel-steps.ts'
import type { AlertmanagersData, RulesData } from '../../../src/api/types/rules.ts'
import type { BuildInfoData, ConfigData, FlagsData, RuntimeInfoData, TsdbData } from '../../../src/api/types/status.ts'
import type { TargetsData } from '../../../src/api/types/targets.ts'

/** What the API, or the way to it, answered instead of data. `type` is the API's errorType, or `unreachable`/`http`. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly type: string
  readonly status: number

  constructor(type: string, message: string, status: number, options?: ErrorOptions) {
    super(message, options)
    this.type = type
    this.status = status
  }
}

/** An answer with what the server remarked about it. */
export interface Answer<Data> {
  readonly data: Data
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

export type Params = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The HTTP API v1 of the server below `basePath` (with its slashes, `/` or `/prefix/`). Every call takes a signal;
 * who asks again aborts the call before. Queries go as a form by POST: an expression may be longer than a URL.
 */
export class ApiClient {
  readonly #apiPath: string
  readonly #basePath: string
  readonly #fetch: typeof fetch

  constructor(basePath: string, fetchFunction: typeof fetch = (input, init) => fetch(input, init)) {
    this.#basePath = basePath
    this.#apiPath = `${basePath}api/v1/`
    this.#fetch = fetchFunction
  }

  /** Evaluates at `time` (Unix ms), or at the server's now. */
  query(expr: string, time: number | undefined, signal: AbortSignal): Promise<Answer<QueryData>> {
    return this.#post('query', { query: expr, time: time === undefined ? undefined : seconds(time) }, signal)
  }

  /** Evaluates at start, start+step, … up to and including end (Unix ms). */
  queryRange(
    expr: string,
    range: { readonly start: number; readonly end: number; readonly stepMs: number },
    signal: AbortSignal,
  ): Promise<Answer<QueryData>> {
    return this.#post(
      'query_range',
      { query: expr, start: seconds(range.start), end: seconds(range.end), step: seconds(range.stepMs) },
      signal,
    )
  }

  /** Exemplars of every series the expression selects, from start to end (Unix ms, both inclusive). */
  async queryExemplars(
    expr: string,
    range: { readonly start: number; readonly end: number },
    signal: AbortSignal,
  ): Promise<Answer<ExemplarsData>> {
    const answer = await this.#post<ExemplarsData | undefined>(
      'query_exemplars',
      { query: expr, start: seconds(range.start), end: seconds(range.end) },
      signal,
    )
    return { ...answer, data: answer.data ?? [] }
  }

  series(match: readonly string[], start: number, signal?: AbortSignal): Promise<Answer<Metric[]>> {
    return this.#post('series', { 'match[]': match, start: seconds(start) }, signal)
  }

  labelNames(match: readonly string[], start: number, signal?: AbortSignal): Promise<Answer<string[]>> {
    return this.#post('labels', { 'match[]': match, start: seconds(start) }, signal)
  }

  labelValues(label: string, match: readonly string[], start: number, signal?: AbortSignal): Promise<Answer<string[]>> {
    return this.#get(`label/${encodeURIComponent(label)}/values`, { 'match[]': match, start: seconds(start) }, signal)
  }

  targets(signal?: AbortSignal): Promise<Answer<TargetsData>> {
    return this.#get('targets', {}, signal)
  }

  metadata(signal?: AbortSignal): Promise<Answer<MetadataData>> {
    return this.#get('metadata', {}, signal)
  }

  /** What this server can do; servers before upstream's 3.8 do not say. */
  features(signal?: AbortSignal): Promise<Answer<FeaturesData>> {
    return this.#get('features', {}, signal)
  }

  flags(signal?: AbortSignal): Promise<Answer<FlagsData>> {
    return this.#get('status/flags', {}, signal)
  }

  buildInfo(signal?: AbortSignal): Promise<Answer<BuildInfoData>> {
    return this.#get('status/buildinfo', {}, signal)
  }

  runtimeInfo(signal?: AbortSignal): Promise<Answer<RuntimeInfoData>> {
    return this.#get('status/runtimeinfo', {}, signal)
  }

  config(signal?: AbortSignal): Promise<Answer<ConfigData>> {
    return this.#get('status/config', {}, signal)
  }

  tsdbStatus(limit: number, signal?: AbortSignal): Promise<Answer<TsdbData>> {
    return this.#get('status/tsdb', { limit: String(limit) }, signal)
  }

  /** Budgets of series; servers of others do not know them. */
  budgetsStatus(limit: number, signal?: AbortSignal): Promise<Answer<BudgetsData>> {
    return this.#get('status/budgets', { limit: String(limit) }, signal)
  }

  /** Groups of rules, those of one type alone where it is given. */
  rules(type: 'alert' | 'record' | undefined, signal?: AbortSignal): Promise<Answer<RulesData>> {
    return this.#get('rules', { type }, signal)
  }

  alertmanagers(signal?: AbortSignal): Promise<Answer<AlertmanagersData>> {
    return this.#get('alertmanagers', {}, signal)
  }

  /** What each relabeling rule of a scrape pool makes of labels. */
  relabelSteps(scrapePool: string, labels: Metric, signal?: AbortSignal): Promise<Answer<RelabelStepsData>> {
    return this.#get('targets/relabel_steps', { scrapePool, labels: JSON.stringify(labels) }, signal)
  }

  /** Whether the server answers queries yet: `ready`, `starting` (it says 503), or `unreachable`. */
  async readiness(signal?: AbortSignal): Promise<'ready' | 'starting' | 'unreachable'> {
    try {
      const response = await this.#fetch(`${this.#basePath}-/ready`, { signal })
      return response.ok ? 'ready' : 'starting'
    } catch (cause) {
      if (signal?.aborted) throw cause
      return 'unreachable'
    }
  }

  #get<Data>(path: string, params: Params, signal?: AbortSignal): Promise<Answer<Data>> {
    const form = encodeForm(params)
    return this.#send(form.size === 0 ? path : `${path}?${form}`, { signal })
  }

  #post<Data>(path: string, params: Params, signal?: AbortSignal): Promise<Answer<Data>> {
    return this.#send(path, { method: 'POST', body: encodeForm(params), signal })
  }

  async #send<Data>(path: string, init: RequestInit): Promise<Answer<Data>> {
    let response: Response
    let text: string
    try {
      response = await this.#fetch(this.#apiPath + path, init)
      text = await response.text()
    } catch (cause) {
      if (init.signal?.aborted) throw cause
      throw new ApiError('unreachable', `no answer from ${this.#apiPath}: ${String(cause)}`, 0, { cause })
    }
    return readEnvelope(response.status, text)
  }
}

/** The answer in an envelope; an error status, or a body that is none, becomes an ApiError. */
export function readEnvelope<Data>(status: number, text: string): Answer<Data> {
  let envelope: Envelope<Data>
  try {
    // There is nothing to say, not even data.
    envelope = JSON.parse(status === 204 ? '{"status":"success"}' : text)
  } catch (cause) {
    throw new ApiError('http', `status ${status}: ${text.slice(0, 200) || 'empty answer'}`, status, { cause })
  }
  if (envelope?.status === 'error') throw new ApiError(envelope.errorType, envelope.error, status)
  if (envelope?.status !== 'success') throw new ApiError('http', `status ${status}: not an answer of this API`, status)
  return { data: envelope.data, warnings: envelope.warnings ?? [], infos: envelope.infos ?? [] }
}

function encodeForm(params: Params): URLSearchParams {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue
    for (const one of typeof value === 'string' ? [value] : value) form.append(name, one)
  }
  return form
}

/** The API's decimal seconds of a number of ms, without a detour through binary fractions. */
function seconds(ms: number): string {
  return ms % 1000 === 0 ? String(ms / 1000) : (ms / 1000).toFixed(3)
}
