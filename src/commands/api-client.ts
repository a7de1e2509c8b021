import type { Env, HttpResponse } from '../base/env.ts'
import { askServer, type ServerAccess } from './server-url.ts'

// The HTTP API as upstream's client asks for it. Source: client_golang api/prometheus/v1/api.go.

const TIMEOUT_MS = 120_000

/** What the API, or the server in front of it, answers instead of data. */
export class ApiError extends Error {
  /** The body of an answer that is not the API's. */
  readonly detail: string

  constructor(type: string, message: string, detail = '') {
    super(`${type}: ${message}`)
    this.name = 'ApiError'
    this.detail = detail
  }
}

export interface ApiAnswer<T> {
  readonly data: T
  readonly warnings: readonly string[]
}

interface Envelope {
  readonly status?: string
  readonly data?: unknown
  readonly errorType?: string
  readonly error?: string
  readonly warnings?: readonly string[]
}

export class ApiClient {
  readonly #env: Env
  readonly #access: ServerAccess
  readonly #headers: Readonly<Record<string, string>>

  constructor(env: Env, access: ServerAccess, headers: Readonly<Record<string, string>> = {}) {
    this.#env = env
    this.#access = access
    this.#headers = headers
  }

  /** Asks with a form, and by the URL where the server allows no form. Throws an ApiError. */
  async post<T>(path: string, parameters: URLSearchParams): Promise<ApiAnswer<T>> {
    const url = `${this.#access.url}/api/v1/${path}`
    const response = await askServer(this.#env, this.#access, {
      method: 'POST',
      url,
      headers: { ...this.#headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: parameters.toString(),
      timeoutMs: TIMEOUT_MS,
    })
    if ([403, 405, 501].includes(response.status)) return this.get(path, parameters)
    return readAnswer<T>(response)
  }

  async get<T>(path: string, parameters: URLSearchParams): Promise<ApiAnswer<T>> {
    const url = `${this.#access.url}/api/v1/${path}?${parameters}`
    return readAnswer<T>(await askServer(this.#env, this.#access, { method: 'GET', url, headers: this.#headers, timeoutMs: TIMEOUT_MS }))
  }
}

function readAnswer<T>({ status, body }: HttpResponse): ApiAnswer<T> {
  const text = Buffer.from(body).toString('utf8')
  const isSuccess = status >= 200 && status < 300
  if (!isSuccess && status !== 422 && status !== 400) throw statusError(status, text)
  let envelope: Envelope
  try {
    envelope = JSON.parse(text) as Envelope
  } catch {
    if (!isSuccess) throw statusError(status, text)
    throw new ApiError('bad_response', 'found no JSON in the answer')
  }
  if (isSuccess !== (envelope.status === 'success') && !(isSuccess && envelope.status === 'error'))
    throw new ApiError('bad_response', 'inconsistent body for response code')
  if (envelope.status !== 'success') throw new ApiError(envelope.errorType ?? 'client_error', envelope.error ?? `client error: ${status}`)
  return { data: envelope.data as T, warnings: envelope.warnings ?? [] }
}

function statusError(status: number, body: string): ApiError {
  const kind = Math.floor(status / 100)
  if (kind === 4) return new ApiError('client_error', `client error: ${status}`, body)
  if (kind === 5) return new ApiError('server_error', `server error: ${status}`, body)
  return new ApiError('bad_response', `bad response code ${status}`, body)
}
