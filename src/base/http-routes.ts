import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Env } from './env.ts'
import { errorMessage } from './errors.ts'
import { FormValues } from './form-values.ts'
import { type Answer, acceptsGzip, errorAnswer, NO_BODY, sendAnswer } from './http-answer.ts'
import type { HttpApp, ReceivedRequest } from './http-server.ts'

export const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const
export type Method = (typeof METHODS)[number]

const SERVED: ReadonlySet<string> = new Set(METHODS)

/** One request as a route sees it. */
export class RouteRequest {
  readonly method: string
  /** Path and query as they were sent. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Of the connection; empty when it is gone. */
  readonly remoteAddress: string
  readonly body: Uint8Array
  readonly #params: Readonly<Record<string, string>>
  readonly #response: ServerResponse
  #form: FormValues | undefined
  #query: FormValues | undefined
  #signal: AbortSignal | undefined

  constructor({ message, params, body }: ReceivedRequest, response: ServerResponse) {
    this.method = message.method ?? 'GET'
    this.url = message.url ?? '/'
    this.headers = message.headers
    this.remoteAddress = message.socket.remoteAddress ?? ''
    this.body = body
    this.#params = params
    this.#response = response
  }

  /** A named part of the path, `*` for the rest of it. */
  param(name: string): string {
    return this.#params[name] ?? ''
  }

  /** The part of the URL before `?`. */
  get path(): string {
    const cut = this.url.indexOf('?')
    return cut < 0 ? this.url : this.url.slice(0, cut)
  }

  /** The part of the URL after `?`. */
  get queryText(): string {
    const cut = this.url.indexOf('?')
    return cut < 0 ? '' : this.url.slice(cut + 1)
  }

  /** Parameters of the URL alone. */
  get query(): FormValues {
    this.#query ??= new FormValues().add(this.queryText)
    return this.#query
  }

  /** Parameters of a form in the body, then those of the URL. */
  get form(): FormValues {
    if (this.#form !== undefined) return this.#form
    const form = new FormValues()
    const type = this.headers['content-type']?.split(';')[0].trim().toLowerCase()
    if (this.method !== 'GET' && type === 'application/x-www-form-urlencoded') form.add(Buffer.from(this.body).toString('utf8'))
    this.#form = form.add(this.queryText)
    return form
  }

  /** Aborts when the client goes away before it has its answer. */
  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal
    const controller = new AbortController()
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) controller.abort()
    })
    this.#signal = controller.signal
    return controller.signal
  }
}

export type RouteHandler = (request: RouteRequest) => Answer | Promise<Answer>

/** Counts requests by route: `handler` is its pattern. */
export interface RouteMetrics {
  declare(handler: string): void
  observe(handler: string, status: number, durationMs: number, sizeBytes: number, method: string): void
}

export interface RoutesOptions {
  readonly env: Env
  readonly metrics: RouteMetrics
  /** In front of every path: empty, or `/prefix` without a slash at the end. */
  readonly prefix: string
  /** Headers of every answer. */
  readonly headers?: (request: RouteRequest) => Readonly<Record<string, string>>
  /** What is answered instead when an answer was made too late. */
  readonly late?: (response: ServerResponse) => Answer | undefined
  /** What a handler that threw answers. */
  readonly onError: (error: unknown, request: RouteRequest) => Answer
}

/** Adds routes to an app: method table, metrics, compression, and errors in one place. */
export class Routes {
  readonly #app: HttpApp
  readonly #options: RoutesOptions

  constructor(app: HttpApp, options: RoutesOptions) {
    this.#app = app
    this.#options = options
  }

  /** The same app under other rules. */
  with(options: Partial<RoutesOptions>): Routes {
    return new Routes(this.#app, { ...this.#options, ...options })
  }

  /**
   * One path with what it does by method; other methods are answered 405. `path` may hold `:name` and end in `*`.
   * Bodies over `bodyBytesMax` are answered 413.
   */
  add(
    path: string,
    methods: Partial<Record<Method, RouteHandler>>,
    options: { readonly bodyBytesMax?: number; readonly handler?: string } = {},
  ): void {
    const { prefix, metrics } = this.#options
    const name = options.handler ?? path
    metrics.declare(name)
    const known = METHODS.filter((method) => methods[method] !== undefined)
    const allow = [...new Set<string>([...known, 'OPTIONS'])].sort().join(', ')
    this.#app.add(prefix + path, {
      methods: SERVED,
      bodyBytesMax: options.bodyBytesMax,
      serve: (request, response) => this.#serve(name, methods[request.message.method as Method], allow, request, response),
    })
  }

  async #serve(
    name: string,
    handler: RouteHandler | undefined,
    allow: string,
    request: ReceivedRequest,
    response: ServerResponse,
  ): Promise<void> {
    const { env, metrics, onError, late } = this.#options
    const started = env.clock.monotonic()
    const view = new RouteRequest(request, response)
    const { method } = view
    let answer: Answer
    try {
      if (handler !== undefined) answer = await handler(view)
      else if (method === 'OPTIONS') answer = { status: 200, headers: { allow }, body: NO_BODY }
      else answer = errorAnswer(405, 'Method Not Allowed', { allow })
    } catch (error) {
      answer = onError(error, view)
    }
    answer = late?.(response) ?? answer
    if (method === 'HEAD') answer = { ...answer, body: NO_BODY }
    const headers = { 'x-content-type-options': 'nosniff', ...this.#options.headers?.(view), ...answer.headers }
    let sizeBytes = 0
    try {
      // Whoever limits the time of requests may have answered.
      if (!response.headersSent)
        sizeBytes = await sendAnswer(
          response,
          { ...answer, headers },
          { gzip: acceptsGzip(view.headers['accept-encoding']), clock: env.clock },
        )
    } catch (error) {
      // The client is gone, or the body could not be made to its end: either way the connection is of no use any more.
      if (!response.destroyed) response.destroy()
      env.log.debug('answer not sent', { handler: name, error: errorMessage(error) })
    }
    // A method that a path does not have is nobody's request.
    if (handler !== undefined) metrics.observe(name, response.statusCode, env.clock.monotonic() - started, sizeBytes, method)
  }
}
