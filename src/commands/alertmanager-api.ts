import type { Env, HttpResponse } from '../base/env.ts'
import { askServer, type ServerAccess } from './server-url.ts'

// Alertmanager's API v2 as a tool asks for it. Source: Alertmanager api/v2/openapi.yaml.

export interface ApiMatcher {
  readonly name: string
  readonly value: string
  readonly isRegex: boolean
  /** Absent before there were negative ones: true. */
  readonly isEqual?: boolean
}

/** What one posts; with an ID it takes the place of another. */
export interface PostedSilence {
  readonly id?: string
  readonly matchers: readonly ApiMatcher[]
  readonly startsAt: string
  readonly endsAt: string
  readonly createdBy: string
  readonly comment: string
  readonly annotations?: Readonly<Record<string, string>>
}

export interface ApiSilence extends PostedSilence {
  readonly id: string
  readonly status: { readonly state: string }
  readonly updatedAt: string
}

export interface ApiAlert {
  readonly annotations: Readonly<Record<string, string>>
  readonly endsAt: string
  readonly fingerprint: string
  readonly receivers: readonly { readonly name: string }[]
  readonly startsAt: string
  readonly status: {
    readonly inhibitedBy: readonly string[]
    readonly mutedBy?: readonly string[]
    readonly silencedBy: readonly string[]
    readonly state: string
  }
  readonly updatedAt: string
  readonly generatorURL?: string
  readonly labels: Readonly<Record<string, string>>
}

export interface ApiPeer {
  readonly address: string
  readonly name: string
}

export interface ApiStatus {
  readonly cluster: { readonly name?: string; readonly peers?: readonly ApiPeer[]; readonly status: string }
  readonly config: { readonly original: string }
  readonly uptime: string
  readonly versionInfo: {
    readonly branch: string
    readonly buildDate: string
    readonly buildUser: string
    readonly goVersion: string
    readonly revision: string
    readonly version: string
  }
}

export class AlertmanagerApi {
  readonly #env: Env
  readonly #access: ServerAccess
  readonly #timeoutMs: number

  constructor(env: Env, access: ServerAccess, timeoutMs: number) {
    this.#env = env
    this.#access = access
    this.#timeoutMs = timeoutMs
  }

  async get<T>(path: string, parameters?: URLSearchParams): Promise<T> {
    const query = parameters === undefined ? '' : `?${parameters}`
    return this.#ask('GET', path, query, undefined) as Promise<T>
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return this.#ask('POST', path, '', JSON.stringify(body)) as Promise<T>
  }

  async delete(path: string): Promise<void> {
    await this.#ask('DELETE', path, '', undefined)
  }

  async #ask(method: 'GET' | 'POST' | 'DELETE', path: string, query: string, body: string | undefined): Promise<unknown> {
    const response = await askServer(this.#env, this.#access, {
      method,
      url: `${this.#access.url}/api/v2/${path}${query}`,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
      timeoutMs: this.#timeoutMs,
    })
    const text = Buffer.from(response.body).toString('utf8')
    if (response.status !== 200) throw new Error(`${method} /${path}: status ${response.status}${reason(response, text)}`)
    if (text.trim() === '') return undefined
    try {
      return JSON.parse(text)
    } catch {
      throw new Error(`${method} /${path}: found no JSON in the answer`)
    }
  }
}

/** A text in JSON, or an object with a message; a page of something else that stands there is not shown. */
function reason({ headers }: HttpResponse, text: string): string {
  if (!String(headers['content-type'] ?? '').includes('json')) return ''
  try {
    const parsed: unknown = JSON.parse(text)
    const message = typeof parsed === 'string' ? parsed : (parsed as { readonly message?: unknown } | null)?.message
    return typeof message === 'string' ? `: ${message}` : ''
  } catch {
    return ''
  }
}
