import { Counter, type Registry, Summary } from 'prom-client'
import type { Clock, Env, HttpStream } from '../../base/env.ts'
import { sleep } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { readBody } from '../../http-client/client.ts'
import { knownMetric } from '../known-metric.ts'
import type { ApiServer } from './api-server.ts'
import type { KubernetesObject } from './objects.ts'
import type { Selector } from './schema.ts'

// Lists a resource, then watches it from the version that was listed.
// 1. A watch that ends goes on from the last version that was seen, so that nothing is missed.
// 2. A version that the server no longer has (410 Gone) is no failure: all is listed again.
// 3. So it is after some failures in a row: a server that was restored may never come to the version.
// 4. Whoever listens has the last known objects until a list says otherwise.
// Source: kubernetes.io/docs/reference/using-api/api-concepts, "Efficient detection of changes"; kubernetes/client-go tools/cache/reflector.go.

const PAGE_OBJECTS = 500
const LIST_TIMEOUT_MS = 60_000
const PAGE_BYTES_MAX = 256 * 1024 * 1024
const LINE_CHARS_MAX = 16 * 1024 * 1024
/** The server ends a watch after some time of this range, so that all of them do not return at once. */
const WATCH_SECONDS = { min: 300, max: 600 }
/** Over the time after which the server ends a watch: a connection that died silently. */
const WATCH_GRACE_MS = 30_000
const BACKOFF_MS = { min: 800, max: 30_000 }
/** A server that asks for more patience than this is asked all the same. */
const RETRY_AFTER_MS_MAX = 60_000
/** So many failures in a row, and all is listed again. */
const FAILURES_MAX = 4
/** A watch that ends within this time and brings nothing is a failure, lest the server is asked without a pause. */
const SHORT_WATCH_MS = 1000
/** A watch that stood for this time shows that the server is well, even if nothing happened. */
const LONG_WATCH_MS = 10_000

export interface ListWatchOptions {
  readonly server: ApiServer
  /** Such as `/api/v1/pods`. */
  readonly path: string
  readonly selector: Selector | undefined
}

export interface ListWatchListener {
  /** These are all that there are. */
  replaced(objects: readonly KubernetesObject[]): void
  changed(object: KubernetesObject): void
  deleted(object: KubernetesObject): void
  failed(): void
}

/** Runs until `signal` aborts. */
export async function listAndWatch(env: Env, options: ListWatchOptions, listener: ListWatchListener, signal: AbortSignal): Promise<void> {
  const backoff = new Backoff(env)
  let failures = 0
  /** Of the newest object that was seen; undefined: a list is needed. */
  let version: string | undefined
  const recover = () => {
    failures = 0
    backoff.reset()
  }
  while (!signal.aborted) {
    let watchedSince: number | undefined
    try {
      version ??= await listAll(env, options, listener, signal)
      version = await watch(env, options, version, signal, {
        ...listener,
        opened() {
          watchedSince = env.clock.monotonic()
        },
        seen(newest) {
          version = newest
          recover()
        },
      })
    } catch (error) {
      if (signal.aborted) return
      if (watchedSince !== undefined && env.clock.monotonic() - watchedSince > LONG_WATCH_MS) recover()
      if (error instanceof GoneError || error instanceof RefusedError) version = undefined
      if (!(error instanceof GoneError)) {
        listener.failed()
        if (++failures % FAILURES_MAX === 0) version = undefined
        env.log.warn('kubernetes discovery: request failed, the last targets stay', { path: options.path, error: errorMessage(error) })
      }
      await backoff.wait(signal, error instanceof BusyError ? error.retryAfterMs : 0)
    }
  }
}

/** The server no longer knows the version that was asked for. */
class GoneError extends Error {}
/** The server does not take the request; the version may be why. */
class RefusedError extends Error {}
/** The server has too much to do, and may say until when. */
class BusyError extends Error {
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs: number) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

interface ObjectList {
  readonly kind?: string
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items?: readonly KubernetesObject[] | null
}

async function listAll(env: Env, options: ListWatchOptions, listener: ListWatchListener, signal: AbortSignal): Promise<string> {
  const objects: KubernetesObject[] = []
  for (let next: string | undefined; ; ) {
    const query = { limit: String(PAGE_OBJECTS), ...(next ? { continue: next } : {}) }
    const response = await open(env, options, query, LIST_TIMEOUT_MS, signal)
    const { kind, metadata, items } = JSON.parse(new TextDecoder().decode(await readBody(response, PAGE_BYTES_MAX))) as ObjectList
    if (!kind?.endsWith('List')) throw new Error(`found ${JSON.stringify(kind)}, want a list`)
    for (const object of items ?? []) objects.push(slim(object))
    next = metadata?.continue
    if (next) continue
    if (!metadata?.resourceVersion) throw new Error('list without a resource version')
    listener.replaced(objects)
    return metadata.resourceVersion
  }
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: KubernetesObject & { readonly code?: number; readonly message?: string }
}

interface WatchListener extends ListWatchListener {
  opened(): void
  /** An event came; a watch may begin after it. */
  seen(version: string): void
}

