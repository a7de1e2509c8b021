import { Counter, Summary } from 'prom-client'
import type { Env } from '../../base/env.ts'
import { HttpClient, readBody } from '../../http-client/client.ts'
import { knownMetric } from '../known-metric.ts'
import type { ConsulSdConfig } from './schema.ts'

// Source: developer.hashicorp.com/consul/api-docs, features/blocking, catalog, health and agent.

/** How long the server may hold an answer back while nothing changes. */
const WAIT_MS = 120_000
/** What it takes beyond that: it adds up to a sixteenth, so that not all answers come at once. */
const WAIT_GRACE_MS = 15_000
const BODY_BYTES_MAX = 256 * 1024 * 1024

export interface ServiceInstance {
  readonly Node: {
    readonly Node?: string
    readonly Address?: string
    readonly Meta?: Readonly<Record<string, string>> | null
    readonly TaggedAddresses?: Readonly<Record<string, string>> | null
  }
  readonly Service: {
    readonly ID?: string
    readonly Address?: string
    readonly Port?: number
    readonly Tags?: readonly string[] | null
    readonly Meta?: Readonly<Record<string, string>> | null
    readonly Namespace?: string
    readonly Partition?: string
  }
  readonly Checks?: readonly { readonly CheckID?: string; readonly Status?: string }[] | null
}

/** An answer, and the index from which the next question waits for something newer. */
interface Indexed<T> {
  readonly value: T
  readonly index: number
}

/** The three questions that are asked. Each rejects, and is counted, when there is no good answer. */
export class ConsulApi {
  readonly #env: Env
  readonly #config: ConsulSdConfig
  readonly #client: HttpClient
  readonly #failures: Counter
  readonly #duration: Summary<'endpoint' | 'call'>

  constructor(env: Env, config: ConsulSdConfig) {
    this.#env = env
    this.#config = config
    this.#client = new HttpClient(env, config.client)
    this.#failures = knownMetric(
      env.metrics,
      'prometheus_sd_consul_rpc_failures_total',
      (base) => new Counter({ ...base, help: 'The number of Consul RPC call failures.' }),
    )
    this.#duration = knownMetric(
      env.metrics,
      'prometheus_sd_consul_rpc_duration_seconds',
      (base) =>
        new Summary({
          ...base,
          help: 'The duration of a Consul RPC call in seconds.',
          labelNames: ['endpoint', 'call'],
          percentiles: [0.5, 0.9, 0.99],
        }),
    )
  }

  /** That of the agent. */
  async datacenter(signal: AbortSignal): Promise<string> {
    const { value } = await this.#get<{ Config?: { Datacenter?: unknown } }>('agent/self', new URLSearchParams(), signal)
    const name = value.Config?.Datacenter
    if (typeof name !== 'string') throw new Error(`invalid value '${String(name)}' for Config.Datacenter`)
    return name
  }

  /** Names of services, each with the tags of its instances; newer than `index`. */
  services(index: number, signal: AbortSignal): Promise<Indexed<Readonly<Record<string, readonly string[] | null>>>> {
    return this.#timed('services', () => this.#getNewer('catalog/services', this.#config.filter, [], index, signal))
  }

  /** The instances of a service that have all tags, healthy or not; newer than `index`. */
  instances(service: string, index: number, signal: AbortSignal): Promise<Indexed<readonly ServiceInstance[]>> {
    const path = `health/service/${encodeURIComponent(service)}`
    return this.#timed('service', () => this.#getNewer(path, this.#config.healthFilter, this.#config.tags, index, signal))
  }

  async #timed<T>(call: string, ask: () => Promise<T>): Promise<T> {
    const start = this.#env.clock.monotonic()
    try {
      return await ask()
    } finally {
      this.#duration.observe({ endpoint: 'catalog', call }, (this.#env.clock.monotonic() - start) / 1000)
    }
  }

  async #getNewer<T>(path: string, filter: string, tags: readonly string[], index: number, signal: AbortSignal): Promise<Indexed<T>> {
    const { allowStale, nodeMeta } = this.#config
    const params = new URLSearchParams()
    if (allowStale) params.set('stale', '')
    if (index > 0) params.set('index', String(index))
    params.set('wait', `${WAIT_MS}ms`)
    for (const [key, value] of Object.entries(nodeMeta)) params.append('node-meta', `${key}:${value}`)
    if (filter) params.set('filter', filter)
    for (const tag of tags) params.append('tag', tag)
    const { value, index: next } = await this.#get<T>(path, params, signal)
    if (!(next > 0)) return this.#fail(new Error(`${path}: answer without an index`))
    // The server began anew: what it counts now says nothing of what it counted before.
    return { value, index: next < index ? 0 : next }
  }

  async #get<T>(path: string, params: URLSearchParams, signal: AbortSignal): Promise<Indexed<T>> {
    const { url, token, datacenter, namespace, partition } = this.#config
    if (datacenter) params.set('dc', datacenter)
    if (namespace) params.set('ns', namespace)
    if (partition) params.set('partition', partition)
    try {
      const response = await this.#client.send({
        url: `${url}/v1/${path}${params.size > 0 ? `?${params}` : ''}`,
        headers: { accept: 'application/json' },
        secretHeaders: token ? { 'x-consul-token': token } : {},
        signal,
        timeoutMs: WAIT_MS + WAIT_GRACE_MS,
      })
      const text = new TextDecoder().decode(await readBody(response, BODY_BYTES_MAX))
      if (response.status !== 200) throw new Error(`unexpected response code: ${response.status} (${text.trim().slice(0, 200)})`)
      return { value: JSON.parse(text) as T, index: Number(response.headers['x-consul-index']) }
    } catch (error) {
      if (signal.aborted) throw error
      return this.#fail(error)
    }
  }

  #fail(error: unknown): never {
    this.#failures.inc()
    throw error
  }
}
