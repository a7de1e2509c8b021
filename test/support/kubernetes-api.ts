// An API server of Kubernetes in memory: lists in pages of one moment, watches from a version, forgets old versions, breaks on demand.
// Source of its rules: kubernetes.io/docs/reference/using-api/api-concepts.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock, Http } from '../../src/base/env.ts'

interface StoredObject {
  metadata: { name: string; namespace?: string; resourceVersion?: string; labels?: Record<string, string> }
}

interface Change {
  readonly version: number
  readonly resource: string
  readonly before: StoredObject | undefined
  /** The last state of it, when it is gone. */
  readonly object: StoredObject
  readonly isGone: boolean
}

interface Selection {
  readonly resource: string
  readonly namespace: string | undefined
  chooses(object: StoredObject): boolean
}

interface Watch extends Selection {
  readonly response: ServerResponse
}

/** What may happen to a request. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  /** With status 200, and then the end. */
  | { readonly kind: 'garbage'; readonly body: string }
  /** The connection breaks in the middle of the answer. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'delay'; readonly delayMs: number }

export class KubernetesApi {
  #version = 50_100
  #oldest = 50_100
  readonly #clock: Pick<Clock, 'setTimer'> | undefined
  readonly #objects = new Map<string, StoredObject>()
  #history: Change[] = []
  /** What was to be listed when the first page was asked for, by the token that continues it. */
  #lists = new Map<string, readonly StoredObject[]>()
  readonly #watches = new Set<Watch>()
  /** `METHOD path?query` and what stood in the authorization header, oldest first. */
  readonly requests: string[] = []
  /** Answered to every request while set. */
  failure: { readonly status: number; readonly body: string } | undefined
  /** What happens to the next requests; asked for each. */
  fault: (kind: 'list' | 'watch') => Fault | undefined = () => undefined
  /** Objects a page, for those who ask for pages; smaller than what is asked for. */
  pageObjects = 2

  /** Needs a clock for answers that are delayed. */
  constructor(clock?: Pick<Clock, 'setTimer'>) {
    this.#clock = clock
  }

  async listen(http: Http, address: { readonly host: string; readonly port: number }): Promise<void> {
    await http.listen(address, (request, response) => this.#answer(request, response))
  }

  put(resource: string, object: object): void {
    const stored = { ...typeOf(resource), ...(structuredClone(object) as StoredObject) }
    const key = keyOf(resource, stored)
    const before = this.#objects.get(key)
    stored.metadata.resourceVersion = String(++this.#version)
    this.#objects.set(key, stored)
    this.#tell({ version: this.#version, resource, before, object: stored, isGone: false })
  }

  delete(resource: string, name: string, namespace?: string): void {
    const key = keyOf(resource, { metadata: { name, namespace } })
    const before = this.#objects.get(key)
    if (before === undefined) return
    this.#objects.delete(key)
    const last = structuredClone(before)
    last.metadata.resourceVersion = String(++this.#version)
    this.#tell({ version: this.#version, resource, before, object: last, isGone: true })
  }

  objects(resource: string): readonly object[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${resource} `)).map(([, object]) => object)
  }

  /** What a list of these namespaces (undefined: all) with these selectors has now. */
  visible(
    resource: string,
    namespaces: readonly string[] | undefined,
    selector: { readonly label: string; readonly field: string },
  ): readonly object[] {
    const chooses = chooser(selector.label, selector.field)
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${resource} `))
      .map(([, object]) => object)
      .filter((object) => object.metadata.namespace === undefined || (namespaces?.includes(object.metadata.namespace) ?? true))
      .filter(chooses)
  }

  /** Forgets what happened so far: a watch, or a list to be continued, from before is answered with 410. */
  compact(): void {
    this.#history = []
    this.#lists.clear()
    this.#oldest = this.#version
  }

  /** Counts on from far below, as after a restore of its data: versions from before are of a future that did not happen. */
  restore(): void {
    this.disconnect('cut')
    this.#version -= 1000
    this.compact()
  }

  /** Ends all watches, cleanly or in the middle of a line. */
  disconnect(how: 'end' | 'cut'): void {
    for (const { response } of this.#watches) {
      if (how === 'end') response.end()
      else {
        response.write('{"type":"ADDED","object":{"meta')
        response.socket?.end()
      }
    }
    this.#watches.clear()
  }

  /** Tells all watches the newest version. */
  bookmark(): void {
    const metadata = { resourceVersion: String(this.#version) }
    for (const { resource, response } of this.#watches) {
      const object = { ...typeOf(resource), metadata }
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`)
    }
  }

  /** Says something to all watches that is no event. */
  babble(text: string): void {
    for (const { response } of this.#watches) response.write(text)
  }

  /** Ends all watches with an error event, after which nobody may go on from where it was. */
  expire(): void {
    this.compact()
    this.endWithError(410, 'Expired', 'too old resource version')
  }

  endWithError(code: number, reason: string, message: string): void {
    for (const { response } of this.#watches) response.end(`{"type":"ERROR","object":${status(code, reason, message)}}\n`)
    this.#watches.clear()
  }

  #tell(change: Change): void {
    this.#history.push(change)
    for (const watch of this.#watches) this.#send(watch, change)
  }

  /** An object that is chosen no more is deleted for whoever chooses, one that is chosen now is added. */
  #send({ resource, namespace, chooses, response }: Watch, { resource: changed, before, object, isGone }: Change): void {
    if (changed !== resource || (namespace !== undefined && object.metadata.namespace !== namespace)) return
    const [was, is] = [before !== undefined && chooses(before), !isGone && chooses(object)]
    if (!was && !is) return
    const type = is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED'
    const line = `${JSON.stringify({ type, object })}\n`
    // In two parts, as a network may deliver it.
    response.write(line.slice(0, 20))
    response.write(line.slice(20))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim())
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
    const fail = ({ status, body }: { readonly status: number; readonly body: string }) => response.writeHead(status).end(body)
    if (this.failure) return void fail(this.failure)
    const match = PATH.exec(pathname)
    if (match === null || pathname !== `${prefixOf(match[3])}${match[2] === undefined ? '' : `/namespaces/${match[2]}`}/${match[3]}`)
      return void response.writeHead(404).end('{"message":"not found"}')
    const [, , namespace, resource] = match
    // As a server that does not know how to begin a watch with a list: whoever asks for it lists.
    if (searchParams.has('sendInitialEvents'))
      return void response.writeHead(422, JSON_TYPE).end(status(422, 'Invalid', 'sendInitialEvents is forbidden'))
    const isWatch = searchParams.get('watch') === 'true'
    const selection = {
      resource,
      namespace,
      chooses: chooser(searchParams.get('labelSelector') ?? '', searchParams.get('fieldSelector') ?? ''),
    }
    const answer = () => {
      if (isWatch) this.#watch({ ...selection, response }, Number(searchParams.get('resourceVersion')))
      else this.#list(selection, searchParams, response)
    }
    const fault = this.fault(isWatch ? 'watch' : 'list')
    if (fault === undefined) answer()
    else if (fault.kind === 'delay') this.#clock!.setTimer(fault.delayMs, () => (this.failure ? fail(this.failure) : answer()))
    else breakAnswer(response, fault)
  }

  #watch(watch: Watch, from: number): void {
    const { response } = watch
    if (from < this.#oldest) return void response.writeHead(410, JSON_TYPE).end(status(410, 'Expired', 'too old resource version'))
    if (from > this.#version) {
      const message = `Too large resource version: ${from}, current: ${this.#version}`
      return void response.writeHead(504, JSON_TYPE).end(status(504, 'Timeout', message))
    }
    response.writeHead(200, JSON_TYPE)
    response.flushHeaders()
    for (const change of this.#history) if (change.version > from) this.#send(watch, change)
    this.#watches.add(watch)
    response.on('close', () => this.#watches.delete(watch))
  }

  #list({ resource, namespace, chooses }: Selection, query: URLSearchParams, response: ServerResponse): void {
    const [version, start] = query.get('continue')?.split('.').map(Number) ?? [this.#version, 0]
    const moment = [version, resource, namespace, query.get('labelSelector'), query.get('fieldSelector')].join(' ')
    const known = this.#lists.get(moment)
    if (start > 0 && known === undefined)
      return void response.writeHead(410, JSON_TYPE).end(status(410, 'Expired', 'The provided continue parameter is too old'))
    const all =
      known ??
      [...this.#objects]
        .filter(([key, object]) => key.startsWith(`${resource} `) && (namespace === undefined || object.metadata.namespace === namespace))
        .map(([, object]) => object)
        .filter(chooses)
    const end = start + (query.has('limit') ? Math.min(this.pageObjects, Number(query.get('limit'))) : all.length)
    if (end < all.length) this.#lists.set(moment, all)
    const metadata = { resourceVersion: String(version), ...(end < all.length ? { continue: `${version}.${end}` } : {}) }
    response.writeHead(200, JSON_TYPE)
    const { apiVersion, kind } = typeOf(resource)
    response.end(JSON.stringify({ apiVersion, kind: `${kind}List`, metadata, items: all.slice(start, end) }))
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }
const PATH = /^(\/api\/v1|\/apis\/[a-z.0-9]+\/v1)(?:\/namespaces\/([^/]+))?\/([a-z]+)$/

function breakAnswer(response: ServerResponse, fault: Exclude<Fault, { kind: 'delay' }>): void {
  if (fault.kind === 'status') response.writeHead(fault.status, fault.headers).end(fault.body)
  else if (fault.kind === 'garbage') response.writeHead(200, JSON_TYPE).end(fault.body)
  else {
    response.writeHead(200, { ...JSON_TYPE, 'content-length': '100000' })
    response.write('{"kind":"PodList","items":[{"metadata"')
    response.socket?.end()
  }
}

function status(code: number, reason: string, message: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message })
}

/** Terms `key=value`, `key==value` and `key!=value`, all of which must hold. */
function chooser(labels: string, fields: string): (object: StoredObject) => boolean {
  const terms = (text: string, read: (object: StoredObject, key: string) => string | undefined) =>
    text
      .split(',')
      .filter((term) => term !== '')
      .map((term) => {
        const [, key, operator, value] = /^([^=!]+)(!=|==?)(.*)$/.exec(term)!
        return (object: StoredObject) => (read(object, key) === value) === (operator !== '!=')
      })
  const all = [
    ...terms(labels, (object, key) => object.metadata.labels?.[key]),
    ...terms(fields, (object, path) =>
      String(path.split('.').reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], object) ?? ''),
    ),
  ]
  return (object) => all.every((holds) => holds(object))
}

const KINDS: Readonly<Record<string, string>> = {
  nodes: 'Node',
  namespaces: 'Namespace',
  services: 'Service',
  pods: 'Pod',
  endpoints: 'Endpoints',
  endpointslices: 'EndpointSlice',
  ingresses: 'Ingress',
  replicasets: 'ReplicaSet',
  jobs: 'Job',
}
const GROUPS: Readonly<Record<string, string>> = {
  endpointslices: 'discovery.k8s.io/v1',
  ingresses: 'networking.k8s.io/v1',
  replicasets: 'apps/v1',
  jobs: 'batch/v1',
}

function prefixOf(resource: string): string {
  const group = GROUPS[resource]
  return group === undefined ? '/api/v1' : `/apis/${group}`
}

function typeOf(resource: string): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: GROUPS[resource] ?? 'v1', kind: KINDS[resource] }
}

function keyOf(resource: string, { metadata }: StoredObject): string {
  return `${resource} ${metadata.namespace ?? ''}/${metadata.name}`
}
