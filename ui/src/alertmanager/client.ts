import type {
  AlertmanagerStatusJson,
  GettableAlert,
  GettableSilence,
  GroupOverviewJson,
  MatcherJson,
  NotificationJson,
  ReceiverName,
} from '../../../src/api/types/alertmanager.ts'
import { type Answer, ApiError } from '../api/client.ts'
import type { Shown } from './alert-groups.ts'
import { formatMatcher, type Matcher } from './matchers.ts'

export interface PostableSilence {
  /** Of the silence that this replaces. */
  readonly id?: string
  readonly matchers: readonly MatcherJson[]
  /** All sets, of one that has several; `matchers` is the first. */
  readonly matcherSets?: readonly (readonly MatcherJson[])[]
  readonly startsAt: string
  readonly endsAt: string
  readonly createdBy: string
  readonly comment: string
  readonly annotations?: Readonly<Record<string, string>>
}

export interface NotificationQuery {
  readonly receiver?: string
  readonly outcome?: NotificationJson['outcome']
  readonly limit: number
}

export interface GroupQuery {
  readonly matchers: readonly Matcher[]
  /** Empty: all. */
  readonly receiver: string
  readonly shown: Shown
  readonly groupsMax: number
  /** Where more are shown in all, groups come without. */
  readonly alertsMax: number
  /** The only group that is asked for. */
  readonly key?: string
}

type Params = readonly (readonly [name: string, value: string])[]

/** The API v2 of the Alertmanager below `basePath` (with its slashes). What it refuses is an ApiError with its text. */
export class AlertmanagerClient {
  readonly #basePath: string
  readonly #fetch: typeof fetch

  constructor(basePath: string, fetchFunction: typeof fetch = (input, init) => fetch(input, init)) {
    this.#basePath = basePath
    this.#fetch = fetchFunction
  }

  /** Groups that have something to show, and how many alerts there are of each state. `receiver`: a regular expression of whole names. */
  groups({ matchers, receiver, shown, groupsMax, alertsMax, key }: GroupQuery, signal: AbortSignal): Promise<Answer<GroupOverviewJson>> {
    const params: (readonly [string, string])[] = Object.entries(shown).map(([state, isShown]) => [state, String(isShown)])
    params.push(['groups', String(groupsMax)], ['alerts', String(alertsMax)])
    if (receiver !== '') params.push(['receiver', receiver])
    if (key !== undefined) params.push(['key', key])
    return this.#get('promontory/groups', [...filters(matchers), ...params], signal)
  }

  alerts(matchers: readonly Matcher[], signal: AbortSignal): Promise<Answer<readonly GettableAlert[]>> {
    return this.#get('alerts', [...filters(matchers), ...ALL_STATES], signal)
  }

  /** Alerts that fit one of several sets of matchers, each once. One request after the other: the server takes few at a time. */
  async alertsOfSets(sets: readonly (readonly Matcher[])[], signal: AbortSignal): Promise<Answer<readonly GettableAlert[]>> {
    const found = new Map<string, GettableAlert>()
    for (const matchers of sets) for (const alert of (await this.alerts(matchers, signal)).data) found.set(alert.fingerprint, alert)
    return { data: [...found.values()], warnings: [], infos: [] }
  }

  /** Those that have all these matchers. */
  silences(matchers: readonly Matcher[], signal: AbortSignal): Promise<Answer<readonly GettableSilence[]>> {
    return this.#get('silences', filters(matchers), signal)
  }

  silence(id: string, signal: AbortSignal): Promise<Answer<GettableSilence>> {
    return this.#get(`silence/${encodeURIComponent(id)}`, [], signal)
  }

  /** Makes or changes one; its ID, which may be another than that of the one it replaces. */
  async setSilence(silence: PostableSilence): Promise<string> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(silence) }
    return (JSON.parse(await this.#send('silences', init)) as { silenceID: string }).silenceID
  }

  /** It ends now. */
  async expireSilence(id: string): Promise<void> {
    await this.#send(`silence/${encodeURIComponent(id)}`, { method: 'DELETE' })
  }

  receivers(signal: AbortSignal): Promise<Answer<readonly ReceiverName[]>> {
    return this.#get('receivers', [], signal)
  }

  status(signal: AbortSignal): Promise<Answer<AlertmanagerStatusJson>> {
    return this.#get('status', [], signal)
  }

  /** What this member sent, the newest first. */
  notifications({ receiver, outcome, limit }: NotificationQuery, signal: AbortSignal): Promise<Answer<readonly NotificationJson[]>> {
    const params: [string, string][] = [['limit', String(limit)]]
    if (receiver !== undefined) params.push(['receiver', receiver])
    if (outcome !== undefined) params.push(['outcome', outcome])
    return this.#get('promontory/notifications', params, signal)
  }

  /** `starting`: the cluster has not settled. */
  async readiness(signal?: AbortSignal): Promise<'ready' | 'starting' | 'unreachable'> {
    try {
      const response = await this.#fetch(`${this.#basePath}-/ready`, { signal })
      return response.ok ? 'ready' : 'starting'
    } catch (cause) {
      if (signal?.aborted) throw cause
      return 'unreachable'
    }
  }

  async #get<Data>(path: string, params: Params, signal: AbortSignal): Promise<Answer<Data>> {
    const query = params.length === 0 ? '' : `?${new URLSearchParams(params.map(([name, value]) => [name, value]))}`
    return { data: JSON.parse(await this.#send(path + query, { signal })) as Data, warnings: [], infos: [] }
  }

  async #send(path: string, init: RequestInit): Promise<string> {
    let response: Response
    let text: string
    try {
      response = await this.#fetch(`${this.#basePath}api/v2/${path}`, init)
      text = await response.text()
    } catch (cause) {
      if (init.signal?.aborted) throw cause
      throw new ApiError('unreachable', `no answer from ${this.#basePath}api/v2/: ${String(cause)}`, 0, { cause })
    }
    if (response.ok) return text
    throw new ApiError('http', refusal(response.status, text), response.status)
  }
}

const ALL_STATES: Params = ['active', 'silenced', 'inhibited', 'muted'].map((name) => [name, 'true'] as const)

function filters(matchers: readonly Matcher[]): Params {
  return matchers.map((matcher) => ['filter', formatMatcher(matcher)] as const)
}

/** The server's words: a JSON text, an object with a message, or none. */
function refusal(status: number, text: string): string {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'string') return body
    if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message)
  } catch {
    // A proxy's page, or nothing.
  }
  if (status === 404 && text === '') return 'there is none with this ID'
  return `status ${status}: ${text.slice(0, 200) || 'empty answer'}`
}
