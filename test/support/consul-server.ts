// A Consul agent in memory: a catalog with an index, whose answers wait for something newer.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock, Http } from '../../src/base/env.ts'

interface Instance {
  readonly Node: object
  readonly Service: { readonly ID: string; readonly Tags?: readonly string[]; readonly Address?: string; readonly Port?: number }
  readonly Checks?: readonly object[]
}

interface Waiting {
  readonly resource: string
  readonly answer: () => void
}

export class ConsulServer {
  readonly #clock: Clock
  readonly #services = new Map<string, Map<string, Instance>>()
  /** By resource: the index of its last change. */
  readonly #changed = new Map<string, number>()
  #index = 10
  readonly #waiting = new Set<Waiting>()
  /** Path and query, oldest first. */
  readonly requests: string[] = []
  /** Of the last request. */
  headers: IncomingMessage['headers'] = {}
  failure: { readonly status: number; readonly body: string } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async listen(http: Pick<Http, 'listen'>, address: { readonly host: string; readonly port: number }): Promise<void> {
    await http.listen(address, (request, response) => this.#answer(request, response))
  }

  put(service: string, instance: Instance): void {
    const instances = this.#services.get(service) ?? new Map()
    this.#services.set(service, instances.set(instance.Service.ID, instance))
    this.#change(service)
  }

  remove(service: string, id: string): void {
    const instances = this.#services.get(service)
    if (!instances?.delete(id)) return
    if (instances.size === 0) this.#services.delete(service)
    this.#change(service)
  }

  /** Starts to count anew, as after a restore. */
  reset(): void {
    this.#index = 1
    for (const resource of this.#changed.keys()) this.#changed.set(resource, 1)
    this.#release(() => true)
  }

  /** Answers all who wait, with the failure if there is one. */
  interrupt(): void {
    this.#release(() => true)
  }

  instances(service: string): readonly Instance[] {
    return [...(this.#services.get(service)?.values() ?? [])]
  }

  #change(service: string): void {
    this.#index++
    const resources = ['services', service]
    for (const resource of resources) this.#changed.set(resource, this.#index)
    this.#release(({ resource }) => resources.includes(resource))
  }

  #release(which: (waiting: Waiting) => boolean): void {
    for (const waiting of [...this.#waiting].filter(which)) {
      this.#waiting.delete(waiting)
      waiting.answer()
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request.url ?? '')
    this.headers = request.headers
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
    if (pathname.endsWith('/v1/agent/self')) {
      this.#send(response, { Config: { Datacenter: 'dc1' } }, 0)
      return
    }
    const service = /\/v1\/health\/service\/(.+)$/.exec(pathname)?.[1]
    const resource = service === undefined ? 'services' : decodeURIComponent(service)
    const tags = searchParams.getAll('tag')
    const content = () => {
      if (resource !== 'services') return this.instances(resource).filter(({ Service }) => tags.every((tag) => Service.Tags?.includes(tag)))
      const names = [...this.#services].map(([name, instances]) => {
        const own = [...instances.values()].flatMap(({ Service }) => Service.Tags ?? [])
        return [name, [...new Set(own)]]
      })
      return Object.fromEntries(names)
    }
    const answer = () => this.#send(response, content(), this.#changed.get(resource) ?? this.#index)
    const from = Number(searchParams.get('index') ?? 0)
    if (from < (this.#changed.get(resource) ?? this.#index) || this.failure) {
      answer()
      return
    }
    const waiting = { resource, answer }
    this.#waiting.add(waiting)
    const wait = Number.parseInt(searchParams.get('wait') ?? '', 10)
    const timer = this.#clock.setTimer(wait, () => this.#release((other) => other === waiting))
    response.on('close', () => {
      timer.cancel()
      this.#waiting.delete(waiting)
    })
  }

  #send(response: ServerResponse, content: unknown, index: number): void {
    if (this.failure) response.writeHead(this.failure.status).end(this.failure.body)
    else response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': String(index) }).end(JSON.stringify(content))
  }
}
