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
  /** Objects a page; smaller than what is asked for. */
  pageObjects = 2

  async listen(http: Http, address: { readonly host: string; readonly port: number }): Promise<void> {
    await http.listen(address, (request, response) => this.#answer(request, response))
  }

  put(resource: string, object: object): void {
    const stored = structuredClone(object) as StoredObject
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

  names(resource: string): readonly string[] {
    return [...this.#objects.keys()].filter((key) => key.startsWith(`${resource} `)).map((key) => key.split('/').at(-1)!)
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
    const object = { metadata: { resourceVersion: String(this.#version) } }
    for (const { response } of this.#watches) response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`)
  }

  /** Ends all watches with an error event, after which nobody may go on from where it was. */
  expire(): void {
    this.compact()
    const object = { kind: 'Status', code: 410, message: 'too old resource version' }
    for (const { response } of this.#watches) response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
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
    if (searchParams.get('watch') === 'true') this.#watch({ resource, namespace, response }, Number(searchParams.get('resourceVersion')))
    else this.#list(resource, namespace, searchParams, response)
  }

  #watch(watch: Watch, from: number): void {
    const { response } = watch
    if (from < this.#oldest) return void response.writeHead(410).end('{"message":"too old resource version"}')
    response.writeHead(200, { 'content-type': 'application/json' })
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
    const end = start + Math.min(this.pageObjects, Number(query.get('limit')))
    const metadata = { resourceVersion: String(this.#version), ...(end < all.length ? { continue: String(end) } : {}) }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ metadata, items: all.slice(start, end).map(([, object]) => object) }))
  }
}

function keyOf(resource: string, { metadata }: StoredObject): string {
  return `${resource} ${metadata.namespace ?? ''}/${metadata.name}`
}