/** Resolves with the last version when the server ends the watch. */
async function watch(env: Env, options: ListWatchOptions, from: string, signal: AbortSignal, listener: WatchListener): Promise<string> {
  const start = env.clock.monotonic()
  const seconds = Math.round(WATCH_SECONDS.min + env.random.next() * (WATCH_SECONDS.max - WATCH_SECONDS.min))
  const query = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: from, timeoutSeconds: String(seconds) }
  const { body } = await open(env, options, query, seconds * 1000 + WATCH_GRACE_MS, signal)
  listener.opened()
  let version = from
  let isEmpty = true
  for await (const line of lines(body)) {
    const { type, object } = JSON.parse(line) as WatchEvent
    if (type === 'ERROR') {
      const problem = `watch ended: ${object.message ?? 'unknown error'}`
      throw object.code === 410 ? new GoneError(problem) : new Error(problem)
    }
    if (type === 'DELETED') listener.deleted(object)
    else if (type === 'ADDED' || type === 'MODIFIED') listener.changed(slim(object))
    else if (type !== 'BOOKMARK') throw new Error(`watch event of type ${JSON.stringify(type)}, want ADDED, MODIFIED, DELETED or BOOKMARK`)
    version = object.metadata?.resourceVersion ?? version
    isEmpty = false
    listener.seen(version)
  }
  if (isEmpty && env.clock.monotonic() - start < SHORT_WATCH_MS) throw new Error('watch ended at once')
  return version
}

async function open(
  env: Env,
  { server, path, selector }: ListWatchOptions,
  query: Readonly<Record<string, string>>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<HttpStream> {
  const params = new URLSearchParams(query)
  if (selector?.label) params.set('labelSelector', selector.label)
  if (selector?.field) params.set('fieldSelector', selector.field)
  const { requests, duration } = requestMetrics(env.metrics)
  const start = env.clock.monotonic()
  let statusCode = '<error>'
  let response: HttpStream
  try {
    response = await server.send({
      url: `${server.url}${path}?${params}`,
      headers: { accept: 'application/json' },
      signal,
      timeoutMs,
    })
    statusCode = String(response.status)
  } finally {
    requests.inc({ status_code: statusCode })
    duration.observe({ endpoint: path }, (env.clock.monotonic() - start) / 1000)
  }
  if (response.status === 200) return response
  const text = new TextDecoder().decode(await readBody(response, PAGE_BYTES_MAX))
  const problem = `server returned HTTP status ${response.status}: ${statusMessage(text)}`
  if (response.status === 410) throw new GoneError(problem)
  if (response.status < 500 && response.status !== 429) throw new RefusedError(problem)
  throw new BusyError(problem, Math.min(Number(response.headers['retry-after'] ?? 0) * 1000 || 0, RETRY_AFTER_MS_MAX))
}

/** Source of names: Prometheus discovery/kubernetes/client_metrics.go. The time is that until the head of the answer. */
function requestMetrics(registry: Registry): { readonly requests: Counter<'status_code'>; readonly duration: Summary<'endpoint'> } {
  return {
    requests: knownMetric(
      registry,
      'prometheus_sd_kubernetes_http_request_total',
      (base) =>
        new Counter({ ...base, help: 'Total number of HTTP requests to the Kubernetes API by status code.', labelNames: ['status_code'] }),
    ),
    duration: knownMetric(
      registry,
      'prometheus_sd_kubernetes_http_request_duration_seconds',
      (base) =>
        new Summary({
          ...base,
          help: 'Summary of latencies for HTTP requests to the Kubernetes API by endpoint.',
          labelNames: ['endpoint'],
          percentiles: [],
        }),
    ),
  }
}

/** The server explains itself in a Status object; whatever stands before it may answer something else. */
function statusMessage(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    if (typeof message === 'string') return message
  } catch {
    // No JSON: its beginning must do.
  }
  return text.trim().slice(0, 200)
}

async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const part of body) {
    rest += decoder.decode(part, { stream: true })
    let start = 0
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      if (end > start) yield rest.slice(start, end)
      start = end + 1
    }
    rest = rest.slice(start)
    if (rest.length > LINE_CHARS_MAX) throw new Error(`watch event is over ${LINE_CHARS_MAX} characters`)
  }
}

/** Without the record of who set which field, which is half of many an object and of no use here. */
function slim(object: KubernetesObject): KubernetesObject {
  delete (object.metadata as { managedFields?: unknown } | undefined)?.managedFields
  return object
}

/** Waits longer after each failure in a row, by chance, so that a server that comes back is not asked by all at once. */
class Backoff {
  readonly #clock: Clock
  readonly #env: Env
  #delayMs = BACKOFF_MS.min

  constructor(env: Env) {
    this.#clock = env.clock
    this.#env = env
  }

  async wait(signal: AbortSignal, delayMsMin: number): Promise<void> {
    const delayMs = Math.max(delayMsMin, this.#delayMs * (1 + this.#env.random.next()))
    this.#delayMs = Math.min(this.#delayMs * 2, BACKOFF_MS.max)
    await sleep(this.#clock, delayMs, signal)
  }

  reset(): void {
    this.#delayMs = BACKOFF_MS.min
  }
}
