// An API server of Kubernetes in memory: lists in pages, watches from a version, forgets old versions, breaks on demand.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http } from '../../src/base/env.ts'

interface StoredObject {
  metadata: { name: string; namespace?: string; resourceVersion?: string; labels?: Record<string, string> }
}

interface Change {
  readonly version: number
  readonly resource: string
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: StoredObject
}

interface Watch {
  readonly resource: string
  readonly namespace: string | undefined
  readonly response: ServerResponse
}

export class KubernetesApi {
  #version = 100
  #oldest = 100
  readonly #objects = new Map<string, StoredObject>()
  #history: Change[] = []
  readonly #watches = new Set<Watch>()
  /** `METHOD path?query` and what stood in the authorization header, oldest first. */
  readonly requests: string[] = []
  /** Answered to every request while set. */
  failure: { readonly status: number; readonly body: string } | undefined
  /** Objects a page, for those who ask for pages; smaller than what is asked for. */
  pageObjects = 2

  async listen(http: Http, address: { readonly host: string; readonly port: number }): Promise<void> {
    await http.listen(address, (request, response) => this.#answer(request, response))
  }

  put(resource: string, object: object): void {
    const stored = { ...typeOf(resource), ...(structuredClone(object) as StoredObject) }
    const key = keyOf(resource, stored)
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED'
    stored.metadata.resourceVersion = String(++this.#version)
    this.#objects.set(key, stored)
    this.#tell({ version: this.#version, resource, type, object: stored })
  }

  delete(resource: string, name: string, namespace?: string): void {
    const key = keyOf(resource, { metadata: { name, namespace } })
    const object = this.#objects.get(key)
    if (object === undefined) return
    this.#objects.delete(key)
    const last = structuredClone(object)
    last.metadata.resourceVersion = String(++this.#version)
    this.#tell({ version: this.#version, resource, type: 'DELETED', object: last })
  }

  objects(resource: string): readonly object[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${resource} `)).map(([, object]) => object)
  }

  /** Forgets what happened so far: a watch from before is answered with 410. */
  compact(): void {
    this.#history = []
    this.#oldest = this.#version
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

  /** Ends all watches with an error event, after which nobody may go on from where it was. */
  expire(): void {
    this.compact()
    const object = status(410, 'Expired', 'too old resource version')
    for (const { response } of this.#watches) response.end(`{"type":"ERROR","object":${object}}\n`)
    this.#watches.clear()
  }

  #tell(change: Change): void {
    this.#history.push(change)
    for (const watch of this.#watches) this.#send(watch, change)
  }

  #send({ resource, namespace, response }: Watch, change: Change): void {
    if (change.resource !== resource || (namespace !== undefined && change.object.metadata.namespace !== namespace)) return
    const line = `${JSON.stringify({ type: change.type, object: change.object })}\n`
    // In two parts, as a network may deliver it.
    response.write(line.slice(0, 20))
    response.write(line.slice(20))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim())
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
    if (this.failure) return void response.writeHead(this.failure.status).end(this.failure.body)
    const match = /^(?:\/api\/v1|\/apis\/(?:discovery|networking)\.k8s\.io\/v1)(?:\/namespaces\/([^/]+))?\/([a-z]+)$/.exec(pathname)
    if (match === null) return void response.writeHead(404).end('{"message":"not found"}')
    const [, namespace, resource] = match
    // As a server that does not know how to begin a watch with a list: whoever asks for it lists.
    if (searchParams.has('sendInitialEvents'))
      return void response.writeHead(422, JSON_TYPE).end(status(422, 'Invalid', 'sendInitialEvents is forbidden'))
    if (searchParams.get('watch') === 'true') this.#watch({ resource, namespace, response }, Number(searchParams.get('resourceVersion')))
    else this.#list(resource, namespace, searchParams, response)
  }

  #watch(watch: Watch, from: number): void {
    const { response } = watch
    if (from < this.#oldest) return void response.writeHead(410, JSON_TYPE).end(status(410, 'Expired', 'too old resource version'))
    response.writeHead(200, JSON_TYPE)
    response.flushHeaders()
    for (const change of this.#history) if (change.version > from) this.#send(watch, change)
    this.#watches.add(watch)
    response.on('close', () => this.#watches.delete(watch))
  }

  #list(resource: string, namespace: string | undefined, query: URLSearchParams, response: ServerResponse): void {
    const [label, value] = query.get('labelSelector')?.split('=') ?? []
    const all = [...this.#objects]
      .filter(([key, object]) => key.startsWith(`${resource} `) && (namespace === undefined || object.metadata.namespace === namespace))
      .filter(([, object]) => label === undefined || object.metadata.labels?.[label] === value)
    const start = Number(query.get('continue') ?? 0)
    const end = start + (query.has('limit') ? Math.min(this.pageObjects, Number(query.get('limit'))) : all.length)
    const metadata = { resourceVersion: String(this.#version), ...(end < all.length ? { continue: String(end) } : {}) }
    response.writeHead(200, JSON_TYPE)
    const { apiVersion, kind } = typeOf(resource)
    response.end(JSON.stringify({ apiVersion, kind: `${kind}List`, metadata, items: all.slice(start, end).map(([, object]) => object) }))
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

function status(code: number, reason: string, message: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message })
}

const KINDS: Readonly<Record<string, string>> = {
  nodes: 'Node',
  namespaces: 'Namespace',
  services: 'Service',
  pods: 'Pod',
  endpoints: 'Endpoints',
  endpointslices: 'EndpointSlice',
  ingresses: 'Ingress',
}
const GROUPS: Readonly<Record<string, string>> = { endpointslices: 'discovery.k8s.io/v1', ingresses: 'networking.k8s.io/v1' }

function typeOf(resource: string): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: GROUPS[resource] ?? 'v1', kind: KINDS[resource] }
}

function keyOf(resource: string, { metadata }: StoredObject): string {
  return `${resource} ${metadata.namespace ?? ''}/${metadata.name}`
}
